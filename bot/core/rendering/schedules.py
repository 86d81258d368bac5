"""Schedules for people: lists, confirmations and logs, as a Slack message and as plain text.

Buttons carry canonical commands (`pause 3`), which are read as if whoever pressed had typed them. Mentions of
people and channels (`<@U1>`, `<#C1>`) are the one markup that passes: they are ids, and Slack shows their names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.core.duties import resendable
from bot.core.grammar.schedule_rule import rule_sentence
from bot.core.grammar.schedules import order_words, target_words
from bot.core.orders import Changed, Listed, Logged, Order, Plan, Target, TargetKind, plan_of
from bot.core.query import Verb
from bot.core.recurrence import OnHoliday
from bot.core.rendering.actions import SCHEDULE_FORM, Action
from bot.core.rendering.blocks import Message
from bot.core.rendering.names import cleaned, escaped, marked_up
from bot.core.rendering.pieces import TEXT, Block, buttons, section, within
from bot.core.rendering.refusals import render_error
from bot.core.rendering.scheduled import RESEND_ACTION
from bot.core.scheduling import DestinationKind, FireKind, FireState, ScheduleState
from bot.core.zones import load_zone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date, datetime, time

    from bot.core.orders import Outcome, View
    from bot.core.recurrence import Recurrence, Slot
    from bot.core.scheduling import Fire, Schedule
    from bot.errors import BotError

RESEND_SLOT_ACTION = "schedule:resend_slot"
"""Action id of the button that asks once more for all of a slot that is missing; its value is the key of a part."""

_MENTION = re.compile(r"<[@#][A-Z0-9]+>")
_CODE = re.compile(r"`([^`]*<[@#][A-Z0-9]+>[^`]*)`")
_MOST_DRAWN = 20
"""Schedules with buttons in one message: two blocks each, of the fifty that Slack takes."""
_LOG_DRAWN = 20

_DONE = {
    Verb.SCHEDULE: "Scheduled",
    Verb.EDIT: "Changed",
    Verb.PAUSE: "Paused",
    Verb.RESUME: "Resumed",
    Verb.DELETE: "Deleted",
    Verb.RUN: "On its way to all its recipients",
    Verb.TEST: "On its way to you alone, with what you may see yourself",
}
_KINDS = {FireKind.SLOT: "", FireKind.RUN: "run", FireKind.TEST: "test", FireKind.RESEND: "sent again"}
_STATES = {
    FireState.DUE: "waiting",
    FireState.HELD: "on its way",
    FireState.SENT: "sent",
    FireState.UNKNOWN: "nobody can tell whether it arrived",
    FireState.SKIPPED: "skipped",
    FireState.FAILED: "failed",
}


# --- for Slack -------------------------------------------------------------------------------------------------------


def render_outcome(outcome: Outcome, *, now: datetime) -> Message:
    """What came of an order, for whoever gave it."""
    match outcome:
        case Listed():
            blocks = list(_list_blocks(outcome, now))
        case Changed():
            blocks = [_lines(_changed_lines(outcome, now)), *_buttons(outcome.view, after=outcome.verb)]
        case Logged():
            blocks = [_lines(_log_lines(outcome, now)), *_again(outcome), *_buttons(outcome.view, after=Verb.LOG)]
    text = within(TEXT, "\n".join(marked(line) for line in _all_lines(outcome, now)))
    return Message(text, tuple(blocks), tuple(blocks))


def render_order(order: Order) -> str:
    """How an order was read, for the acknowledgement."""
    if order.plan is None:
        return marked(f"`{order_words(order)}`")
    which = f"Schedule {order.number}: " if order.number is not None else ""
    return marked(f"{which}{plan_sentence(order.plan)}")


def render_order_refusal(error: BotError, order: Order, *, place: str | None = None) -> Message:
    """A refusal in which the channels and people of the order are shown by their names.

    Args:
        place: the channel where it was typed.
    """
    known = {target.value for target in order.plan.targets} if order.plan else set()
    return _with_mentions(render_error(error, reference=""), known | ({place} if place else set()))


def _with_mentions(message: Message, known: Collection[str]) -> Message:
    tokens = {escaped(f"<{sign}{name}>"): f"<{sign}{name}>" for name in known if name.isalnum() for sign in "@#"}

    def shown(text: str) -> str:
        for literal, token in tokens.items():
            text = text.replace(literal, token)
        return text

    def walked(value: Any) -> Any:
        if isinstance(value, dict):
            plain = value.get("type") != "mrkdwn"
            return {k: v if plain and isinstance(v, str) else walked(v) for k, v in value.items()}
        return (
            [walked(item) for item in value]
            if isinstance(value, list)
            else shown(value)
            if isinstance(value, str)
            else value
        )

    return Message(
        shown(message.text),
        tuple(walked(block) for block in message.blocks),
        tuple(walked(block) for block in message.fallback_blocks),
    )


def _list_blocks(listed: Listed, now: datetime) -> Iterator[Block]:
    views = [*listed.mine, *listed.here]
    if not views:
        yield _lines(_empty_lines(listed))
        return
    for title, group in _groups(listed):
        if group:
            yield section(f"*{escaped(title)}*")
        for view in group:
            if views.index(view) < _MOST_DRAWN:
                yield _lines(view_lines(view, now))
                yield from _buttons(view, after=Verb.SCHEDULES)
    if len(views) > _MOST_DRAWN:
        numbers = ", ".join(str(view.schedule.number) for view in views[_MOST_DRAWN:])
        yield section(escaped(f"Not shown here: {numbers}."))


def _buttons(view: View, *, after: Verb) -> list[Block]:
    """The steps that whoever sees this may take, each as the command that she could type."""
    number, state = view.schedule.number, view.schedule.state
    if after is Verb.DELETE:
        return []
    steps = []
    if view.changeable:
        if state is ScheduleState.ACTIVE:
            steps.append((Verb.PAUSE, "Pause"))
        elif state is ScheduleState.PAUSED:
            steps.append((Verb.RESUME, "Resume"))
        if after is not Verb.RUN:
            steps.append((Verb.RUN, "Run now"))
    steps += [(Verb.TEST, "Test"), (Verb.LOG, "Log")]
    if view.changeable:
        steps += [(Verb.EDIT, "Edit…"), (Verb.DELETE, "Delete")]
    kinds = {Verb.EDIT: SCHEDULE_FORM}  # opens with the schedule in it
    row = buttons(
        [
            Action(kinds.get(verb, verb.value), label, f"{verb.value} {number}")
            for verb, label in steps
            if verb is not after or verb in kinds
        ]
    )
    for element in row[0]["elements"] if row else ():
        if element["value"] == f"delete {number}":
            element["style"] = "danger"
            element["confirm"] = confirmation(
                f"Delete schedule {number}?", "It posts nothing more. Its log stays until it is old.", "Delete"
            )
        elif element["value"] == f"run {number}":
            element["confirm"] = confirmation(f"Run schedule {number}?", "It posts to all its recipients now.", "Run")
    return row


def _again(logged: Logged) -> list[Block]:
    """A button for those recipients of the newest slot who did not get it, or of whom nobody knows."""
    missing = [fire for fire in logged.fires if resendable(fire)]
    if not missing or not logged.view.changeable:
        return []
    newest = missing[0]
    places = [_place(fire) for fire in missing if _slot_of(fire) == _slot_of(newest)]
    button: Block = {
        "type": "button",
        "action_id": RESEND_SLOT_ACTION if len(places) > 1 else RESEND_ACTION,
        "text": {"type": "plain_text", "text": "Send again", "emoji": False},
        "value": newest.key,
    }
    which = f"The last one that is missing: {_day(newest.local_date)} {newest.local_time:%H:%M}"
    return [{**section(marked(f"{which} to {', '.join(places)}")), "accessory": button}]


def _slot_of(fire: Fire) -> tuple[date, time]:
    return fire.local_date, fire.local_time


def confirmation(title: str, text: str, yes: str) -> dict[str, Any]:
    """The dialog before what can't be undone."""

    def plain(words: str) -> dict[str, Any]:
        return {"type": "plain_text", "text": words, "emoji": False}

    return {"title": plain(title), "text": plain(text), "confirm": plain(yes), "deny": plain("Cancel")}


def _lines(lines: Sequence[str]) -> Block:
    return section("\n".join(marked(line) for line in lines))


def marked(line: str) -> str:
    """A line for mrkdwn: mentions as they are, words in backticks as code, all else literal.

    Code shows no mention by its name, so code that holds one is parted around it.
    """
    line = _CODE.sub(_around_mentions, line)
    parts: list[str] = []
    at = 0
    for found in _MENTION.finditer(line):
        parts += [marked_up(line[at : found.start()]), found[0]]
        at = found.end()
    return "".join([*parts, marked_up(line[at:])])


def _around_mentions(code: re.Match[str]) -> str:
    pieces = (piece.strip() for piece in re.split(f"({_MENTION.pattern})", code[1]))
    return " ".join(piece if _MENTION.fullmatch(piece) else f"`{piece}`" for piece in pieces if piece)


# --- as text ---------------------------------------------------------------------------------------------------------


def outcome_as_text(outcome: Outcome, *, now: datetime) -> str:
    """The same for a terminal; Slack's ids stand for names."""
    return "\n".join(cleaned(line) for line in _all_lines(outcome, now)) + "\n"


def _all_lines(outcome: Outcome, now: datetime) -> list[str]:
    match outcome:
        case Listed(mine=(), here=()):
            return _empty_lines(outcome)
        case Listed():
            return [
                line
                for title, group in _groups(outcome)
                if group
                for line in (title, *(line for view in group for line in view_lines(view, now)))
            ]
        case Changed():
            return _changed_lines(outcome, now)
        case Logged():
            return _log_lines(outcome, now)


def _groups(listed: Listed) -> tuple[tuple[str, tuple[View, ...]], ...]:
    return (("All schedules" if listed.everybodys else "Your schedules", listed.mine), ("In this channel", listed.here))


def _empty_lines(listed: Listed) -> list[str]:
    if listed.everybodys:
        return ["There are no schedules."]
    return [
        "There are no schedules of yours, and none in this channel.",
        "To make one: `schedule weekdays 8:00 yesterday team:Billing`; `help schedules` says more.",
    ]


def view_lines(view: View, now: datetime) -> list[str]:
    """What a schedule says and when it posts next."""
    schedule = view.schedule
    owner = "" if view.changeable else f" · by <@{schedule.owner_id}>"
    return [f"{schedule.number} · {plan_sentence(plan_of(schedule))}{owner}", *_when_lines(view, now)]


def _when_lines(view: View, now: datetime) -> Iterator[str]:
    schedule = view.schedule
    reason = f": {schedule.reason}" if schedule.reason else ""
    if schedule.state is ScheduleState.ENDED:
        yield "Over: its last time has come."
    elif schedule.state is ScheduleState.PAUSED:
        until = f" until {_day(schedule.paused_until, now)}" if schedule.paused_until else ""
        yield f"Paused{until}{reason}"
    if view.next_slots:
        times = " · ".join(slot_label(slot, schedule.recurrence, now) for slot in view.next_slots)
        yield f"Next: {times} ({schedule.recurrence.zone})"


def _changed_lines(changed: Changed, now: datetime) -> list[str]:
    view, number = changed.view, changed.view.schedule.number
    lines = [f"{_DONE[changed.verb]}: schedule {number}."]
    if changed.verb is Verb.PAUSE:
        lines += [line for line in _when_lines(view, now) if line != "Paused"]
        lines.append(f"`resume {number}` starts it again.")
    elif changed.verb in {Verb.SCHEDULE, Verb.EDIT, Verb.RESUME}:
        lines += view_lines(view, now)
        if changed.reading:
            lines.append(f"The next post shows: {changed.reading}")
        lines.append(f"`pause {number}` stops it for a while, `delete {number}` for good.")
    elif changed.verb is Verb.DELETE:
        lines.append(plan_sentence(plan_of(view.schedule)))
    return [*lines, *changed.notes]


def _log_lines(logged: Logged, now: datetime) -> list[str]:
    schedule = logged.view.schedule
    lines = [f"Schedule {schedule.number}: {plan_sentence(plan_of(schedule))}"]
    lines += [fire_line(fire, schedule, now) for fire in logged.fires[:_LOG_DRAWN]]
    if not logged.fires:
        lines.append("Nothing has been posted yet.")
    if len(logged.fires) > _LOG_DRAWN:
        lines.append(f"Older ones are left out: {len(logged.fires) - _LOG_DRAWN}.")
    return [*lines, *_when_lines(logged.view, now)]


def fire_line(fire: Fire, schedule: Schedule, now: datetime) -> str:
    """`Tue 24 Nov 08:00 to <#C1>: sent 08:04:10, late, at the 2nd attempt`"""
    part = f" for {fire.destination.slice}" if fire.destination.slice else ""
    kind = f" ({_KINDS[fire.kind]})" if _KINDS[fire.kind] else ""
    said = [_STATES[fire.state]]
    if fire.state is FireState.SENT and fire.changed_at is not None:
        said = [f"sent {fire.changed_at.astimezone(load_zone(schedule.recurrence.zone)):%H:%M:%S}"]
    why = fire.reason or (fire.error if fire.state is not FireState.SENT else None)
    said += [
        words
        for words, holds in (
            ("late", fire.late),
            ("incomplete", fire.incomplete),
            (f"attempts: {fire.attempt}", fire.attempt > 1),
        )
        if holds
    ]
    because = f": {why}" if why else ""
    slot = f"{_day(fire.local_date, now)} {fire.local_time:%H:%M}"
    return f"{slot} to {_place(fire)}{part}{kind} – {', '.join(said)}{because}"


def _place(fire: Fire) -> str:
    sign = "#" if fire.destination.kind is DestinationKind.CHANNEL else "@"
    return f"<{sign}{fire.destination.id}>"


def slot_label(slot: Slot, rule: Recurrence, now: datetime) -> str:
    """`Wed 25 Nov 08:00`; where the clocks skip that time, the one at which it fires is said too."""
    text = f"{_day(slot.local_date, now)} {slot.local_time:%H:%M}"
    fires = slot.fire_at.astimezone(load_zone(rule.zone))
    if (fires.date(), fires.time()) == (slot.local_date, slot.local_time):
        return text
    return f"{text} (the clocks change: {fires:%H:%M})"


def _day(day: date, now: datetime | None = None) -> str:
    year = "" if now is None or day.year == now.year else f" {day.year}"
    return f"{day:%a} {day.day} {day:%b}{year}"


def plan_sentence(plan: Plan) -> str:
    """`Weekdays at 08:00 Europe/London: yesterday team:Billing, in <#C1>, skipping holidays of GB`"""
    parts = [f"{rule_sentence(plan.recurrence)}: {plan.question}"]
    parts += [target_words(target) for target in plan.targets or (Target(TargetKind.HERE),)]
    return ", ".join([*parts, *_rule_words(plan.recurrence)]).replace("in here", "here")


def _rule_words(rule: Recurrence) -> Iterator[str]:
    if rule.on_holiday is not OnHoliday.KEEP:
        moved = "skipping" if rule.on_holiday is OnHoliday.SKIP else "on the next workday after"
        whose = [f"holidays of {rule.country}"] if rule.country else []
        yield f"{moved} {' and '.join([*whose, *map(str, rule.own_holidays)])}"
    if rule.starts:
        yield f"from {rule.starts}"
    if rule.until:
        yield f"until {rule.until}"
    if rule.count:
        yield f"{rule.count} times"
