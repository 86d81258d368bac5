"""A scheduled answer → the message that is frozen before it is first sent.

Nothing here depends on the moment of drawing: the same slot and the same answer give the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.core.answer import TextAnswer
from bot.core.rendering.blocks import RenderOptions, render_message, render_text_answer
from bot.core.rendering.drilling import pickers
from bot.core.rendering.names import escaped
from bot.core.rendering.pieces import TEXT, Block, mrkdwn, section, within
from bot.core.rendering.questions import next_questions
from bot.core.scheduling import DestinationKind, FireKind

if TYPE_CHECKING:
    from bot.core.answer import Answer
    from bot.core.scheduling import Fire, Schedule

RESEND_ACTION = "schedule:resend"
"""Action id of the button that asks for a fire once more; its value is the fire's key."""

_MOST_BLOCKS = 50


def render_scheduled(
    answer: Answer | TextAnswer,
    schedule: Schedule,
    fire: Fire,
    *,
    late: bool,
    incomplete: bool,
    command: str = "/utilization",
    week_start: int = 0,
) -> dict[str, Any]:
    """`text`, `blocks` and `fallback_blocks`, JSON values all through.

    Args:
        late: the slot passed a good while ago.
        incomplete: the wait for complete data is over.
        command: the slash command, for the line that says how to stop it.
    """
    if isinstance(answer, TextAnswer):
        message = render_text_answer(answer)
    else:
        alone = fire.destination.kind is DestinationKind.PERSON
        actions = next_questions(answer.query, now=fire.fire_at, week_start=week_start)
        options = RenderOptions(actions=actions, pickers=pickers(answer.query, public=not alone))
        message = render_message(answer, options=options)
    marks = _marks(schedule, fire, late=late, incomplete=incomplete)
    above: list[Block] = [section(f"*{escaped(' '.join(marks))}*")] if marks else []
    below = _origin(schedule, fire, command)
    room = _MOST_BLOCKS - len(above) - 1
    return {
        "text": within(TEXT, "\n".join(filter(None, (escaped(" ".join(marks)), message.text)))),
        "blocks": [*above, *message.payload()["blocks"][:room], below],
        "fallback_blocks": [*above, *message.fallback_payload()["blocks"][:room], below],
    }


def _marks(schedule: Schedule, fire: Fire, *, late: bool, incomplete: bool) -> list[str]:
    """What a reader must know before anything else."""
    marks = []
    if fire.kind is FireKind.TEST:
        marks.append(f"Test of schedule {schedule.number}, to you alone.")
    if late and fire.kind is not FireKind.TEST:
        marks.append(f"Late, due {fire.local_time:%H:%M}.")
    if incomplete:
        marks.append("Incomplete: Genesys did not answer for everybody in time.")
    return marks


def _origin(schedule: Schedule, fire: Fire, command: str) -> Block:
    """Whose post this is, what it was due for, and how to stop it."""
    due = f"{fire.local_date:%a} {fire.local_date.day} {fire.local_date:%b} {fire.local_time:%H:%M}"
    parts = (
        f"Schedule {schedule.number} of <@{schedule.owner_id}>",
        escaped(f"as of {due} {schedule.recurrence.zone}"),
        f"stop it: `{command} pause {schedule.number}`",
    )
    return {"type": "context", "elements": [mrkdwn(" · ".join(parts))]}
