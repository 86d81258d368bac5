"""The Home tab: what one person has here, each thing with its next step.

Buttons that ask something carry the command and are answered by direct message; those that change something here
are answered on top of the page. Slack takes a hundred blocks, so every list is cut, and says how the rest is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.core.defaults import NOTHING_CHOSEN, Defaults, DurationStyle
from bot.core.forms.asking import selector_of
from bot.core.grammar.choices import CHOICES, words_of
from bot.core.grammar.words import WEEKDAY_NAMES
from bot.core.query import Selector, SelectorKind
from bot.core.rendering.actions import ASK_FORM, SCHEDULE_FORM, Action
from bot.core.rendering.form_pieces import choice, choices, field_input, modal, search
from bot.core.rendering.forms import form_button
from bot.core.rendering.names import capped, cleaned, escaped, marked_up, plain_text, raw_text, safe_text, units
from bot.core.rendering.pieces import SECTION, context, header, section, within
from bot.core.rendering.schedules import confirmation, fire_line, marked, view_lines
from bot.core.scheduling import ScheduleState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from bot.core.memos import Asked, Saved
    from bot.core.orders import View
    from bot.core.rendering.form_pieces import Element
    from bot.core.rendering.pieces import Block
    from bot.core.scheduling import Fire

DO_ACTION = "home:do"
"""Action id, with a word behind it, of the buttons that change something on the page; the value is the command."""
SETTINGS_ACTION, SETTINGS_FORM = "home:settings", "form:settings"

MOST_SAVED, MOST_SCHEDULES, MOST_ASKED = 12, 10, 5
_VALUE = 2000
_LINE = 300
_EXAMPLES = (
    "yesterday team:Billing",
    "last week by day",
    "intervals me yesterday",
    "yesterday vs same weekday",
    "help",
)


@dataclass(frozen=True, slots=True)
class HomePage:
    """What stands on one person's Home tab; None: this bot keeps no such thing."""

    command: str
    now: datetime
    defaults: Defaults = NOTHING_CHOSEN
    zone: str = "UTC"
    """In which her days begin, whoever chose it."""
    saved: tuple[Saved, ...] | None = None
    schedules: tuple[tuple[View, Fire | None], ...] | None = None
    """Each with the last that became of it."""
    agent: str | None = None
    """Name of the agent that she is; None: nobody's."""
    linked: bool = False
    """Confirmed by her, or set for her; else the addresses are the same."""
    asked: tuple[Asked, ...] = ()
    notice: str = ""
    """What came of the last press here: marked up."""
    remembers: bool = False
    """There is a memory of what she chooses."""


def home_view(page: HomePage) -> dict[str, Any]:
    """The view for `views.publish`."""
    blocks: list[Block] = []
    if page.notice:
        blocks += [section(within(SECTION, page.notice)), {"type": "divider"}]
    blocks += _asking(page)
    if page.saved is not None:
        blocks += _saved(page.saved)
    if page.schedules is not None:
        blocks += _schedules(page.schedules, page.now)
    blocks += _asked(page.asked)
    if page.remembers:
        blocks += _settings(page)
    blocks += _agent(page)
    blocks += _help(page)
    return {"type": "home", "blocks": blocks}


def message_view(text: str) -> dict[str, Any]:
    """A Home tab that says one thing: marked up."""
    return {"type": "home", "blocks": [section(within(SECTION, text))]}


# --- parts -----------------------------------------------------------------------------------------------------------


def _asking(page: HomePage) -> Iterator[Block]:
    yield header("Ask")
    yield section(marked_up(f"Type `{page.command} yesterday` anywhere, write to me, or pick whom and when in a form."))
    buttons = [
        form_button(ASK_FORM, "Ask with a form"),
        *([form_button(SCHEDULE_FORM, "Schedule a question")] if page.schedules is not None else []),
        _ask("Yesterday", "yesterday", "quick_1"),
        _ask("Today so far", "today", "quick_2"),
    ]
    yield _row(buttons)


def _saved(saved: Sequence[Saved]) -> Iterator[Block]:
    yield header("Saved questions")
    if not saved:
        yield section(marked_up("None yet. `save morning yesterday team:Billing` keeps one, or Save… under an answer."))
    for number, one in enumerate(saved[:MOST_SAVED]):
        yield section(marked_up(f"`{_short(one.name)}`: {_short(one.question)}"))
        delete = _do("Delete", one.delete, f"unsave_{number}", sure=f"Delete “{raw_text(one.name)}”?")
        yield _row([_ask("Run", one.run, f"saved_{number}"), _schedule(one.question), delete])
    if len(saved) > MOST_SAVED:
        yield context(f"{len(saved) - MOST_SAVED} more: “saved” lists them all.")


def _schedules(schedules: Sequence[tuple[View, Fire | None]], now: datetime) -> Iterator[Block]:
    yield header("Your schedules")
    if not schedules:
        yield section(marked_up("None yet. `schedule weekdays 8:00 yesterday team:Billing` makes one."))
    for view, last in schedules[:MOST_SCHEDULES]:
        number = view.schedule.number
        lines = view_lines(view, now)
        lines.append(f"Last: {fire_line(last, view.schedule, now)}" if last else "Nothing has been posted yet.")
        yield section(within(SECTION, "\n".join(marked(line) for line in lines)))
        paused = view.schedule.state is ScheduleState.PAUSED
        turn = _do("Resume", f"resume {number}", f"resume_{number}") if paused else None
        if view.schedule.state is ScheduleState.ACTIVE:
            turn = _do("Pause", f"pause {number}", f"pause_{number}")
        yield _row(
            [
                turn,
                _ask("Test", f"test {number}", f"test_{number}"),
                _ask("Log", f"log {number}", f"log_{number}"),
                form_button(SCHEDULE_FORM, "Edit…", f"edit {number}"),
                _do("Delete", f"delete {number}", f"delete_{number}", sure=f"Delete schedule {number}?"),
            ]
        )
    if len(schedules) > MOST_SCHEDULES:
        yield context(f"{len(schedules) - MOST_SCHEDULES} more: “schedules” lists them all.")


def _asked(asked: Sequence[Asked]) -> Iterator[Block]:
    if not asked:
        return
    yield header("Asked last")
    for number, one in enumerate(asked[:MOST_ASKED]):
        words = one.text or "today my team"
        button = _ask("Again", words, f"again_{number}")
        block = section(marked_up(f"`{_short(words)}`"))
        yield block | ({"accessory": button} if button else {})


def _settings(page: HomePage) -> Iterator[Block]:
    yield header("Your settings")
    chosen = {key: words for key in CHOICES if (words := words_of(page.defaults, key)) is not None}
    said = [f"*{escaped(CHOICES[key].label)}*: {safe_text(words, limit=_LINE)}" for key, words in chosen.items()]
    if "zone" not in chosen:
        said.insert(0, f"*{escaped(CHOICES['zone'].label)}*: {escaped(page.zone)}, from Slack or the usual")
    usual = [one.label.lower() for key, one in CHOICES.items() if key not in {*chosen, "zone"}]
    said += [f"As usual: {escaped(', '.join(usual))}"] if usual else []
    yield section(within(SECTION, "\n".join(said)))
    change: Element = {"type": "button", "action_id": SETTINGS_ACTION, "text": plain_text("Change…")}
    yield _row([change])


def _agent(page: HomePage) -> Iterator[Block]:
    yield header("You in Genesys")
    if page.agent is None:
        yield section("Nobody: no agent is linked to you, so `me` and `my team` mean no one.")
    else:
        how = "linked" if page.linked else "by your e-mail address"
        yield section(f"*{safe_text(page.agent)}* ({how})")
    if page.remembers:
        unlink = _do("Unlink", "unlink", "unlink", sure="Unlink you from this agent?") if page.agent else None
        yield _row([_ask("Link…", "link", "link"), unlink, _ask("Who am I", "whoami", "whoami")])


def _help(page: HomePage) -> Iterator[Block]:
    yield header("Help")
    examples = "\n".join(f"• `{escaped(page.command)} {escaped(words)}`" for words in _EXAMPLES)
    yield section(f"{examples}\nWords go in any order; what I make of them stands above each answer.")
    yield _row([_ask("All words", "help", "help"), _ask("Schedules", "help schedules", "help_schedules")])


# --- pieces ----------------------------------------------------------------------------------------------------------


def _short(outside: str) -> str:
    return capped(cleaned(outside), _LINE).replace("`", "’")


def _row(elements: Sequence[Element | None]) -> Block:
    return {"type": "actions", "elements": [element for element in elements if element is not None]}


def _ask(label: str, command: str, kind: str) -> Element | None:
    """A button that asks, and is answered by direct message."""
    action = Action(kind, label, command)
    if not action.fits:
        return None
    return {"type": "button", "action_id": action.action_id, "text": plain_text(label), "value": command}


def _do(label: str, command: str, kind: str, *, sure: str = "") -> Element | None:
    """A button that changes something on this page."""
    if not 0 < units(command) <= _VALUE:
        return None
    button: Element = {
        "type": "button",
        "action_id": f"{DO_ACTION}:{kind}",
        "text": plain_text(label),
        "value": command,
    }
    if sure:
        button |= {"style": "danger", "confirm": confirmation(sure, "It can't be undone here.", label)}
    return button


def _schedule(question: str) -> Element | None:
    return form_button(SCHEDULE_FORM, "Schedule…", question)


# --- the form for settings -------------------------------------------------------------------------------------------

_DURATIONS = {style.value: words for style, words in zip(DurationStyle, ("6h 32m", "06:32:00", "6.53 h"), strict=True)}
AS_USUAL = "-"


def settings_view(defaults: Defaults, *, metadata: str = "") -> dict[str, Any]:
    """The modal for a person's choices: each field holds the words that `settings` takes."""
    from bot.core.metrics import METRICS

    metrics = {metric.name: metric.label for metric in METRICS}
    usual = {AS_USUAL: "As usual"}
    fields: Mapping[str, Element] = {
        "zone": search(_as_option(defaults.zone), several=False, placeholder="As Slack has it; type a city or a zone"),
        "team": search(_team_option(defaults.team), several=False, placeholder="Mine in Genesys; type two letters"),
        "columns": choices(metrics, defaults.columns, placeholder="As usual"),
        "headline": choice(usual | metrics, defaults.headline or AS_USUAL),
        "dates": choice(usual | _DATES, defaults.date_order or AS_USUAL),
        "durations": choice(
            usual | {words: words for words in _DURATIONS.values()}, words_of(defaults, "durations") or AS_USUAL
        ),
        "week": choice(usual | {d: d.capitalize() for d in WEEKDAY_NAMES}, words_of(defaults, "week") or AS_USUAL),
        "separator": choice(usual | _SEPARATORS, words_of(defaults, "separator") or AS_USUAL),
        "decimal": choice(usual | _DECIMALS, words_of(defaults, "decimal") or AS_USUAL),
    }
    blocks = [
        field_input(f"set_{key}", CHOICES[key].label, element, live=False, hint=f"Typed: {CHOICES[key].example}")
        for key, element in fields.items()
    ]
    return modal("Your settings", blocks, callback=SETTINGS_FORM, submit="Keep", metadata=metadata)


_DATES = {"DMY": "20/11 is 20 November", "MDY": "11/20 is 20 November", "YMD": "2026/11/20"}
_SEPARATORS = {"comma": "Comma", "semicolon": "Semicolon", "tab": "Tab"}
_DECIMALS = {"point": "Point: 6.53", "comma": "Comma: 6,53"}


def _as_option(value: str | None) -> dict[str, str]:
    return {value: value} if value else {}


def _team_option(name: str | None) -> dict[str, str]:
    return {team_words(name): f"Team {name}"} if name else {}


def team_words(name: str) -> str:
    """A team as the value of an option."""
    from bot.core.forms.asking import selector_words

    return selector_words(Selector(SelectorKind.TEAM, name))


def team_of(words: str) -> str:
    """The team that an option's value names; empty where it names none."""
    selector = selector_of(words)
    return selector.value if selector is not None and selector.kind is SelectorKind.TEAM else ""
