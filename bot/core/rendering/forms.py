"""The modals: a question, a schedule, a name for a question. Each shows the command that it makes.

Whoever fills a form in should need it less the next time, so the words stand on top and change with the fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.core.forms.asking import DATES, ENTITIES, FLAGS, QuestionForm, selector_words
from bot.core.forms.scheduling import DAYS, MONTHLY, SOME_DAYS, ScheduleForm
from bot.core.grammar.words import BOOKINGS, DIRECTIONS, MEDIA, OUTPUTS, WEEKDAY_NAMES
from bot.core.query import Booking, SelectorKind
from bot.core.rendering.actions import ASK_FORM, SAVE_FORM, SCHEDULE_FORM
from bot.core.rendering.blocks import render_reading
from bot.core.rendering.form_pieces import (
    choice,
    choices,
    complaint,
    field_input,
    modal,
    picker,
    search,
    slack_picker,
    text_input,
    typed,
)
from bot.core.rendering.names import escaped, marked_up, plain_text, units
from bot.core.rendering.pieces import SECTION, paragraphs, section, within

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import time

    from bot.core.forms import Problem
    from bot.core.query import Query, Selector
    from bot.core.rendering.form_pieces import Element
    from bot.core.rendering.pieces import Block

MORE_CHOICES = "form:more"
"""Action id of the button inside the question's form that shows the rest of its fields."""
LOADING = "Loading…"

_BUTTON_VALUE = 2000
_NONE = "-"
"""The value of an option that chooses nothing: Slack takes no empty one."""

WHEN = {
    "today": "Today so far",
    "yesterday": "Yesterday",
    "this week": "This week",
    "last week": "Last week",
    "this month": "This month",
    "last month": "Last month",
    "last 7 days": "Last 7 days",
    "past 24h": "Past 24 hours",
    DATES: "Days that I pick…",
}
WHOSE = {_NONE: "Everyone whom I may see", "my team": "My team", "me": "Me"}
VERSUS = {
    _NONE: "Nothing",
    "previous": "As much time just before",
    "same weekday": "The same days a week earlier",
    "month before": "The same days a month earlier",
}
ONLY = {
    **{word: word.capitalize() for word in (*MEDIA, *DIRECTIONS)},
    **dict(zip(FLAGS, ("Routed work (acd)", "Rows with activity (active)"), strict=True)),
}
PIECES = {
    _NONE: "One piece, the whole time",
    "interval": "Half-hours",
    "15m": "Quarter-hours",
    "1h": "Hours",
    "day": "Days",
    "week": "Weeks",
}
SHOW = {_NONE: "A table of agents", "intervals": "One agent's half-hours, as they happened"}
RANKS = {_NONE: "All rows"} | {
    f"{which} {count}": f"{which.capitalize()} {count}" for which in ("top", "bottom") for count in (5, 10, 20)
}
BOOKING = {
    _NONE: "As usual for such a question",
    Booking.POSTED.value: "As Genesys reports it (posted)",
    Booking.CLOCK.value: "As it happened (clock)",
}
OUTPUT = dict(zip(OUTPUTS, ("CSV file", "Excel file", "Chart", "Heat map"), strict=True))
_DAYS = {
    **{words: words.capitalize() for words in DAYS},
    SOME_DAYS: "Days of the week that I pick…",
    MONTHLY: "A day of each month…",
}
_WEEKDAYS = {str(n): name.capitalize() for n, name in enumerate(WEEKDAY_NAMES)}
_TIMES = {f"{h:02}:{m:02}": f"{h:02}:{m:02}" for h in range(24) for m in (0, 30)}
assert set(BOOKING) - {_NONE} == set(BOOKINGS)  # noqa: S101  the words of the form are the grammar's


def form_button(kind: str, label: str, text: str = "") -> Element | None:
    """A button that opens a form with a question already in it; None where the question is too long for a button.

    Args:
        kind: `ASK_FORM`, `SCHEDULE_FORM` or `SAVE_FORM`.
    """
    if units(text) > _BUTTON_VALUE:
        return None
    button: Element = {"type": "button", "action_id": kind, "text": plain_text(label)}
    return button | ({"value": text} if text else {})


def chosen_value(value: str) -> str:
    """What an option's value chooses: nothing for the one that says so."""
    return "" if value == _NONE else value


# --- a question ------------------------------------------------------------------------------------------------------


def question_view(
    form: QuestionForm,
    *,
    words: str,
    command: str,
    query: Query | None = None,
    problems: Sequence[Problem] = (),
    unheld: Sequence[str] = (),
    shifts: Sequence[str] = (),
    expanded: bool = False,
    metadata: str = "",
) -> dict[str, Any]:
    """The question's modal.

    Args:
        form: what stands in its fields.
        words: the command that it makes.
        query: the command read, where it can be.
        problems: why it can't.
        unheld: what of the question that it was opened with it can't hold.
        shifts: names of hours in the settings.
        expanded: with the fields that few need.
    """
    blocks = [
        _this_asks(words, command, query, problems),
        *(section(within(SECTION, marked_up(sentence))) for sentence in unheld[:3]),
        *_when_fields(form),
        *_whom_fields(form),
        field_input("half_hours", "Show", choice(SHOW, "intervals" if form.half_hours else _NONE), optional=False),
        field_input("pieces", "Cut into", choice(PIECES, form.pieces or _NONE), optional=False),
    ]
    if expanded:
        blocks += _further_fields(form, shifts)
    else:
        more = {"type": "button", "action_id": MORE_CHOICES, "text": plain_text("More choices")}
        blocks.append({"type": "actions", "elements": [more]})
    return modal("Ask about utilization", blocks, callback=ASK_FORM, submit="Ask", metadata=metadata)


def _this_asks(words: str, command: str, query: Query | None, problems: Sequence[Problem]) -> Block:
    lines = [typed("This asks:", command, words)]
    if problems:
        lines += [marked_up(problem.message) for problem in problems[:1]]
    elif query is not None:
        lines.append(render_reading(query))
    return section(within(SECTION, "\n".join(lines)))


def _when_fields(form: QuestionForm) -> Iterator[Block]:
    yield field_input("when", "When", choice(WHEN, form.when), optional=False)
    if form.is_dated:
        yield field_input("first", "First day", picker("datepicker", form.first.isoformat() if form.first else None))
        last = form.last.isoformat() if form.last else None
        yield field_input("last", "Last day", picker("datepicker", last), hint="Included; empty for one day.")


def _whom_fields(form: QuestionForm) -> Iterator[Block]:
    yield field_input("whose", "Whose", choice(WHOSE, form.whose or _NONE), optional=False)
    yield field_input(
        "chosen",
        "Agents, teams, queues",
        search(_labels(form.chosen), several=True, placeholder="Type two letters of a name"),
        hint="An agent has to be in all that is chosen: a team and a queue leave those who are in both.",
    )


def _further_fields(form: QuestionForm, shifts: Sequence[str]) -> Iterator[Block]:
    from bot.core.metrics import METRICS

    yield field_input("start", "From, each day", picker("timepicker", _clock(form.start)))
    yield field_input(
        "end", "To, each day", picker("timepicker", _clock(form.end)), hint="Before the start: past midnight."
    )
    if shifts:
        hours = {_NONE: "No shift"} | {name: name for name in shifts}
        yield field_input("shift", "Shift", choice(hours, form.shift or _NONE), optional=False)
    yield field_input("zone", "Zone", _zone(form.zone))
    yield field_input("versus", "Compare with", choice(VERSUS, form.versus or _NONE), optional=False)
    yield field_input("people", "People, by their Slack names", slack_picker("multi_users_select", form.people))
    yield field_input(
        "without", "Leave out", search(_labels(form.without), several=True, placeholder="Type two letters of a name")
    )
    yield field_input("only", "Only", choices(ONLY, form.only, placeholder="All work"))
    entities = {dimension.value: dimension.value.capitalize() for dimension in ENTITIES}
    yield field_input(
        "rows", "A row stands for", choices(entities, (d.value for d in form.rows), placeholder="An agent")
    )
    metrics = {_NONE: "Name"} | {metric.name: metric.label for metric in METRICS}
    yield field_input("sort", "Sorted by", choice(metrics, form.sort or _NONE), optional=False)
    yield field_input("rank", "Rows", choice(RANKS, form.rank or _NONE), optional=False)
    yield field_input("booking", "Time is booked", choice(BOOKING, form.booking or _NONE), optional=False)
    yield field_input("outputs", "Also as", choices(OUTPUT, form.outputs, placeholder="The table alone"))
    yield field_input(
        "more",
        "Further words",
        text_input(form.more, placeholder="below 60%"),
        hint="Anything else, as one types it after the command.",
    )


def _clock(moment: time | None) -> str | None:
    return f"{moment:%H:%M}" if moment else None


def _zone(name: str) -> Element:
    return search({name: name} if name else {}, several=False, placeholder="My own; type a city or a zone")


def _labels(selectors: Sequence[Selector]) -> dict[str, str]:
    return {selector_words(selector): selector_label(selector) for selector in selectors}


def selector_label(selector: Selector) -> str:
    """How a choice is called in a list: agents by their names, all else with its kind."""
    match selector.kind:
        case SelectorKind.ME:
            return "Me"
        case SelectorKind.MY_TEAM:
            return "My team"
        case SelectorKind.AGENT | SelectorKind.EMAIL | SelectorKind.MENTION:
            return selector.value
        case kind:
            return f"{kind.value.capitalize()} {selector.value}"


# --- a schedule ------------------------------------------------------------------------------------------------------


def schedule_view(
    form: ScheduleForm,
    *,
    words: str,
    command: str,
    problems: Sequence[Problem] = (),
    metadata: str = "",
) -> dict[str, Any]:
    """The schedule's modal.

    Args:
        form: what stands in its fields.
        words: the command that it makes.
        problems: what was wrong with it when it was handed in, each shown under its field.
    """
    said = {problem.field: problem.message for problem in problems}
    blocks = [section(within(SECTION, typed("This says:", command, words)))]
    for name, field in _schedule_fields(form):
        blocks.append(field)
        if name in said:
            blocks.append(complaint(said[name], mentions=(*form.people, *form.channels)))
    title = "Schedule a question" if form.number is None else f"Schedule {form.number}"
    submit = "Schedule" if form.number is None else "Change"
    return modal(title, blocks, callback=SCHEDULE_FORM, submit=submit, metadata=metadata)


def _schedule_fields(form: ScheduleForm) -> Iterator[tuple[str, Block]]:
    question = text_input(form.question, placeholder="yesterday team:Billing")
    hint = "Said in words that move with the days: yesterday, last week."
    yield "question", field_input("question", "Question", question, optional=False, hint=hint)
    yield "days", field_input("days", "Days", choice(_DAYS, form.days), optional=False)
    if form.days == SOME_DAYS:
        picked = choices(_WEEKDAYS, map(str, sorted(form.weekdays)), placeholder="Monday, Thursday")
        yield "weekdays", field_input("weekdays", "Days of the week", picked)
    if form.days == MONTHLY:
        numbers = {str(n): str(n) for n in range(1, 32)}
        hint = "In shorter months the last day stands for the 31st."
        day = choice(numbers, str(form.month_day or 1))
        yield "month_day", field_input("month_day", "Day of the month", day, optional=False, hint=hint)
    times = choices(_TIMES, (f"{moment:%H:%M}" for moment in form.times), placeholder="08:00")
    yield "times", field_input("times", "Times", times, optional=False)
    yield "zone", field_input("zone", "Zone", _zone(form.zone))
    people = slack_picker("multi_users_select", form.people)
    yield "people", field_input("people", "To people", people, hint="Without anybody it comes to you.")
    channels = slack_picker(
        "multi_conversations_select",
        form.channels,
        filter={
            "include": ["public", "private"],
            "exclude_bot_users": True,
            "exclude_external_shared_channels": True,
        },
    )
    yield "channels", field_input("channels", "In channels", channels, hint="I have to be a member of each.")
    holidays = text_input(form.holidays, placeholder="GB", longest=30)
    yield "holidays", field_input("holidays", "Skip the public holidays of", holidays, hint="A country, or its part.")
    until = picker("datepicker", form.until.isoformat() if form.until else None)
    yield "until", field_input("until", "Last day", until)
    more = text_input(form.more, placeholder="missed all, wait 30m for 95%")
    yield "more", field_input("more", "Further words", more, hint="Anything else, as one types it.")


# --- a name for a question -------------------------------------------------------------------------------------------


def save_view(
    *,
    name: str = "",
    question: str,
    in_channel: bool,
    for_channel: bool = False,
    problems: Sequence[Problem] = (),
    metadata: str = "",
) -> dict[str, Any]:
    """The modal that gives a question a name.

    Args:
        in_channel: it was opened in a channel, which may have the question too.
    """
    said = {problem.field: problem.message for problem in problems}
    blocks = [
        field_input("name", "Name", text_input(name, placeholder="morning", longest=60), optional=False, live=False)
    ]
    blocks += [complaint(said["name"])] if "name" in said else []
    asked = text_input(question, placeholder="yesterday team:Billing")
    hint = "Words such as yesterday are read anew each time."
    blocks.append(field_input("question", "Question", asked, optional=False, hint=hint, live=False))
    blocks += [complaint(said["question"])] if "question" in said else []
    if in_channel:
        who = choice(SAVE_FOR, CHANNEL if for_channel else MINE)
        blocks.append(field_input("owner", "For", who, optional=False, live=False))
    return modal("Save a question", blocks, callback=SAVE_FORM, submit="Save", metadata=metadata)


MINE, CHANNEL = "mine", "channel"
SAVE_FOR = {MINE: "Me alone", CHANNEL: "Everybody in this channel"}


# --- in between and after --------------------------------------------------------------------------------------------


def waiting_view(title: str, *, metadata: str = "") -> dict[str, Any]:
    """A modal while something is fetched or checked."""
    return modal(title, [section(escaped(LOADING))], callback="form:waiting", submit=None, metadata=metadata)


def done_view(title: str, lines: Mapping[str, str] | Sequence[str]) -> dict[str, Any]:
    """A modal that says what came of it; `lines` are marked up already."""
    blocks = [section(text) for text in paragraphs(list(lines))][:20]
    return modal(title, blocks or [section("–")], callback="form:done", submit=None, close="Close")
