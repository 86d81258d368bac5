"""An answer → at most two of Slack's native charts, or the reason why there is none.

Slack draws up to 20 categories of up to 20 characters, needs a point of every series in each, and has no sign for a
missing number: what has none is left out and said in words, and so is everything else for which there is no room.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.answer import Missing, Unit
from bot.core.query import Dimension
from bot.core.rendering import figures, wording
from bot.core.rendering.chosen import chosen_rows, ranked
from bot.core.rendering.courses import counted, courses_of, picture_column
from bot.core.rendering.layout import label_dimensions
from bot.core.rendering.names import capped, fitted, raw_text, units, width_of
from bot.core.rendering.sums import Figure, adds_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.core.answer import Answer, Column, Row
    from bot.core.defaults import DurationStyle
    from bot.core.rendering.courses import Courses
    from bot.core.rendering.pieces import Block

CATEGORIES, CHARTS = 20, 2
"""What Slack takes in a chart, and in a message."""

_LABEL, _TITLE = 20, 50
_SEGMENTS = 12
_SERIES = 5
"""Groups that are still told apart; more are drawn together."""
_NAMED = 4
_BAR = 10
_FEWER_SLOTS = (10_000, 72, 47, 40, 24)
"""How many buckets to try, from narrow to wide ones: two charts hold 40, and those without a figure don't count."""
_NO_CHART = "No chart: "


@dataclass(frozen=True, slots=True)
class Charts:
    """Blocks for Slack; the same as lines of text; and what neither shows, in sentences."""

    blocks: tuple[Block, ...] = ()
    notes: tuple[str, ...] = ()
    drawn: tuple[Drawn, ...] = ()

    def lines(self, width: int) -> tuple[str, ...]:
        """Bars of characters, for a terminal."""
        return tuple(line for chart in self.drawn for line in ("", *chart.lines(width)))


@dataclass(frozen=True, slots=True)
class Point:
    """One category: a figure for each series."""

    label: str
    figures: tuple[Figure, ...]

    @property
    def missing(self) -> Missing | None:
        """Why it can't be drawn; None: it can."""
        return next((f.missing or Missing.NO_DATA for f in self.figures if f.value is None), None)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One chart: categories that all series have a figure for."""

    title: str
    column: Column
    series: tuple[str, ...]
    points: tuple[Point, ...]
    axis: str
    """What the categories are."""
    durations: DurationStyle
    pie: bool = False

    def block(self) -> Block:
        """The chart within Slack's limits."""
        labels = unique_labels([point.label for point in self.points])
        scale = _Scale.of(self.column, [f.value or 0.0 for point in self.points for f in point.figures])
        title = capped(self.title, _TITLE)
        if self.pie:
            segments = [
                {"label": label, "value": scale.value(point.figures[0])}
                for label, point in zip(labels, self.points, strict=True)
            ]
            return {"type": "data_visualization", "title": title, "chart": {"type": "pie", "segments": segments}}
        series = [
            {
                "name": name,
                "data": [
                    {"label": label, "value": scale.value(point.figures[place])}
                    for label, point in zip(labels, self.points, strict=True)
                ],
            }
            for place, name in enumerate(unique_labels(self.series))
        ]
        axis = {
            "categories": labels,
            "x_label": capped(self.axis, _TITLE),
            "y_label": capped(f"{self.column.label}{scale.unit}", _TITLE),
        }
        chart = {"type": "bar", "series": series, "axis_config": axis}
        return {"type": "data_visualization", "title": title, "chart": chart}

    def lines(self, width: int) -> Iterator[str]:
        """The title, then a bar for each figure with the number before it."""
        yield self.title
        numbers = [[_shown(self.column, f, self.durations) for f in point.figures] for point in self.points]
        highest = max((abs(f.value or 0.0) for point in self.points for f in point.figures), default=0.0)
        full = 1.0 if _is_share(self.column) and highest <= 1 else highest or 1.0
        several = len(self.series) > 1
        names = [fitted(raw_text(name), 14) for name in self.series] if several else [""]
        number_width = max((len(text) for row in numbers for text in row), default=0)
        series_width = max(map(width_of, names))
        room = width - number_width - _BAR - 4 - (series_width + 2 if several else 0)
        label_width = max(8, min(room, max((width_of(point.label) for point in self.points), default=8)))
        for point, texts in zip(self.points, numbers, strict=True):
            label = fitted(raw_text(point.label), label_width)
            for place, (figure, text) in enumerate(zip(point.figures, texts, strict=True)):
                head = label if place == 0 else ""
                head += " " * (label_width - width_of(head))
                beside = f"  {names[place]}{' ' * (series_width - width_of(names[place]))}" if several else ""
                yield f"{head}{beside}  {text:>{number_width}}  {figures.bar((figure.value or 0.0) / full, _BAR)}"


def charts(answer: Answer) -> Charts:
    """The charts that suit the kind of answer, none where nothing in it has a figure."""
    column, reason = picture_column(answer)
    if column is None:
        return Charts((), (f"{_NO_CHART}nothing in this answer has a figure.",))
    over_time = answer.query.by_time is not None and any(d.is_time for d in label_dimensions(answer))
    drawn, notes = _over_time(answer, column) if over_time else _by_group(answer, column)
    said = tuple(dict.fromkeys(filter(None, (reason, *notes))))
    return Charts(tuple(chart.block() for chart in drawn), said, tuple(drawn))


# --- groups ----------------------------------------------------------------------------------------------------------


def _by_group(answer: Answer, column: Column) -> tuple[list[Drawn], list[str]]:
    """A bar for each row with a figure, the highest first; of a long list its two ends."""
    rows = chosen_rows(answer)
    versus = answer.versus is not None and any(row.versus is not None for row in rows)
    names = _sides(answer) if versus else (column.label,)
    points = {id(row): Point(wording.row_name(answer, row), _figures(row, column, versus=versus)) for row in rows}
    order = ranked(list(rows), column.name, descending=True)
    shown = [points[id(row)] for row in order if points[id(row)].missing is None]
    noun = _noun(answer)
    notes = [_left_out([p for p in points.values() if p.missing is not None])]
    if not shown:
        return [], [*notes, f"{_NO_CHART}no {noun} has a figure on both sides." if versus else ""]
    title = f"{column.label} by {noun}"
    axis = noun.capitalize()
    if _is_pie(answer, column, shown):
        parts = [p for p in shown if p.figures[0].value]
        zero = [p.label for p in shown if not p.figures[0].value]
        notes.append(f"Not in the pie, since they are 0: {_listed(zero)}." if zero else "")
        return [Drawn(title, column, names, tuple(parts), axis, answer.durations, pie=True)], notes
    if len(shown) <= CATEGORIES:
        return [Drawn(title, column, names, tuple(shown), axis, answer.durations)], notes
    upper, lower = shown[:CATEGORIES], shown[-CATEGORIES:]
    if len(shown) <= CHARTS * CATEGORIES:
        middle = (len(shown) + 1) // 2
        upper, lower = shown[:middle], shown[middle:]
    between = len(shown) - len(upper) - len(lower)
    if between > 0:
        notes.append(
            f"The charts show the {len(upper)} highest and the {len(lower)} lowest of {len(shown):,};"
            f" the {between:,} between them are left out."
        )
    return [
        Drawn(f"{title}: {len(upper)} highest", column, names, tuple(upper), axis, answer.durations),
        Drawn(f"{title}: {len(lower)} lowest", column, names, tuple(lower), axis, answer.durations),
    ], notes


def _is_pie(answer: Answer, column: Column, shown: Sequence[Point]) -> bool:
    """Parts of a whole: what conversations of each medium add up to."""
    return (
        answer.query.group_by == (Dimension.MEDIA,)
        and adds_up(column.name)
        and len(shown[0].figures) == 1
        and 1 < sum(bool(point.figures[0].value) for point in shown) <= _SEGMENTS
        and answer.query.rank is None
    )


def _noun(answer: Answer) -> str:
    nouns = [d.value for d in label_dimensions(answer)]
    return " and ".join(nouns) or "agent"


# --- times -----------------------------------------------------------------------------------------------------------


def _over_time(answer: Answer, column: Column) -> tuple[list[Drawn], list[str]]:
    """A bar for each bucket, in halves where there are more than a chart holds; wider buckets where that is too many.

    Few groups stand side by side; many are taken together.
    """
    noun, count = "", 0
    for most in _FEWER_SLOTS:
        here = courses_of(answer, most_slots=most, most_lines=_SERIES + 1, whole=True)
        if here is None:
            return [], [f"{_NO_CHART}no time has a figure."]
        names, points, notes = _points(here) if answer.versus is None else _compared(answer, here, most)
        shown = [point for point in points if point.missing is None]
        if len(shown) <= CHARTS * CATEGORIES:
            break
        noun, count = here.noun, len(shown)
    else:
        return [], [f"{_NO_CHART}two charts don't hold {wording.plural(count, noun)}; `heatmap` draws them all."]
    notes = [*here.notes_on_columns, *notes, _left_out([p for p in points if p.missing is not None], here.noun)]
    if not shown:
        return [], [*notes, f"{_NO_CHART}no {here.noun} has all figures."]
    if here.coarsened or len(here.lines) > len(names) or answer.versus is not None:
        notes.append(_ends(here, shown))
    title = f"{column.label} by {here.noun}"
    middle = (len(shown) + 1) // 2
    halves = [shown] if len(shown) <= CATEGORIES else [shown[:middle], shown[middle:]]
    return [
        Drawn(
            title if len(halves) == 1 else f"{title}: {half[0].label} to {half[-1].label}",
            column,
            names,
            tuple(half),
            here.noun.capitalize(),
            answer.durations,
        )
        for half in halves
    ], notes


def _points(here: Courses) -> tuple[tuple[str, ...], list[Point], list[str]]:
    """(names of the series, a point for each slot, what was put together)."""
    lines = here.lines
    if 1 <= len(lines) <= _SERIES:
        points = [
            Point(slot.full, tuple(line.cells[place] or Figure(None, Missing.NO_DATA) for line in lines))
            for place, slot in enumerate(here.slots)
        ]
        complete = sum(point.missing is None for point in points)
        worked = sum(any(f.value is not None for f in point.figures) for point in points)
        if len(lines) == 1 or 2 * complete >= worked:
            return tuple(line.name for line in lines), points, []
    points = [Point(slot.full, (figure,)) for slot, figure in zip(here.slots, here.every, strict=True)]
    note = f"The chart is of {counted(here.behind, here.entity)} together; `heatmap` shows each of them."
    return (here.everybody if here.count > 1 else lines[0].name,), points, [note]


def _compared(answer: Answer, here: Courses, most: int) -> tuple[tuple[str, ...], list[Point], list[str]]:
    """Both times of all groups together: each bucket with its partner, wherever that lies in time."""
    partners = tuple(replace(row.versus, start=row.start, end=row.end) for row in answer.rows if row.versus is not None)
    there = courses_of(replace(answer, rows=partners), most_slots=most, most_lines=_SERIES + 1, whole=True)
    theirs: dict[str, Figure] = {}
    if there is not None and there.noun == here.noun:
        theirs = {slot.full: figure for slot, figure in zip(there.slots, there.every, strict=True)}
    nothing = Figure(None, Missing.NO_DATA)
    points = [
        Point(slot.full, (figure, theirs.get(slot.full, nothing)))
        for slot, figure in zip(here.slots, here.every, strict=True)
    ]
    note = f"The chart is of {counted(here.behind, here.entity)} together." if here.count > 1 else ""
    return _sides(answer), points, [note]


def _ends(here: Courses, shown: Sequence[Point]) -> str:
    """Which of the times drawn lie at the ends: the answer's own sentence speaks of its rows."""
    least, most = (end(shown, key=lambda p: p.figures[0].value or 0.0) for end in (min, max))
    if least.figures[0].value == most.figures[0].value:
        return ""
    low, high = (here.shown(point.figures[0]) for point in (least, most))
    return f"In the chart the lowest {here.noun} is {least.label} ({low}), the highest {most.label} ({high})."


# --- words and numbers -----------------------------------------------------------------------------------------------


def unique_labels(names: Sequence[str]) -> list[str]:
    """Names within Slack's length, each once: `Ana D…(2)`."""
    labels: list[str] = []
    taken: set[str] = set()
    for name in names:
        label, number = _label(name, _LABEL), 1
        while label in taken:
            number += 1
            suffix = f"({number})"
            label = _label(name, _LABEL - len(suffix)) + suffix
        taken.add(label)
        labels.append(label)
    return labels


def _label(name: str, limit: int) -> str:
    label = raw_text(name, limit=limit)
    return label if units(label) <= limit else raw_text(name, limit=limit - 2)  # isolated, as right-to-left text is


def _sides(answer: Answer) -> tuple[str, str]:
    spans = (answer.query.range, answer.query.versus)
    here, there = (span.label.split(",")[0] if span else "" for span in spans)
    return (here or "This time", there or "The other time") if here != there else ("This time", "The other time")


def _figures(row: Row, column: Column, *, versus: bool) -> tuple[Figure, ...]:
    mine = Figure.of(row, column.name)
    if not versus:
        return (mine,)
    return mine, Figure.of(row.versus, column.name) if row.versus is not None else Figure(None, Missing.NO_DATA)


def _left_out(points: Sequence[Point], noun: str = "") -> str:
    """What has no figure, by reason: names, or how many times."""
    by_reason: dict[str, list[str]] = {}
    for point in points:
        by_reason.setdefault(figures.meaning(point.missing or Missing.NO_DATA), []).append(point.label)
    if noun:
        counts = Counter({reason: len(labels) for reason, labels in by_reason.items()})
        parts = [f"{wording.plural(count, noun)} ({reason})" for reason, count in counts.items()]
    else:
        parts = [f"{_listed(labels)} ({reason})" for reason, labels in by_reason.items()]
    return f"Not drawn: {'; '.join(parts)}." if parts else ""


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _shown(column: Column, figure: Figure, durations: DurationStyle) -> str:
    return figures.number(figure.value, column.unit, column=column.name, durations=durations) or figures.NO_DATA


def _is_share(column: Column) -> bool:
    return column.unit is Unit.RATIO and column.name not in figures.PLAIN_RATIOS


@dataclass(frozen=True, slots=True)
class _Scale:
    """The unit of an axis, so that its numbers stay short."""

    factor: float
    decimals: int
    unit: str

    @classmethod
    def of(cls, column: Column, values: Sequence[float]) -> _Scale:
        highest = max(map(abs, values), default=0.0)
        if _is_share(column):
            return cls(100.0, 1, ", %")
        if column.unit is not Unit.SECONDS:
            return cls(1.0, 2, "")
        if highest >= 2 * 3600:
            return cls(1 / 3600, 2, ", hours")
        return cls(1 / 60, 2, ", minutes") if highest >= 120 else cls(1.0, 1, ", seconds")

    def value(self, figure: Figure) -> float:
        """The figure in this unit; what is above zero stays above it."""
        exact = (figure.value or 0.0) * self.factor
        rounded = round(exact, self.decimals) or exact
        return int(rounded) if rounded.is_integer() and not self.unit else rounded
