"""What stands in a modal's inputs, as Slack sends it back: user input, believed no further than this."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, time
from typing import TYPE_CHECKING, Any

from bot.core.forms import QuestionForm, ScheduleForm
from bot.core.forms.asking import ENTITIES, ONLY, selector_of
from bot.core.forms.scheduling import DAYS, MONTHLY, SOME_DAYS
from bot.core.grammar.how import CUT_WORDS
from bot.core.grammar.words import BOOKINGS, OUTPUTS
from bot.core.metrics import find_metric
from bot.core.query import Dimension
from bot.core.rendering.form_pieces import FIELD
from bot.core.rendering.forms import WHOSE, chosen_value
from bot.core.zones import zone_names

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Self

    from bot.core.query import Selector

_SLACK_ID = re.compile(r"[UWCGD][A-Z0-9]{1,30}")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{1,30}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}\.[0-9]{1,8}")
_RANK = re.compile(r"(?:top|bottom) [0-9]{1,4}")
_MONTH_DAY = re.compile(r"[1-9]|[12][0-9]|3[01]")
_ONE_LINE = re.compile(r"\s+")
LONGEST_METADATA = 3_000
"""Characters that Slack keeps with a view."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a form was opened, and how far it is unfolded: what it carries along."""

    channel_id: str | None = None
    thread_ts: str | None = None
    expanded: bool = False
    number: int | None = None
    """Of the schedule that is edited."""

    @property
    def is_shared(self) -> bool:
        """Whether others read along where it was opened."""
        return self.channel_id is not None and not self.channel_id.startswith("D")

    def as_metadata(self) -> str:
        """For `private_metadata`."""
        said = {"channel": self.channel_id, "thread": self.thread_ts, "more": self.expanded, "number": self.number}
        return json.dumps({name: value for name, value in said.items() if value}, separators=(",", ":"))

    @classmethod
    def of(cls, metadata: object) -> Self:
        """What came back; whatever isn't ours counts as not said."""
        try:
            said = json.loads(_text(metadata)[:LONGEST_METADATA] or "{}")
        except (ValueError, RecursionError):
            said = {}
        if not isinstance(said, dict):
            return cls()
        number = said.get("number")
        return cls(
            channel_id=_matching(_CHANNEL, said.get("channel")),
            thread_ts=_matching(_TIMESTAMP, said.get("thread")),
            expanded=said.get("more") is True,
            number=number if type(number) is int and 0 < number < 10**9 else None,
        )


class Values:
    """The values of a view's inputs, by field."""

    def __init__(self, view: Mapping[str, Any]) -> None:
        state = view.get("state")
        values = state.get("values") if isinstance(state, dict) else None
        self._values: Mapping[str, Any] = values if isinstance(values, dict) else {}

    def has(self, name: str) -> bool:
        """Whether the view shows this field."""
        return FIELD + name in self._values

    def text(self, name: str) -> str:
        """What was typed, on one line; empty where nothing was."""
        return _ONE_LINE.sub(" ", _text(self._element(name).get("value"))).strip()

    def option(self, name: str) -> str:
        """The value of the chosen option; empty where it chooses nothing."""
        chosen = self._element(name).get("selected_option")
        return chosen_value(_text(chosen.get("value"))) if isinstance(chosen, dict) else ""

    def options(self, name: str) -> tuple[str, ...]:
        """The values of the chosen options."""
        chosen = self._element(name).get("selected_options")
        found = [_text(o.get("value")) for o in chosen if isinstance(o, dict)] if isinstance(chosen, list) else []
        return tuple(dict.fromkeys(filter(None, found)))

    def ids(self, name: str, key: str) -> tuple[str, ...]:
        """Slack ids of the chosen people or conversations."""
        chosen = self._element(name).get(key)
        found = [_matching(_SLACK_ID, c) for c in chosen] if isinstance(chosen, list) else []
        return tuple(dict.fromkeys(filter(None, found)))

    def day(self, name: str) -> date | None:
        """The picked day."""
        try:
            return date.fromisoformat(_text(self._element(name).get("selected_date")))
        except ValueError:
            return None

    def clock(self, name: str) -> time | None:
        """The picked time."""
        return _time(_text(self._element(name).get("selected_time")))

    def _element(self, name: str) -> Mapping[str, Any]:
        block = self._values.get(FIELD + name)
        element = block.get(FIELD + name) if isinstance(block, dict) else None
        return element if isinstance(element, dict) else {}


def question_form(view: Mapping[str, Any]) -> QuestionForm:
    """The question's form as it stands; a value that no field offers counts as not chosen."""
    values = Values(view)
    return QuestionForm(
        when=values.option("when") or "today",
        first=values.day("first"),
        last=values.day("last"),
        start=values.clock("start"),
        end=values.clock("end"),
        shift=_word(values.option("shift")),
        versus=values.option("versus"),
        zone=_one_of(values.option("zone"), zone_names()),
        whose=_one_of(values.option("whose"), WHOSE),
        people=values.ids("people", "selected_users"),
        chosen=_selectors(values.options("chosen")),
        without=_selectors(values.options("without")),
        only=frozenset(values.options("only")) & frozenset(ONLY),
        half_hours=values.option("half_hours") == "intervals",
        rows=tuple(Dimension(row) for row in values.options("rows") if row in {d.value for d in ENTITIES}),
        pieces=_one_of(values.option("pieces"), frozenset(CUT_WORDS.values())),
        sort=_metric(values.option("sort")),
        rank=_matching(_RANK, values.option("rank")) or "",
        booking=_one_of(values.option("booking"), BOOKINGS),
        outputs=frozenset(values.options("outputs")) & frozenset(OUTPUTS),
        more=values.text("more"),
    )


def schedule_form(view: Mapping[str, Any], number: int | None) -> ScheduleForm:
    """The schedule's form as it stands."""
    values = Values(view)
    month_day = values.option("month_day")
    times = sorted({moment for text in values.options("times") if (moment := _time(text))})
    return ScheduleForm(
        number=number,
        question=values.text("question"),
        days=_one_of(values.option("days"), {*DAYS, SOME_DAYS, MONTHLY}) or "weekdays",
        weekdays=frozenset(int(day) for day in values.options("weekdays") if day in {*"0123456"}),
        month_day=int(month_day) if _MONTH_DAY.fullmatch(month_day) else None,
        times=tuple(times),
        zone=_one_of(values.option("zone"), zone_names()),
        people=values.ids("people", "selected_users"),
        channels=values.ids("channels", "selected_conversations"),
        holidays=values.text("holidays"),
        until=values.day("until"),
        more=values.text("more"),
    )


def _selectors(words: tuple[str, ...]) -> tuple[Selector, ...]:
    return tuple(dict.fromkeys(s for s in map(selector_of, words) if s is not None))


def _metric(name: str) -> str:
    metric = find_metric(name)
    return metric.name if metric is not None else ""


def _word(text: str) -> str:
    """One word, or nothing: it stands in the command without quotes."""
    return text if re.fullmatch(r"[\w.-]{1,40}", text) else ""


def _one_of(value: str, known: Collection[str]) -> str:
    return value if value in known else ""


def _matching(pattern: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _time(text: str) -> time | None:
    try:
        return time.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
