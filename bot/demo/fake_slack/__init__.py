"""A Slack of its own on loopback: the Web API, response_urls, Socket Mode, and people who type and press.

It keeps state, holds every payload against Slack's limits, enforces the rates, and fails on request, so that what
the bot does against it is what the bot would do against Slack. The demo, the tests and the benchmarks share it.

    with FakeSlack() as slack:
        ana = slack.add_person("ana", email="ana@example.com")
        ops = slack.add_channel("ops", members=[ana])
        slack.connect(url="http://127.0.0.1:8080/slack/events")
        asked = slack.command("yesterday", person=ana, channel=ops)
        print(asked.ack.text, asked.wait().blocks)
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from bot.demo.fake_slack.doors import BoltDoor, HttpDoor, Outgoing, SocketDoor, sign
from bot.demo.fake_slack.driver import ACK_LIMIT_S, Choice, Delivery, Driver
from bot.demo.fake_slack.faults import (
    Drop,
    Faults,
    Garbage,
    Hook,
    Late,
    LostAck,
    Reject,
    ServerError,
    Slow,
    Throttle,
)
from bot.demo.fake_slack.methods import ALL_SCOPES, METHODS
from bot.demo.fake_slack.methods.calling import Calling
from bot.demo.fake_slack.rates import NO_LIMITS, Limits, Rates
from bot.demo.fake_slack.server import API, Server
from bot.demo.fake_slack.serving import Call, Serving
from bot.demo.fake_slack.sockets import Sockets
from bot.demo.fake_slack.state import (
    APP_ID,
    BOT_ID,
    BOT_USER_ID,
    TEAM_ID,
    Channel,
    File,
    Message,
    Person,
    UserGroup,
    View,
    Workspace,
)

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Mapping
    from typing import Self

    from slack_bolt import App

    from bot.demo.fake_slack.controls import Option
    from bot.demo.fake_slack.doors import Door

T = TypeVar("T")

__all__ = [
    "ALL_SCOPES",
    "NO_LIMITS",
    "Call",
    "Channel",
    "Delivery",
    "Drop",
    "FakeSlack",
    "File",
    "Garbage",
    "Hook",
    "Late",
    "Limits",
    "LostAck",
    "Message",
    "Outgoing",
    "Person",
    "Reject",
    "ServerError",
    "Slow",
    "Throttle",
    "UserGroup",
    "View",
]


class FakeSlack:
    """The one object: a workspace, its server, and the hands of its people.

    Args:
        clock: seconds since the epoch; timestamps, lives of urls and triggers, and rates go by it.
        limits: rates; `NO_LIMITS` refuses nothing.
        scopes: what the installation granted.
        refused_blocks: block types that this workspace has not got, answered with `invalid_blocks`.
        patience_s: how long an acknowledgement is waited for; Slack's own three seconds.
    """

    app_id, team_id, bot_id, bot_user_id = APP_ID, TEAM_ID, BOT_ID, BOT_USER_ID

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        limits: Limits | None = None,
        scopes: Iterable[str] = ALL_SCOPES,
        refused_blocks: Iterable[str] = (),
        bot_token: str = "xoxb-fake-bot",  # noqa: S107 - opens nothing but this fake
        app_token: str = "xapp-fake-app",  # noqa: S107
        signing_secret: str = "fake-signing-secret",  # noqa: S107
        patience_s: float = ACK_LIMIT_S,
    ) -> None:
        self.bot_token, self.app_token, self.signing_secret = bot_token, app_token, signing_secret
        self.world = Workspace(clock)
        self.faults = Faults()
        self._calling = Calling(self.world, scopes=set(scopes), refused_blocks=set(refused_blocks))
        tiers = {name: method.per_minute for name, method in METHODS.items()}
        self._rates = Rates(limits or Limits(), tiers, clock)
        self._serving = Serving(
            self._calling, faults=self.faults, rates=self._rates, bot_token=bot_token, app_token=app_token
        )
        self.sockets = Sockets(self._calling)
        self._server = Server(self._serving, self.sockets)
        self._calling.origin = self._server.origin
        self._patience_s = patience_s
        self._door: Door | None = None
        self._driver = Driver(self._calling, wait_for=self.wait_for, door=self._require_door)

    # Life

    def start(self) -> Self:
        """Begin to answer."""
        self._server.start()
        return self

    def stop(self) -> None:
        """End all pauses, close all connections and the port; raises what went wrong inside the fake itself."""
        self._serving.stop()
        self.sockets.cut()
        self._server.stop()
        if self._serving.crashes:
            raise self._serving.crashes[0]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The base of the Web API, for `SLACK_API_URL` and `WebClient(base_url=…)`."""
        return self._server.origin + API

    def connect(self, *, url: str | None = None, app: App | None = None, sockets: bool = False) -> None:
        """Say how requests reach the bot: its url, the Bolt app in this process, or Socket Mode."""
        if (url is not None) + (app is not None) + sockets != 1:
            raise ValueError("give one of url, app and sockets")
        if url is not None:
            self._door = HttpDoor(url, secret=self.signing_secret, patience_s=self._patience_s)
        elif app is not None:
            self._door = BoltDoor(app, secret=self.signing_secret)
        else:
            self._door = SocketDoor(self.sockets, patience_s=self._patience_s)

    # The world

    @property
    def scopes(self) -> set[str]:
        """What the installation granted; may be changed at any moment."""
        return self._calling.scopes

    @property
    def refused_blocks(self) -> set[str]:
        """Block types that are refused; may be changed at any moment."""
        return self._calling.refused_blocks

    @property
    def token_error(self) -> str | None:
        """What every call is refused with: `token_revoked`, `account_inactive`; None: the tokens are good."""
        return self._serving.token_error

    @token_error.setter
    def token_error(self, error: str | None) -> None:
        self._serving.token_error = error

    def add_person(
        self,
        handle: str,
        *,
        name: str | None = None,
        email: str | None = None,
        tz: str | None = "Europe/London",
        restricted: bool = False,
        deleted: bool = False,
        team_id: str | None = None,
        id: str | None = None,
    ) -> Person:
        """Somebody new; `restricted` is a guest, another `team_id` a person of another organisation."""
        with self.world.changed:
            person = Person(
                id=id or f"U{self.world.number():08d}",
                handle=handle,
                name=name or handle.title(),
                email=email,
                tz=tz,
                team_id=team_id or TEAM_ID,
                restricted=restricted,
                deleted=deleted,
            )
            self.world.people[person.id] = person
            return person

    def add_channel(
        self,
        name: str,
        *,
        members: Iterable[Person | str] = (),
        with_bot: bool = True,
        private: bool = False,
        shared: bool = False,
        archived: bool = False,
        id: str | None = None,
    ) -> Channel:
        """A new channel; the bot is in it unless `with_bot` is off."""
        with self.world.changed:
            ids = {_id(m) for m in members} | ({BOT_USER_ID} if with_bot else set())
            channel = Channel(
                id=id or f"C{self.world.number():08d}",
                name=name,
                members=ids,
                private=private,
                shared=shared,
                archived=archived,
            )
            self.world.channels[channel.id] = channel
            return channel

    def add_usergroup(self, handle: str, members: Iterable[Person | str]) -> UserGroup:
        """A new group of people."""
        with self.world.changed:
            group = UserGroup(id=f"S{self.world.number():08d}", handle=handle, members=[_id(m) for m in members])
            self.world.usergroups[group.id] = group
            return group

    def dm(self, person: Person | str) -> Channel:
        """The direct conversation between the bot and somebody."""
        return self.world.dm(_id(person))

    # What people do

    def command(
        self,
        text: str,
        *,
        person: Person | str,
        channel: Channel | str | None = None,
        command: str = "/utilization",
        escape: bool = True,
    ) -> Delivery:
        """Type a slash command, in the direct conversation with the bot unless a channel is named."""
        who = self._person(person)
        where = self.world.dm(who.id) if channel is None else self._channel(channel)
        return self._driver.command(text, person=who, channel=where, command=command, escape=escape)

    def mention(
        self, text: str, *, person: Person | str, channel: Channel | str, thread: Message | str | None = None
    ) -> Delivery:
        """Write `@utilization …` in a channel, or in a thread of it."""
        return self._driver.mention(
            text, person=self._person(person), channel=self._channel(channel), thread_ts=_ts(thread)
        )

    def direct_message(self, text: str, *, person: Person | str, thread: Message | str | None = None) -> Delivery:
        """Write to the bot alone."""
        return self._driver.direct_message(text, person=self._person(person), thread_ts=_ts(thread))

    def press(
        self, shown: Message | View, which: int | str, *, person: Person | str, choose: Choice | None = None
    ) -> Delivery:
        """Press a button or choose in a select, by its number (from 1), action id or label."""
        return self._driver.press(shown, which, person=self._person(person), choose=choose)

    def suggest(
        self, shown: Message | View, which: int | str, typed: str, *, person: Person | str
    ) -> tuple[Option, ...]:
        """Type into a select that asks the bot, and get its options; ValueError where Slack would show none."""
        delivery = self.type_ahead(shown, which, typed, person=person)
        if delivery.refused or not delivery.acknowledged:
            raise ValueError(f"no options are shown: {delivery.refused or delivery.text or 'no answer in time'}")
        return delivery.options

    def type_ahead(self, shown: Message | View, which: int | str, typed: str, *, person: Person | str) -> Delivery:
        """Type into a select that asks the bot; the options are the delivery's, timed like an acknowledgement."""
        return self._driver.suggest(shown, which, typed, person=self._person(person))

    def forge(
        self,
        kind: str,
        parts: Mapping[str, Any],
        *,
        person: Person | str,
        channel: Channel | str | None = None,
    ) -> Delivery:
        """Send an interaction that nothing on the screen offered, from a message in a channel where one is named."""
        where: dict[str, Any] = {}
        if channel is not None:
            there = self._channel(channel)
            container = {"type": "message", "channel_id": there.id, "is_ephemeral": True}
            where = {"channel": {"id": there.id, "name": there.name}, "container": container}
        return self._driver.forge(kind, where | dict(parts), person=self._person(person))

    def shortcut(self, callback_id: str, *, person: Person | str) -> Delivery:
        """Use a global shortcut."""
        return self._driver.shortcut(callback_id, person=self._person(person))

    def open_home(self, *, person: Person | str, tab: str = "home") -> Delivery:
        """Open the bot's Home tab."""
        who = self._person(person)
        inner = {"type": "app_home_opened", "user": who.id, "channel": self.world.dm(who.id).id, "tab": tab}
        return self.event(inner | {"event_ts": self.world.new_ts()})

    def event(self, inner: Mapping[str, Any]) -> Delivery:
        """Any event that the bot subscribed to, by its inner part."""
        return self._driver.event(inner)

    def fill(self, view: View, values: Mapping[str, Choice], *, person: Person | str) -> None:
        """Put values into a modal's inputs without sending it."""
        self._driver.fill(view, values, person=self._person(person))

    def submit(self, view: View, values: Mapping[str, Choice] | None = None, *, person: Person | str) -> Delivery:
        """Fill in and send a modal."""
        return self._driver.submit(view, values or {}, person=self._person(person))

    def close(self, view: View, *, person: Person | str) -> Delivery | None:
        """Dismiss a modal."""
        return self._driver.close(view, person=self._person(person))

    def sign(self, body: bytes, *, at: float | None = None) -> dict[str, str]:
        """The headers with which Slack would send this body."""
        return sign(body, self.signing_secret, at=at)

    # What there is to see

    def messages(
        self,
        channel: Channel | str | None = None,
        *,
        person: Person | str | None = None,
        via: str | None = None,
        deleted: bool = False,
    ) -> list[Message]:
        """Messages in order: of one channel, as one person sees them, by one method; taken-back ones if asked."""
        with self.world.changed:
            self._serving.settle()
            posted = self.world.messages if channel is None else self.world.messages_in(_id(channel))
            found = [m for m in posted if (via is None or m.via == via) and (deleted or m.deleted_at is None)]
            return found if person is None else self.world.visible(found, _id(person))

    def view(self, person: Person | str) -> View | None:
        """The modal that somebody has open."""
        return self.world.top_view(_id(person))

    def home(self, person: Person | str) -> View | None:
        """Somebody's Home tab, once it was published."""
        return self.world.homes.get(_id(person))

    @property
    def files(self) -> list[File]:
        """Every finished upload."""
        return [file for file in self.world.files.values() if file.complete]

    def calls(self, method: str | None = None) -> list[Call]:
        """The log of calls, `response_url` among the methods."""
        with self.world.changed:
            return [call for call in self._serving.calls if method is None or call.method == method]

    @property
    def breaches(self) -> Counter[str]:
        """How often a rate was passed: `channel:C…`, `workspace`, `method:users.info`."""
        return self._rates.breaches

    def forget(self) -> None:
        """Let go of the messages and of the log so far; a run of hours would keep every block otherwise."""
        with self.world.changed:
            self.world.forget()
            self._serving.calls.clear()

    def settle(self) -> None:
        """Do what was accepted late and is due by the clock."""
        self._serving.settle()

    def wait_for(self, condition: Callable[[], T], *, timeout: float = 10.0, what: str = "") -> T:
        """The first truthy value of `condition`, looked at whenever something changes.

        Raises:
            TimeoutError: it stayed falsy; the message says what was posted last.
        """
        seen: list[T] = []

        def holds() -> bool:
            value = condition()
            seen[:] = [value]
            return bool(value)

        with self.world.changed:
            if self.world.changed.wait_for(holds, timeout):
                return seen[0]
        last = [f"{m.via} in {m.channel}: {m.text[:100]!r}" for m in self.messages()[-3:]]
        raise TimeoutError(f"no {what or 'such thing'} within {timeout} s; last posted: {'; '.join(last) or 'nothing'}")

    def wait_for_message(
        self,
        channel: Channel | str | None = None,
        *,
        person: Person | str | None = None,
        containing: str = "",
        via: str | None = None,
        count: int = 1,
        timeout: float = 10.0,
    ) -> Message:
        """The `count`-th message of the bot that fits."""

        def found() -> list[Message]:
            fitting = [
                m for m in self.messages(channel, person=person, via=via) if m.via != "person" and containing in m.text
            ]
            return fitting[count - 1 : count]

        return self.wait_for(found, timeout=timeout, what=f"message {count} containing {containing!r}")[0]

    def _person(self, person: Person | str) -> Person:
        return person if isinstance(person, Person) else self.world.people[person]

    def _channel(self, channel: Channel | str) -> Channel:
        return channel if isinstance(channel, Channel) else self.world.channels[channel]

    def _require_door(self) -> Door:
        if self._door is None:
            raise RuntimeError("connect() says first where the bot is")
        return self._door


def _id(thing: Person | Channel | str) -> str:
    return thing if isinstance(thing, str) else thing.id


def _ts(thread: Message | str | None) -> str | None:
    return thread.thread_ts or thread.ts if isinstance(thread, Message) else thread
