"""What went wrong with a schedule, told to the person who can do something about it: cause, then what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.rendering.names import cleaned, escaped
from bot.core.rendering.pieces import Block, section
from bot.core.rendering.scheduled import RESEND_ACTION
from bot.core.scheduling import DestinationKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.duties import Duty
    from bot.core.scheduling import Destination, Fire, Schedule

_MOST_LISTED = 10


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a post can't be made, and what to do about it."""

    cause: str
    advice: str = ""
    pauses: bool = False
    """Trying again tomorrow makes no sense before somebody acts."""
    code: str = ""

    @property
    def sentence(self) -> str:
        """Both, as plain text."""
        return f"{self.cause} {self.advice}".strip()


_REFUSALS = {
    "not_in_channel": Trouble("I am not in that channel.", "Invite me there: /invite and my name."),
    "channel_not_found": Trouble(
        "I can't find that channel: it is private and I am not in it, or it is gone.",
        "Invite me there (/invite and my name), or give the schedule another channel.",
    ),
    "is_archived": Trouble(
        "That channel is archived.", "Give the schedule another channel, then resume it.", pauses=True
    ),
    "restricted_action": Trouble(
        "An administrator limits who may post there.",
        "Ask an administrator of the workspace to let me post, then resume the schedule.",
        pauses=True,
    ),
    "missing_scope": Trouble("I lack a permission in Slack.", "Ask the operator to reinstall the app."),
    "messages_tab_disabled": Trouble(
        "Direct messages with me are switched off.", "Ask the operator to switch the app's messages tab on."
    ),
    "user_disabled": Trouble("That person has left.", "Take her out of the schedule.", pauses=True),
    "no_answer": Trouble("Slack did not answer until it was too late.", "Send it again with `run`."),
    "unreachable": Trouble("Slack could not be reached until it was too late.", "Send it again with `run`."),
    "ratelimited": Trouble("Slack took no more messages until it was too late.", "Send it again with `run`."),
}
_TOKEN = Trouble("Slack doesn't accept my credentials any more.", "Ask the operator to reinstall the app.")
_TOKEN_ERRORS = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "token_revoked",
        "token_expired",
        "account_inactive",
        "team_access_not_granted",
        "ekm_access_denied",
        "org_login_required",
    }
)
_BLOCKS = Trouble("Slack did not take the message's form.", "That is a mistake of mine: please tell the operator.")
_BLOCK_WORDS = ("invalid_blocks", "invalid_attachments", "msg_too_long", "msg_blocks_too_long", "no_text")


def refused_by_slack(error: str) -> Trouble:
    """What a refusal means; unknown ones are named, for whoever looks them up."""
    if error.startswith("restricted_action"):
        known = _REFUSALS["restricted_action"]
    elif error in _TOKEN_ERRORS:
        known = _TOKEN
    elif error.startswith(_BLOCK_WORDS):
        known = _BLOCKS
    else:
        known = _REFUSALS.get(error) or Trouble(
            f"Slack refused the message: {error}.", "Ask the operator what that means here."
        )
    return Trouble(known.cause, known.advice, known.pauses, error)


def never_sent(error: str) -> Trouble:
    """Attempt after attempt came to nothing, until the post made no sense any more; `error` is the last one's."""
    known = _REFUSALS.get(error) or Trouble(
        f"It could not be sent until it was too late; at last: {error}.", "Send it again with `run`."
    )
    return Trouble(known.cause, known.advice, known.pauses, error)


def failure_notice(schedule: Schedule, fire: Fire, trouble: Trouble, *, command: str) -> str:
    """One post failed; mrkdwn."""
    return _lines(
        f"*Schedule {schedule.number}* did not reach {_place(fire.destination)} ({_due(fire)}).",
        escaped(trouble.sentence),
        f"`{command} log {schedule.number}` shows what arrived and what didn't.",
    )


def pause_notice(schedule: Schedule, trouble: Trouble, *, command: str) -> str:
    """The schedule has paused itself; mrkdwn."""
    return _lines(
        f"*Schedule {schedule.number}* is paused: {escaped(trouble.cause)}",
        escaped(trouble.advice),
        f"`{command} resume {schedule.number}` starts it again, `{command} log {schedule.number}` shows what happened.",
    )


def skipped_notice(missed: Sequence[tuple[Schedule, Duty]], *, command: str) -> str:
    """Slots that nobody got; mrkdwn."""
    lines = [
        f"• *Schedule {schedule.number}*, due {duty.slot.local_date:%a} {duty.slot.local_date.day} "
        f"{duty.slot.local_date:%b} {duty.slot.local_time:%H:%M}: {escaped(duty.skip or '')}"
        for schedule, duty in missed[:_MOST_LISTED]
    ]
    more = len(missed) - _MOST_LISTED
    numbers = sorted({schedule.number for schedule, _ in missed})
    return _lines(
        "I was not running when these were due, and skipped them:" if len(missed) > 1 else "One post was skipped:",
        *lines,
        f"… and {more} more." if more > 0 else "",
        f"`{command} run {numbers[0]}` sends one now.",
    )


def unknown_notice(schedule: Schedule, fire: Fire, why: str, *, command: str) -> tuple[str, list[Block]]:
    """Nobody can tell whether a post is there: fallback text, and blocks with the button to send it again."""
    text = _lines(
        f"*Schedule {schedule.number}*: Slack did not say whether it took the post for "
        f"{_place(fire.destination)} ({_due(fire)}), and I could not look: {escaped(why)}",
        "Please look there. If it is missing, send it again; pressing twice sends it once.",
        f"`{command} log {schedule.number}` shows all of them.",
    )
    button: Block = {
        "type": "button",
        "action_id": RESEND_ACTION,
        "text": {"type": "plain_text", "text": "Send it again", "emoji": False},
        "value": fire.key,
    }
    return text, [section(text), {"type": "actions", "elements": [button]}]


def handover_notice(schedule: Schedule, left: str, *, command: str) -> str:
    """A schedule whose owner left is somebody else's now; mrkdwn."""
    return _lines(
        f"*Schedule {schedule.number}* is yours now: its owner <@{left}> is no longer a member here, and you are the "
        "first supervisor in its channel. What you may see decides what it posts.",
        f"`{command} pause {schedule.number}` stops it, `{command} schedules` shows it.",
    )


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _place(destination: Destination) -> str:
    mention = f"<#{destination.id}>" if destination.kind is DestinationKind.CHANNEL else f"<@{destination.id}>"
    return f"{mention} ({escaped(cleaned(destination.slice))})" if destination.slice else mention


def _due(fire: Fire) -> str:
    return f"due {fire.local_date:%a} {fire.local_date.day} {fire.local_date:%b} {fire.local_time:%H:%M}"
