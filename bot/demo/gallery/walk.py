"""What people do in the fake Slack, and what they see of it, kept as it was at that moment."""

from __future__ import annotations

import json
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.core.limits import violations
from bot.core.rendering.refusals import GENERIC
from bot.demo.fake_slack.controls import controls, find_control
from bot.demo.gallery.blocks import Drawing
from bot.demo.gallery.sheets import drawn_message, drawn_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from bot.demo.fake_slack import Channel, Delivery, Message, Person, View
    from bot.demo.gallery.html import Html
    from bot.demo.stage import Setting

ANSWER_WITHIN_S = 60.0
EXPECTED_S = 5.0
"""What is expected and hasn't come after so long won't."""
STEP_S = 0.02
QUIET_STEPS = 3
"""Steps without news or work after which an act is over."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A message or a view as it was seen."""

    drawn: Html
    violations: tuple[str, ...]
    """What Slack would refuse about it."""


@dataclass(slots=True)
class Act:
    """Something that was typed or pressed, and what came of it."""

    done: str
    shown: list[Shown] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Scene:
    """One thing that is worth seeing."""

    title: str
    note: str
    acts: list[Act] = field(default_factory=list)
    failure: str | None = None
    """Why the rest of it couldn't be shown."""

    @property
    def problems(self) -> list[str]:
        """Everything about it that shouldn't be."""
        told = [f"could not be shown: {self.failure}"] if self.failure else []
        told += [trouble for act in self.acts for trouble in act.troubles]
        return told + [violation for act in self.acts for shown in act.shown for violation in shown.violations]


@dataclass(slots=True)
class Clock:
    """A clock that stands until it is set."""

    now: datetime

    def __call__(self) -> datetime:
        """The moment at which it stands."""
        return self.now


class Walk:
    """One person's way through the bot, scene by scene.

    Args:
        setting: the open stage.
        clock: the stage's.
    """

    def __init__(self, setting: Setting, clock: Clock) -> None:
        self.setting = setting
        self.clock = clock
        self.slack = setting.slack
        self.scenes: list[Scene] = []
        self.latest: Message | None = None
        """The last message with something to press."""
        self._versions = {id(m): len(m.edits) for m in self.slack.messages()}
        self._views: dict[str, str] = {}

    @contextmanager
    def scene(self, title: str, note: str = "") -> Iterator[None]:
        """Everything done within belongs to it; what goes wrong ends the scene, not the walk."""
        scene = Scene(title, note)
        self.scenes.append(scene)
        try:
            yield
        except (LookupError, TimeoutError, ValueError) as error:
            scene.failure = str(error.args[0]) if error.args else type(error).__name__

    # --- acts ---

    def command(
        self,
        text: str,
        *,
        person: Person | None = None,
        channel: Channel | None = None,
        brings: int = 0,
        stay: bool = True,
    ) -> None:
        """Type `/utilization …`.

        Args:
            brings: so many messages at least come of it, some of them by and by.
            stay: until the bot has done with it; else only until those have come.
        """
        who, where = person or self.setting.person, channel or self.setting.channel
        delivery = self.slack.command(text, person=who, channel=where)
        self._watch(
            f"{self._where(where)}/utilization {text}".rstrip(), delivery, who, brings=brings, stay=stay, at_home=False
        )

    def mention(self, text: str, *, person: Person | None = None, channel: Channel | None = None) -> None:
        """Write `@Utilization …` in a channel."""
        who, where = person or self.setting.person, channel or self.setting.channel
        delivery = self.slack.mention(text, person=who, channel=where)
        self._watch(f"{self._where(where)}@Utilization {text}", delivery, who, brings=1)

    def write(self, text: str, *, person: Person | None = None) -> None:
        """Write to the bot alone."""
        who = person or self.setting.person
        self._watch(f"direct message: {text}", self.slack.direct_message(text, person=who), who, brings=1)

    def press(
        self, which: str, *, choose: str | int | None = None, person: Person | None = None, shown: Message | None = None
    ) -> None:
        """Press or choose on the last message; the beginning of the label is enough."""
        who, message = person or self.setting.person, shown or self.latest
        if message is None:
            raise LookupError("nothing to press yet")
        delivery = self.slack.press(message, which, person=who, choose=choose)
        self._watch(self._pressed(message, which, choose), delivery, who, brings=1, at_home=False)

    def press_in_view(self, which: str, *, choose: str | int | None = None, person: Person | None = None) -> None:
        """The same in the window, or on the Home tab where none is open."""
        who = person or self.setting.person
        view = self._view(who)
        delivery = self.slack.press(view, which, person=who, choose=choose)
        self._watch(self._pressed(view, which, choose), delivery, who, brings=1)

    def submit(
        self, values: Mapping[str, str | int] | None = None, *, person: Person | None = None, brings: int = 1
    ) -> None:
        """Fill in and send the window."""
        who = person or self.setting.person
        view = self._view(who)
        values = values or {}
        found = [(find_control(view, name), str(value)) for name, value in values.items()]
        said = ", ".join(f"{control.label}: {value}" for control, value in found)
        filled = {control.action_id: value for control, value in found}
        delivery = self.slack.submit(view, values, person=who)
        self._watch(f"submit {said}".rstrip(), delivery, who, brings=brings, filled=filled)

    def close(self, *, person: Person | None = None) -> None:
        """Dismiss the window, which shows nothing."""
        who = person or self.setting.person
        if (view := self.slack.view(who)) is not None:
            self.slack.close(view, person=who)

    def shortcut(self, callback_id: str) -> None:
        """Use a global shortcut."""
        who = self.setting.person
        self._watch(f"shortcut {callback_id}", self.slack.shortcut(callback_id, person=who), who, brings=1)

    def home(self, *, person: Person | None = None) -> None:
        """Open the Home tab."""
        who = person or self.setting.person
        self._watch("Home tab", self.slack.open_home(person=who), who, brings=1)

    def steer(self, path: str, fields: Mapping[str, Any]) -> None:
        """Tell the made-up organisation how to behave: `faults`, `behaviour` or `now`."""
        request = urllib.request.Request(  # noqa: S310 - the sandbox's own address
            f"{self.setting.sandbox_url}/sandbox/{path}", data=json.dumps(fields).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            answer.read()

    # --- what is seen ---

    @staticmethod
    def _pressed(shown: Message | View, which: str, choice: str | int | None) -> str:
        label = next((control.label for control in controls(shown) if control.action_id == which), which)
        return f"[{label}]" if choice is None else f"[{label}] → {choice}"

    def _where(self, channel: Channel) -> str:
        return "" if channel.is_dm else f"#{channel.name}: "

    def _view(self, person: Person) -> View:
        view = self.slack.view(person) or self.slack.home(person)
        if view is None:
            raise LookupError("no window is open")
        return view

    def _watch(
        self,
        done: str,
        delivery: Delivery,
        person: Person,
        *,
        brings: int = 0,
        stay: bool = True,
        filled: Mapping[str, str] | None = None,
        at_home: bool = True,
    ) -> None:
        """Keep what comes until the bot is idle and quiet; of what is expected, waited for a little longer."""
        act = Act(done)
        self.scenes[-1].acts.append(act)
        if not delivery.acknowledged:
            act.troubles.append(f"not acknowledged in time: {delivery.status or ''} {delivery.text}".rstrip())
        act.troubles += [f"Slack would not show it: {why}" for why in delivery.refused]
        waited = quiet = 0
        while waited * STEP_S < ANSWER_WITHIN_S:
            if self._keep(act, person, delivery.errors, filled or {}, at_home=at_home):
                quiet = 0
            elif self.setting.idle():
                quiet += 1
            enough = len(act.shown) >= brings
            if quiet > (QUIET_STEPS if enough else EXPECTED_S / STEP_S) or (enough and not stay):
                break
            try:
                self.slack.wait_for(self._news, timeout=STEP_S)
            except TimeoutError:
                waited += 1
        if len(act.shown) < brings:
            act.troubles.append(f"showed {len(act.shown)} of at least {brings} things")

    def _news(self) -> list[Message]:
        """Messages of the bot's that were not kept as they are now."""
        return [m for m in self.slack.messages() if m.via != "person" and self._versions.get(id(m)) != len(m.edits)]

    def _keep(
        self, act: Act, person: Person, errors: Mapping[str, str], filled: Mapping[str, str], *, at_home: bool
    ) -> bool:
        """Whether there was anything new; a Home tab that was drawn anew behind a conversation isn't seen."""
        names = self.setting.names
        news = sorted(self._news(), key=lambda message: message.via != "ack")  # the fake notes it after a quick answer
        for message in news:
            self._versions[id(message)] = len(message.edits)
            payload = {"text": message.text, "blocks": message.blocks}
            found = violations(payload, surface="message") if message.text or message.blocks else []
            if GENERIC in message.text:
                act.troubles.append("the bot failed in a way that it doesn't know itself")
            act.shown.append(Shown(drawn_message(message, names), tuple(found)))
            self.latest = message if controls(message) else self.latest
        before = len(act.shown)
        for view in (self.slack.view(person), self.slack.home(person)):
            if view is None:
                continue
            wrong = errors if view.kind == "modal" else {}
            if self._views.get(view.id) != (mark := f"{view.hash}{sorted(wrong.items())}"):
                self._views[view.id] = mark
                if view.kind == "home" and not at_home:
                    continue
                found = violations(view.payload, surface="modal" if view.kind == "modal" else "home")
                act.shown.append(
                    Shown(
                        drawn_view(view, Drawing(names, errors=wrong, filled=filled if wrong else None)), tuple(found)
                    )
                )
        return bool(news) or len(act.shown) > before
