"""`make try`: a prompt for commands and button numbers; the lines of standard input where there is no terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.demo.fake_slack.controls import controls, find_control
from bot.demo.terminal import draw_view

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.demo.fake_slack import Delivery, Message, View
    from bot.demo.show import Screen
    from bot.demo.stage import Setting

ANSWER_WITHIN_S = 150.0
"""Longer than the bot gives any answer."""
QUIET_S = 0.25
"""Nothing more came for so long after the last job ended: that was it."""
SILENT_S = 3.0
"""What brought nothing at all after so long brings nothing."""
STEP_S = 0.05

HELP = """\
Type a question as after `/utilization`: `yesterday`, `today by team`, `last week top 5`, `help`.
`@utilization …` asks in the channel, `dm …` in a direct message.
`2` presses the button with that number, `1 ana` chooses in a list; `submit` and `close` are for windows.
`quit` ends."""

_PRESS = re.compile(r"(\d+)(?:\s+(.+))?")
_COMMAND = re.compile(r"/utilization\b\s*", re.IGNORECASE)
_MENTION = re.compile(r"@utilization\b\s*", re.IGNORECASE)
_DIRECT = re.compile(r"dm\s+", re.IGNORECASE)


@dataclass
class Prompt:
    """What one person at the keyboard does, line by line."""

    setting: Setting
    screen: Screen
    echo: bool = False
    """Show the lines too, which nobody sees typed."""
    failures: int = 0
    """Lines that the bot did not acknowledge."""
    _versions: dict[int, int] = field(default_factory=dict)
    _latest: Message | None = None
    _view_hash: str | None = None

    def run(self, lines: Iterable[str]) -> int:
        """Answer every line until `quit` or the end; the exit status."""
        self.screen.say(HELP)
        for line in lines:
            text = line.strip()
            if self.echo:
                self.screen.say(f"\n#{self.setting.channel.name}> {text}")
            if text.lower() in {"quit", "exit", "q"}:
                break
            if text:
                self.answer(text)
        return 1 if self.failures else 0

    def answer(self, text: str) -> None:
        """Do what one line says and draw everything that comes of it."""
        try:
            delivery = self._act(text)
        except LookupError as error:
            self.screen.say(str(error.args[0]) if error.args else "There is no such thing.")
            return
        if delivery is None:
            return
        if not delivery.acknowledged:
            self.failures += 1
            self.screen.say(f"The bot did not acknowledge in time: {delivery.status or ''} {delivery.text}".rstrip())
        for line in [*delivery.refused, *(f"{where}: {what}" for where, what in delivery.errors.items())]:
            self.screen.say(line)
        self._draw_what_comes()

    def _act(self, text: str) -> Delivery | None:
        slack, person, channel = self.setting.slack, self.setting.person, self.setting.channel
        view = slack.view(person)
        if press := _PRESS.fullmatch(text):
            return self._press(int(press[1]), press[2], view)
        if view is not None and text.lower() == "submit":
            return slack.submit(view, person=person)
        if view is not None and text.lower() == "close":
            return slack.close(view, person=person)
        if match := _MENTION.match(text):
            return slack.mention(text[match.end() :], person=person, channel=channel)
        if match := _DIRECT.match(text):
            return slack.direct_message(text[match.end() :], person=person)
        match = _COMMAND.match(text)
        return slack.command(text[match.end() :] if match else text, person=person, channel=channel)

    def _press(self, number: int, choice: str | None, view: View | None) -> Delivery | None:
        slack, person = self.setting.slack, self.setting.person
        shown = view or self._latest
        if shown is None:
            raise LookupError("Nothing to press yet: ask something first.")
        control = find_control(shown, number)
        if view is not None and control.kind != "button":
            slack.fill(view, {str(number): choice or ""}, person=person)
            self.screen.say(f"{control.label}: {choice or ''}")
            return None
        if control.kind != "button" and choice is None:
            raise LookupError(
                f"{control.label} is a list: type its number and a part of the name, as in `{number} ana`."
            )
        return slack.press(shown, number, choose=choice, person=person)

    def _draw_what_comes(self) -> None:
        """Draw each new message and window as it comes, until the bot is idle and nothing more came for a while."""
        slack = self.setting.slack
        waited = quiet = 0.0
        drawn = False
        while waited < ANSWER_WITHIN_S:
            # Bolt acknowledges an event, or a press, before its listener hands the question in.
            if self.setting.idle() and quiet >= (QUIET_S if drawn else SILENT_S):
                return
            try:
                slack.wait_for(self._has_news, timeout=STEP_S)
            except TimeoutError:
                waited, quiet = waited + STEP_S, quiet + STEP_S
                continue
            quiet, drawn = 0.0, True
            for message in self._news():
                self._versions[id(message)] = len(message.edits)
                if message.via != "person":
                    self.screen.message(message)
                    self._latest = message if controls(message) else self._latest
            self._draw_view()

    def _has_news(self) -> bool:
        view = self.setting.slack.view(self.setting.person)
        return bool(self._news()) or (view.hash if view else None) != self._view_hash

    def _news(self) -> list[Message]:
        """Messages that this person sees and that were not drawn as they are now."""
        seen = self.setting.slack.messages(person=self.setting.person)
        return [m for m in seen if self._versions.get(id(m)) != len(m.edits)]

    def _draw_view(self) -> None:
        view = self.setting.slack.view(self.setting.person)
        new_hash = view.hash if view else None
        if new_hash != self._view_hash and view is not None:
            self.screen.say(draw_view(view, names=self.setting.names))
        self._view_hash = new_hash
