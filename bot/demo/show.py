"""`make demo`: one question and one press, drawn as a person in Slack would see them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bot.demo.fake_slack.controls import find_control
from bot.demo.terminal import draw

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.demo.fake_slack import Delivery, Message
    from bot.demo.stage import Setting

QUESTION = "yesterday"
SCHEDULE = "schedule weekdays 8:00 yesterday by team"
PICKER = "agent_pick"
PATIENCE_S = 30.0
TABLES = {"data_table", "table", "rich_text"}


class ShowError(Exception):
    """The bot did not do what the demo is there to show."""


class Screen:
    """Where messages are drawn."""

    def __init__(self, setting: Setting, write: Callable[[str], object], *, width: int, colour: bool) -> None:
        self._setting = setting
        self._write = write
        self._width = width
        self._colour = colour

    def say(self, line: str = "") -> None:
        """A line of the demo's own."""
        self._write(line)

    def message(self, message: Message) -> None:
        """A message of the bot's."""
        self._write(draw(message, width=self._width, colour=self._colour, names=self._setting.names))


def show(setting: Setting, screen: Screen) -> None:
    """Ask `/utilization yesterday`, then choose one agent under the answer.

    Raises:
        ShowError: an acknowledgement or an answer is missing, or holds no table.
    """
    slack, person = setting.slack, setting.person
    screen.say(f"A made-up contact centre answers at {setting.sandbox_url} in place of Genesys Cloud,")
    screen.say(f"a stand-in for Slack at {slack.url}; the bot between them is the real one.")
    screen.say()
    screen.say(f"#{setting.channel.name}> /utilization {QUESTION}")
    asked = slack.command(QUESTION, person=person, channel=setting.channel)
    answer = _shown(asked, screen)
    agent = busiest_agent(answer)
    picker = find_control(answer, PICKER)
    screen.say()
    screen.say(f"#{setting.channel.name}> [{picker.number}] {agent}")
    _shown(slack.press(answer, PICKER, choose=agent, person=person), screen)
    _morning(setting, screen)
    screen.say()
    screen.say("That was the demo. `make try` keeps a prompt for commands and button numbers of your own.")


def _morning(setting: Setting, screen: Screen) -> None:
    """Schedule a summary, then have it posted as it would be at eight.

    Raises:
        TimeoutError: nothing was posted in the channel.
    """
    slack, person, channel = setting.slack, setting.person, setting.channel
    screen.say()
    screen.say(f"#{channel.name}> /utilization {SCHEDULE}")
    made = slack.command(SCHEDULE, person=person, channel=channel)
    screen.message(made.wait(timeout=PATIENCE_S))
    (schedule,) = setting.application.store.all()
    screen.say()
    screen.say(f"#{channel.name}> /utilization run {schedule.number}")
    slack.command(f"run {schedule.number}", person=person, channel=channel).wait(timeout=PATIENCE_S)
    posts = slack.wait_for(
        lambda: slack.messages(channel, via="chat.postMessage"), timeout=PATIENCE_S, what="the scheduled summary"
    )
    screen.message(posts[-1])


def busiest_agent(answer: Message) -> str:
    """The name on the row with the highest figure in the first column of figures.

    Raises:
        ShowError: there is no such row.
    """
    rows = [row for block in answer.blocks if block.get("type") == "data_table" for row in block["rows"][1:]]
    figures = {
        str(row[0]["text"]): next((c["value"] for c in row[1:] if c.get("type") == "raw_number"), -1.0) for row in rows
    }
    if not figures:
        raise ShowError(f"the answer holds no table of agents: {answer.text}")
    return max(figures, key=lambda name: figures[name])


def _shown(delivery: Delivery, screen: Screen) -> Message:
    """Draw what an act brought: the acknowledgement, then the answer, which must hold a table."""
    if not delivery.acknowledged:
        raise ShowError(f"the bot did not acknowledge in time: {delivery.status or ''} {delivery.text}".rstrip())
    if delivery.refused:
        raise ShowError(f"Slack would not show the acknowledgement: {'; '.join(delivery.refused)}")
    if delivery.ack is not None:
        screen.message(delivery.ack)
    began = time.monotonic()
    answer = delivery.wait(timeout=PATIENCE_S)
    while not TABLES & {block.get("type") for block in answer.blocks}:
        # A slow answer is announced first; anything else without a table is a refusal.
        count = len(delivery.replies) + 1
        if time.monotonic() - began > PATIENCE_S or answer.blocks:
            raise ShowError(f"the bot answered without a table: {answer.text}")
        answer = delivery.wait(count, timeout=PATIENCE_S)
    screen.message(answer)
    return answer
