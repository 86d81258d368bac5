"""What may stand after `settings`: each choice with its words, read into `Defaults` and told back as one types it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bot.core.defaults import NOTHING_CHOSEN, Defaults, DurationStyle
from bot.core.grammar.how import read_metric
from bot.core.grammar.places import read_place
from bot.core.grammar.scanner import Scanner
from bot.core.grammar.words import WEEKDAY_NAMES, WEEKDAYS
from bot.errors import CommandError, UnknownCommandError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_COLUMNS = 12
"""Columns that one table may draw: more fit on no screen."""
LONGEST_TEAM = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """One setting: how it is typed, what it is, and what may stand there."""

    name: str
    """As typed after `settings`."""
    attribute: str
    """Its field of `Defaults`."""
    label: str
    values: str
    """What may stand there, for people."""
    example: str
    """A whole command."""
    read: Callable[[str], Any] = field(repr=False)
    words: Callable[[Any], str] = field(repr=False, default=str)
    """The value as one types it."""
    aliases: tuple[str, ...] = ()


# --- values ----------------------------------------------------------------------------------------------------------


def _zone(typed: str) -> str:
    scan = Scanner.over(f"in {typed.removeprefix('in ')}")
    try:
        zone = read_place(scan)
    except CommandError as error:
        choices = tuple((name, f"settings zone {name}") for name, _ in error.choices)
        hint = f"settings zone {choices[0][0]}" if choices else "settings zone Europe/London"
        raise CommandError(error.message, hint=hint, code=error.code, choices=choices) from None
    if zone is None or not scan.done:
        raise CommandError(f"I know no zone `{typed}`.", hint="settings zone Europe/London", code="unknown_zone")
    return zone.key


def _team(typed: str) -> str:
    name = " ".join(typed.replace('"', " ").split()).removeprefix("team:").strip()
    if not name or len(name) > LONGEST_TEAM:
        raise _unknown("A team is named as it is in Genesys.", "team")
    return name


def _columns(typed: str) -> tuple[str, ...]:
    found = _metrics(typed, "columns")
    if len(found) > MOST_COLUMNS:
        raise CommandError(
            f"That is {len(found)} columns; a table draws {MOST_COLUMNS} at most.",
            hint=CHOICES["columns"].example,
            code="too_many",
        )
    return found


def _headline(typed: str) -> str:
    found = _metrics(typed, "headline")
    if len(found) != 1:
        raise _unknown("The headline is one metric.", "headline")
    return found[0]


def _metrics(typed: str, key: str) -> tuple[str, ...]:
    """Column names of metrics in a row, commas or not, each once."""
    scan = Scanner.over(typed)
    found: dict[str, None] = {}
    scan.skip_gap()
    while not scan.done:
        found[read_metric(scan, f"settings {key}", example=CHOICES[key].example)] = None
        scan.skip_gap()
    return tuple(found)


def _date_order(typed: str) -> str:
    order = typed.upper().replace("/", "").replace(" ", "")
    if order not in {"DMY", "MDY", "YMD"}:
        raise _unknown(f"`{typed}` is no order of dates: DMY (20/11), MDY (11/20) or YMD (2026/11/20).", "dates")
    return order


def _weekday(typed: str) -> int:
    day = WEEKDAYS.get(typed.lower())
    if day is None:
        raise _unknown(f"`{typed}` is no weekday.", "week")
    return day


_DURATIONS = {
    **dict.fromkeys(("words", "6h 32m", "6h32m"), DurationStyle.WORDS),
    **dict.fromkeys(("clock", "06:32:00", "6:32:00", "hh:mm:ss", "h:mm:ss"), DurationStyle.CLOCK),
    **dict.fromkeys(("decimal", "hours", "6.53 h", "6.53h", "6.53"), DurationStyle.DECIMAL),
}
_DURATION_WORDS = {DurationStyle.WORDS: "6h 32m", DurationStyle.CLOCK: "06:32:00", DurationStyle.DECIMAL: "6.53 h"}
_SEPARATORS = {
    **dict.fromkeys((",", "comma"), ","),
    **dict.fromkeys((";", "semicolon"), ";"),
    **dict.fromkeys(("\t", "tab"), "\t"),
}
_SEPARATOR_WORDS = {",": "comma", ";": "semicolon", "\t": "tab"}
_DECIMALS = {**dict.fromkeys((".", "point"), "."), **dict.fromkeys((",", "comma"), ",")}
_DECIMAL_WORDS = {".": "point", ",": "comma"}


def _one_of(key: str, known: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(typed: str) -> Any:
        value = known.get(typed.lower())
        if value is None:
            raise _unknown(f"`{typed}` is none of these: {CHOICES[key].values}.", key)
        return value

    return read


def _unknown(message: str, key: str) -> CommandError:
    return UnknownCommandError(message, hint=CHOICES[key].example, code="unknown_value")


def _metric_words(columns: Any) -> str:
    from bot.core.grammar.formatting import metric_words

    return ", ".join(metric_words(column) for column in ([columns] if isinstance(columns, str) else columns))


_ALL = (
    Choice("zone", "zone", "Zone", "a zone or a city", "settings zone Europe/London", _zone),
    Choice("team", "team", "Team", "a team of Genesys's", "settings team Billing", _team),
    Choice(
        "columns",
        "columns",
        "Columns",
        "metrics in their order",
        "settings columns handle acw occupancy",
        _columns,
        _metric_words,
    ),
    Choice("headline", "headline", "Headline", "one metric", "settings headline occupancy", _headline, _metric_words),
    Choice(
        "dates", "date_order", "Dates", "DMY, MDY or YMD", "settings dates DMY", _date_order, aliases=("date order",)
    ),
    Choice(
        "durations",
        "durations",
        "Durations",
        "6h 32m, 06:32:00 or 6.53 h",
        "settings durations 06:32:00",
        _one_of("durations", _DURATIONS),
        _DURATION_WORDS.__getitem__,
    ),
    Choice(
        "week",
        "week_start",
        "Week begins on",
        "a weekday",
        "settings week sunday",
        _weekday,
        WEEKDAY_NAMES.__getitem__,
        aliases=("week start",),
    ),
    Choice(
        "separator",
        "csv_separator",
        "CSV columns parted by",
        "comma, semicolon or tab",
        "settings separator semicolon",
        _one_of("separator", _SEPARATORS),
        _SEPARATOR_WORDS.__getitem__,
    ),
    Choice(
        "decimal",
        "csv_decimal",
        "CSV decimal sign",
        "point or comma",
        "settings decimal comma",
        _one_of("decimal", _DECIMALS),
        _DECIMAL_WORDS.__getitem__,
    ),
)
CHOICES: Mapping[str, Choice] = MappingProxyType({choice.name: choice for choice in _ALL})
"""Every setting by its word, in the order in which they are listed."""
CHOICE_WORDS: Mapping[str, str] = MappingProxyType(
    {word: choice.name for choice in _ALL for word in (choice.name, *choice.aliases)}
)
"""What may be typed for a setting → its name."""


# --- there and back --------------------------------------------------------------------------------------------------


def value_of(key: str, typed: str) -> Any:
    """The value that the words mean for that setting.

    Raises:
        CommandError: they mean none; the hint shows what works.
    """
    words = typed.strip(" ")
    if not words:
        raise CommandError(
            f"`settings {key}` needs what it shall be: {CHOICES[key].values}.",
            hint=CHOICES[key].example,
            code="missing_object",
        )
    return CHOICES[key].read(words)


def with_setting(defaults: Defaults, key: str, typed: str) -> Defaults:
    """The choices with one of them said anew.

    Raises:
        CommandError: the words mean nothing for that setting.
    """
    return replace(defaults, **{CHOICES[key].attribute: value_of(key, typed)})


def without_setting(defaults: Defaults, key: str) -> Defaults:
    """The choices without one of them."""
    return replace(defaults, **{CHOICES[key].attribute: getattr(NOTHING_CHOSEN, CHOICES[key].attribute)})


def words_of(defaults: Defaults, key: str) -> str | None:
    """A choice as one types it; None where none was made."""
    value = getattr(defaults, CHOICES[key].attribute)
    return None if value is None or value == () else CHOICES[key].words(value)


def settings_words(defaults: Defaults) -> tuple[tuple[str, str], ...]:
    """(setting, value as typed) of every choice that was made."""
    return tuple((key, words) for key in CHOICES if (words := words_of(defaults, key)) is not None)


def defaults_to_json(defaults: Defaults) -> dict[str, str]:
    """The choices in the words that `settings` takes: a file of them can be read and written by hand."""
    return dict(settings_words(defaults))


def defaults_from_json(value: object) -> Defaults:
    """The way back.

    Raises:
        ValueError: naming the entry that can't be read.
    """
    if not isinstance(value, Mapping):
        raise ValueError("settings are an object: words by setting")  # noqa: TRY004  a file is bad, not a call
    defaults = NOTHING_CHOSEN
    for key, words in value.items():
        if key not in CHOICES or not isinstance(words, str):
            raise ValueError(f"{key}: no such setting; there are {', '.join(CHOICES)}")
        try:
            defaults = with_setting(defaults, key, words)
        except CommandError as error:
            raise ValueError(f"{key}: {error.message}") from error
    return defaults
