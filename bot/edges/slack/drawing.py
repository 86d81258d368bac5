"""An answer as one place shows it: the asker alone, or everybody in a channel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.core.answer import TextAnswer
from bot.core.rendering.blocks import Message, RenderOptions, render_message, render_text_answer
from bot.core.rendering.questions import agent_picker, next_questions

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.answer import Answer
    from bot.edges.slack.reply import Address


@dataclass(frozen=True, slots=True)
class Drawing:
    """Draws answers with the steps that go on from them.

    Args:
        week_start: first day of the week, from Monday = 0.
        clock: seconds since 1970.
    """

    week_start: int
    clock: Callable[[], float]

    def message(self, answer: Answer | TextAnswer, address: Address, *, public: bool = False) -> Message:
        """The answer as a message.

        Args:
            public: everybody in the channel reads it.
        """
        if isinstance(answer, TextAnswer):
            return render_text_answer(answer)
        now = datetime.fromtimestamp(self.clock(), UTC)
        actions = next_questions(answer.query, now=now, week_start=self.week_start)
        # In a channel everybody would see the names in the picker.
        picker = None if public else agent_picker(answer.query)
        message = render_message(answer, options=RenderOptions(actions=actions, picker=picker, now=now))
        return _asked_by(message, address.user_id) if public else message


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
