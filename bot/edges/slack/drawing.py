"""An answer as one place shows it: the asker alone, or everybody in a channel."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.core.answer import TextAnswer
from bot.core.query import Verb
from bot.core.rendering.actions import CANCEL_ACTION, Action
from bot.core.rendering.blocks import Message, RenderOptions, render_message, render_text_answer
from bot.core.rendering.drilling import command_of, explain_steps, pickers
from bot.core.rendering.names import plain_text
from bot.core.rendering.pieces import context_marked, section
from bot.core.rendering.questions import next_questions, next_steps
from bot.core.rendering.wording import known_names
from bot.edges.slack.reply import Door

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.core.answer import Answer
    from bot.edges.slack.reply import Address

_CONVERSATION = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PERSON, _CHANNEL = re.compile(r"[UW][A-Z0-9]+"), re.compile(r"[CG][A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Drawing:
    """Draws answers with the steps that go on from them.

    Args:
        clock: seconds since 1970.
        command: the slash command's name.
        interactions_url: where Genesys shows an interaction, its id to be put behind.
    """

    clock: Callable[[], float]
    command: str = "/utilization"
    interactions_url: str | None = None

    def message(
        self, answer: Answer | TextAnswer, address: Address, *, public: bool = False, back: str = ""
    ) -> Message:
        """The answer as a message.

        Args:
            public: everybody in the channel reads it.
            back: the question from whose answer this one was picked.
        """
        pressed = address.door is Door.BUTTON
        if isinstance(answer, TextAnswer):
            message = render_text_answer(answer, actions=self._beside(answer), links=self._leads(answer))
            return self._showing(message, _typed(answer)) if pressed else message
        now = self._now()
        shareable = not public and bool(address.channel_id) and not address.is_direct
        actions = next_questions(
            answer.query,
            now=now,
            week_start=answer.query.week_start,
            shareable=shareable,
            incomplete=any(warning.code == "segments_short" for warning in answer.warnings),
        )
        if back:
            up = Action("back", "Back", back)
            actions = (*([up] if up.fits else []), *(action for action in actions if action.kind != "back"))
        options = RenderOptions(actions=actions, pickers=pickers(answer.query, public=public), now=now)
        message = render_message(answer, options=options)
        if pressed:
            message = self._showing(message, command_of(answer.query, known_names(answer)))
        return _asked_by(message, address.user_id) if public else message

    def _beside(self, answer: TextAnswer) -> tuple[Action, ...]:
        """Where one can go from a text."""
        explained = answer.data.get("explanation")
        if answer.query.verb is Verb.EXPLAIN and isinstance(explained, dict):
            return explain_steps(answer.query, str(explained.get("agent_id")), now=self._now())
        return next_steps(answer)

    def _leads(self, answer: TextAnswer) -> Mapping[str, str]:
        """Ids in a text with what Slack shows for them: pages of conversations in Genesys, people and channels."""
        audit = answer.data.get("audit")
        if isinstance(audit, dict):
            looks = audit["looks"]
            people = {look["who"]: f"@{look['who']}" for look in looks if _PERSON.fullmatch(look["who"])}
            places = (look["channel"] for look in looks if look["channel"] is not None)
            return people | {place: f"#{place}" for place in places if _CHANNEL.fullmatch(place)}
        explained = answer.data.get("explanation")
        if self.interactions_url is None or not isinstance(explained, dict):
            return {}
        ids = {str(session["conversation_id"]) for session in explained["sessions"]}
        return {each: self.interactions_url + each for each in ids if _CONVERSATION.fullmatch(each)}

    def _showing(self, message: Message, command: str) -> Message:
        """With the command that was pressed, so that people learn to type it."""
        if not command:
            return message
        typed = context_marked(f"`{self.command} {command}`")
        return replace(
            message,
            blocks=(typed, *message.blocks),
            fallback_blocks=(typed, *message.fallback_blocks),
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)


def _typed(answer: TextAnswer) -> str:
    """The command of a text, with the name of the agent whom it explains instead of her id."""
    explained = answer.data.get("explanation")
    if not isinstance(explained, dict):
        return answer.query.text
    return command_of(answer.query, {str(explained["agent_id"]): str(explained["agent_name"])})


def working(text: str, key: str) -> Message:
    """That an answer takes long, with a button that calls it off.

    Args:
        key: of the question.
    """
    cancel = {"type": "button", "action_id": CANCEL_ACTION, "text": plain_text("Cancel"), "value": key}
    blocks = (section(text), {"type": "actions", "elements": [cancel]})
    return Message(text, blocks, blocks)


def plain(text: str) -> Message:
    """A sentence of our own."""
    return Message(text, (), ())


def _asked_by(message: Message, user_id: str) -> Message:
    """A post that stands alone: nobody else saw the question."""
    asked = {"type": "context", "elements": [{"type": "mrkdwn", "text": f"Asked by <@{user_id}>", "verbatim": True}]}
    return replace(
        message,
        text=f"Asked by <@{user_id}>: {message.text}",
        blocks=(asked, *message.blocks),
        fallback_blocks=(asked, *message.fallback_blocks),
    )
