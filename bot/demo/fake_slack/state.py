"""What the fake Slack remembers: people, channels, messages, files, views, and the urls it gave out.

`Workspace` keeps state and tells who waits that something changed; which API call may change what is decided in
`bot.demo.fake_slack.methods`.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Json = dict[str, Any]

RESPONSE_URL_USES = 5
RESPONSE_URL_LIFE_S = 30 * 60
TRIGGER_LIFE_S = 3.0


class SlackError(Exception):
    """`ok: false`: the call is refused and nothing was done."""

    def __init__(self, error: str, **details: Any) -> None:
        super().__init__(error)
        self.error = error
        self.details = details


@dataclass(eq=False)
class Person:
    """A member, a guest, or somebody from another organisation (`team_id` differs)."""

    id: str
    handle: str
    name: str
    email: str | None
    tz: str | None
    team_id: str
    restricted: bool = False
    deleted: bool = False
    is_bot: bool = False


@dataclass(eq=False)
class UserGroup:
    """A group of people that can be mentioned together."""

    id: str
    handle: str
    members: list[str]


@dataclass(eq=False)
class Channel:
    """A channel, or (with `person`) the direct messages between the bot and somebody."""

    id: str
    name: str
    members: set[str]
    private: bool = False
    shared: bool = False
    """With another organisation."""
    archived: bool = False
    person: str | None = None

    @property
    def is_dm(self) -> bool:
        """Whether this is a direct conversation with the bot."""
        return self.person is not None


@dataclass(eq=False)
class File:
    """An uploaded file; `channels` stays empty while it is private to the uploader."""

    id: str
    name: str
    length: int
    title: str = ""
    alt_text: str = ""
    content: bytes = b""
    complete: bool = False
    channels: list[str] = field(default_factory=list)
    thread_ts: str | None = None


@dataclass(eq=False)
class Message:
    """One message as its readers see it now; `edits` holds what it said before."""

    channel: str
    ts: str
    user: str
    via: str
    """How it came: `chat.postMessage`, `chat.postEphemeral`, `response_url`, `ack`, `person` or `file`."""
    posted_at: float
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    to: str | None = None
    """The only person who sees it; None: everyone in the channel."""
    files: list[File] = field(default_factory=list)
    edits: list[Json] = field(default_factory=list)
    deleted_at: float | None = None
    response_url: str | None = None
    """The id of the response_url through which it came."""

    @property
    def ephemeral(self) -> bool:
        """Whether one person alone sees it."""
        return self.to is not None

    def replace(self, payload: Json) -> None:
        """Show `payload` from now on."""
        self.edits.append({"text": self.text, "blocks": self.blocks, "attachments": self.attachments})
        self.text = str(payload.get("text") or "")
        self.blocks = list(payload.get("blocks") or ())
        self.attachments = list(payload.get("attachments") or ())
        if payload.get("metadata") is not None:
            self.metadata = payload["metadata"]

    def as_json(self, *, with_metadata: bool = True) -> Json:
        """The message as `conversations.history` and the posting methods return it."""
        shown: Json = {"type": "message", "ts": self.ts, "user": self.user, "text": self.text}
        if self.via != "person":
            shown["bot_id"] = BOT_ID
        for name in ("blocks", "attachments", "thread_ts"):
            if value := getattr(self, name):
                shown[name] = value
        if self.edits:
            shown["edited"] = {"user": self.user, "ts": self.ts}
        if self.files:
            shown["files"] = [{"id": f.id, "name": f.name, "title": f.title} for f in self.files]
        if with_metadata and self.metadata is not None:
            shown["metadata"] = self.metadata
        return shown


@dataclass(eq=False)
class View:
    """A modal on somebody's screen, or a Home tab."""

    id: str
    person: str
    payload: Json
    hash: str
    root_id: str

    @property
    def kind(self) -> str:
        """`modal` or `home`."""
        return str(self.payload.get("type", "modal"))

    @property
    def blocks(self) -> list[Json]:
        """The view's blocks."""
        return list(self.payload.get("blocks") or ())

    def as_json(self, *, values: Json | None = None) -> Json:
        """The view as the API returns it, with the state of its inputs when there is one."""
        return {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "previous_view_id": None,
            **self.payload,
            "id": self.id,
            "hash": self.hash,
            "root_view_id": self.root_id,
            "team_id": TEAM_ID,
            "app_id": APP_ID,
            "bot_id": BOT_ID,
            "state": {"values": values or {}},
        }


@dataclass(eq=False)
class ResponseUrl:
    """A url that answers one command or press: five uses in thirty minutes."""

    id: str
    person: str
    channel: str
    born_at: float
    source: Message | None = None
    """The message that was interacted with; None for a command."""
    uses: int = 0
    produced: list[Message] = field(default_factory=list)
    """The messages that were shown or replaced through it."""


@dataclass(eq=False)
class _Trigger:
    person: str
    born_at: float
    used: bool = False


TEAM_ID = "T0FAKE"
TEAM_DOMAIN = "fake"
APP_ID = "A0FAKE"
BOT_ID = "B0FAKE"
BOT_USER_ID = "U0FAKEBOT"


class Workspace:
    """All state, behind one lock; `changed` wakes whoever waits for a change."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.changed = threading.Condition(threading.RLock())
        self.people: dict[str, Person] = {}
        self.usergroups: dict[str, UserGroup] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: list[Message] = []
        self.files: dict[str, File] = {}
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[str]] = {}
        """Open modals of each person, the top one last."""
        self.homes: dict[str, View] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self._in_channel: defaultdict[str, list[Message]] = defaultdict(list)
        self._by_ts: dict[tuple[str, str], Message] = {}
        self._triggers: dict[str, _Trigger] = {}
        self._numbers = itertools.count(1)
        self._last_tick = 0
        self.people[BOT_USER_ID] = Person(
            id=BOT_USER_ID, handle="utilization", name="Utilization", email=None, tz=None, team_id=TEAM_ID, is_bot=True
        )

    def number(self) -> int:
        """The next number of the sequence from which ids are made."""
        return next(self._numbers)

    def touch(self) -> None:
        """Wake whoever waits; called with the lock held."""
        self.changed.notify_all()

    # People and channels

    def person(self, person_id: str) -> Person:
        """Somebody by id; refuses an unknown one as the API does."""
        found = self.people.get(person_id)
        if found is None:
            raise SlackError("user_not_found")
        return found

    def channel(self, channel_id: str) -> Channel:
        """A channel by id (or `#name`); refuses an unknown one as the API does."""
        found = self.channels.get(channel_id)
        if found is None and channel_id.startswith("#"):
            found = next((c for c in self.channels.values() if c.name == channel_id[1:]), None)
        if found is None:
            raise SlackError("channel_not_found")
        return found

    def dm(self, person_id: str) -> Channel:
        """The direct conversation between the bot and somebody, opened when first needed."""
        with self.changed:
            existing = next((c for c in self.channels.values() if c.person == person_id), None)
            if existing is None:
                members = {person_id, BOT_USER_ID}
                existing = Channel(id=f"D{self.number():08d}", name="directmessage", members=members, person=person_id)
                self.channels[existing.id] = existing
            return existing

    # Messages

    def new_ts(self) -> str:
        """A timestamp later than every one before it, even if the clock went back."""
        self._last_tick = max(self._last_tick + 1, int(self.clock() * 1_000_000))
        return f"{self._last_tick // 1_000_000}.{self._last_tick % 1_000_000:06d}"

    def post(
        self,
        *,
        channel: str,
        user: str,
        via: str,
        payload: Json,
        into: list[Message] | None = None,
        **more: Any,
    ) -> Message:
        """Add a message (to `into` as well) and wake whoever waits for one."""
        with self.changed:
            message = Message(
                channel=channel,
                ts=self.new_ts(),
                user=user,
                via=via,
                posted_at=self.clock(),
                text=str(payload.get("text") or ""),
                blocks=list(payload.get("blocks") or ()),
                attachments=list(payload.get("attachments") or ()),
                metadata=payload.get("metadata"),
                thread_ts=payload.get("thread_ts"),
                broadcast=bool(payload.get("reply_broadcast")),
                **more,
            )
            self.messages.append(message)
            self._in_channel[channel].append(message)
            if into is not None:
                into.append(message)
            self._by_ts[message.channel, message.ts] = message
            self.touch()
            return message

    def messages_in(self, channel_id: str) -> list[Message]:
        """Everything ever posted there, in order."""
        return self._in_channel[channel_id]

    def message(self, channel_id: str, ts: str) -> Message | None:
        """A message that is there for everyone: neither taken back nor ephemeral."""
        found = self._by_ts.get((channel_id, ts))
        return None if found is None or found.deleted_at is not None or found.ephemeral else found

    def take_back(self, message: Message) -> None:
        """Remove a message from its readers' eyes; the fake still remembers it."""
        with self.changed:
            message.deleted_at = self.clock()
            self.touch()

    def forget(self) -> None:
        """Let go of all messages, and of the triggers and urls that are over: for runs that last."""
        with self.changed:
            now = self.clock()
            self.messages.clear()
            self._in_channel.clear()
            self._by_ts.clear()
            self._triggers = {k: t for k, t in self._triggers.items() if now - t.born_at <= TRIGGER_LIFE_S}
            self.response_urls = {k: u for k, u in self.response_urls.items() if now - u.born_at <= RESPONSE_URL_LIFE_S}

    # What is given out to answer an interaction

    def new_trigger(self, person_id: str) -> str:
        """A trigger id, good for one modal within three seconds."""
        with self.changed:
            trigger = f"{self.number()}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
            self._triggers[trigger] = _Trigger(person_id, self.clock())
            return trigger

    def use_trigger(self, trigger_id: str) -> str:
        """The person whose trigger that is; refuses an unknown, late or used one."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self.clock() - trigger.born_at > TRIGGER_LIFE_S:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger.person

    def new_response_url(self, *, person: str, channel: str, source: Message | None = None) -> ResponseUrl:
        """A url for one command or press."""
        with self.changed:
            made = ResponseUrl(
                id=secrets.token_hex(12), person=person, channel=channel, born_at=self.clock(), source=source
            )
            self.response_urls[made.id] = made
            return made

    # Views

    def show_view(self, person_id: str, payload: Json, *, parent: View | None = None) -> View:
        """Put a modal on top of a person's stack, or begin one."""
        with self.changed:
            view_id = f"V{self.number():08d}"
            view = View(view_id, person_id, payload, self.new_hash(), parent.root_id if parent else view_id)
            self.views[view_id] = view
            if parent is None:
                self.stacks[person_id] = []
            self.stacks.setdefault(person_id, []).append(view_id)
            self.touch()
            return view

    def new_hash(self) -> str:
        """The mark by which an update of a view that has changed meanwhile is noticed."""
        return f"{int(self.clock())}.{secrets.token_hex(4)}"

    def top_view(self, person_id: str) -> View | None:
        """The modal that a person sees."""
        stack = self.stacks.get(person_id)
        return self.views[stack[-1]] if stack else None

    def close_view(self, view: View, *, whole_stack: bool = False) -> None:
        """Take a modal from the screen."""
        with self.changed:
            stack = self.stacks.get(view.person, [])
            self.stacks[view.person] = [] if whole_stack else [v for v in stack if v != view.id]
            self.touch()

    def visible(self, messages: Iterable[Message], person_id: str) -> list[Message]:
        """What somebody sees of these: her channels' messages and what is shown to her alone."""
        return [
            m for m in messages if m.to == person_id or (m.to is None and person_id in self.channels[m.channel].members)
        ]
