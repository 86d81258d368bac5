"""Schedules as JSON: the columns of the database, and the file that people export, edit and import.

What is read back was written by hand, perhaps: every field is checked, and a fault names its field.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from bot.core.recurrence import MonthDay, OnHoliday, Recurrence
from bot.core.scheduling import Destination, DestinationKind, Misfire, Schedule, ScheduleState
from bot.core.zones import load_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import StrEnum
    from typing import TypeVar

    T = TypeVar("T")
    E = TypeVar("E", bound=StrEnum)

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def recurrence_to_json(recurrence: Recurrence) -> dict[str, Any]:
    """The rule, without what it leaves at its default."""
    written = {
        "times": [moment.isoformat("seconds" if moment.second else "minutes") for moment in recurrence.times],
        "zone": recurrence.zone,
        "weekdays": [_WEEKDAYS[day] for day in sorted(recurrence.weekdays)],
        "month_day": recurrence.month_day,
        "on_holiday": recurrence.on_holiday.value,
        "country": recurrence.country,
        "own_holidays": [day.isoformat() for day in recurrence.own_holidays],
        "starts": _day(recurrence.starts),
        "until": _day(recurrence.until),
        "count": recurrence.count,
    }
    if isinstance(recurrence.month_day, MonthDay):
        written["month_day"] = recurrence.month_day.value
    unsaid = {"weekdays": list(_WEEKDAYS), "on_holiday": OnHoliday.KEEP.value, "own_holidays": []}
    return {name: value for name, value in written.items() if value is not None and value != unsaid.get(name)}


def recurrence_from_json(value: object) -> Recurrence:
    """The rule; raises ValueError that names the field at fault."""
    given = _Given(value, "recurrence", {field.name for field in fields(Recurrence)})
    return given.build(
        Recurrence,
        times=given.read("times", _many(_time)),
        zone=given.read("zone", _zone),
        weekdays=given.read("weekdays", _weekdays, frozenset(range(7))),
        month_day=given.read("month_day", _month_day, None),
        on_holiday=given.read("on_holiday", _one_of(OnHoliday), OnHoliday.KEEP),
        country=given.read("country", _text, None),
        own_holidays=given.read("own_holidays", _many(_date), ()),
        starts=given.read("starts", _date, None),
        until=given.read("until", _date, None),
        count=given.read("count", _whole(least=1), None),
    )


def destination_to_json(destination: Destination) -> dict[str, Any]:
    """One recipient."""
    written = {"kind": destination.kind.value, "id": destination.id}
    return {**written, "slice": destination.slice} if destination.slice else written


def destination_from_json(value: object) -> Destination:
    """One recipient; raises ValueError that names the field at fault."""
    given = _Given(value, "destination", {field.name for field in fields(Destination)})
    return Destination(
        given.read("kind", _one_of(DestinationKind)), given.read("id", _text), given.read("slice", _words, "")
    )


def schedule_to_json(schedule: Schedule) -> dict[str, Any]:
    """Everything about a schedule, to be read back by `schedule_from_json`."""
    return {
        "id": schedule.id,
        "number": schedule.number,
        "owner_id": schedule.owner_id,
        "question": schedule.question,
        "recurrence": recurrence_to_json(schedule.recurrence),
        "destinations": [destination_to_json(destination) for destination in schedule.destinations],
        "created_at": _instant_text(schedule.created_at),
        "state": schedule.state.value,
        "paused_until": _day(schedule.paused_until),
        "reason": schedule.reason,
        "misfire": schedule.misfire.value,
        "window_s": schedule.window_s,
        "wait_s": schedule.wait_s,
        "least_coverage": schedule.least_coverage,
        "failures": schedule.failures,
        "active_since": _instant_text(schedule.active_since),
        "told_at": _instant_text(schedule.told_at),
        "version": schedule.version,
    }


def schedule_from_json(value: object) -> Schedule:
    """A schedule; what it may leave out has the defaults of a new one. Raises ValueError that names the field."""
    given = _Given(value, "schedule", {field.name for field in fields(Schedule)})
    usual = {field.name: field.default for field in fields(Schedule)}
    return given.build(
        Schedule,
        id=given.read("id", _text),
        number=given.read("number", _whole(least=0), 0),
        owner_id=given.read("owner_id", _text),
        question=given.read("question", _text),
        recurrence=given.read("recurrence", recurrence_from_json),
        destinations=given.read("destinations", _many(destination_from_json)),
        created_at=given.read("created_at", _instant),
        state=given.read("state", _one_of(ScheduleState), ScheduleState.ACTIVE),
        paused_until=given.read("paused_until", _date, None),
        reason=given.read("reason", _words, ""),
        misfire=given.read("misfire", _one_of(Misfire), usual["misfire"]),
        window_s=given.read("window_s", _whole(least=0), usual["window_s"]),
        wait_s=given.read("wait_s", _whole(least=0), usual["wait_s"]),
        least_coverage=given.read("least_coverage", _share, usual["least_coverage"]),
        failures=given.read("failures", _whole(least=0), 0),
        active_since=given.read("active_since", _instant, None),
        told_at=given.read("told_at", _instant, None),
        version=given.read("version", _whole(least=1), 1),
    )


# --- reading ---

_REQUIRED: Any = object()


class _Given:
    """An object of JSON, read field by field."""

    def __init__(self, value: object, name: str, known: set[str]) -> None:
        if not isinstance(value, dict):
            raise ValueError(f"{name}: expected an object")  # noqa: TRY004  one kind of error for all that is read
        strange = sorted(str(key) for key in value.keys() - known)
        if strange:
            raise ValueError(f"{name}: unknown field {strange[0]!r}")
        self._value: Mapping[str, object] = value
        self._name = name

    def read(self, field: str, reader: Callable[[Any], T], default: Any = _REQUIRED) -> Any:
        """The field, read; its default where it is absent or null."""
        value = self._value.get(field)
        if value is None:
            if default is _REQUIRED:
                raise ValueError(f"{self._name}.{field}: missing")
            return default
        try:
            return reader(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self._name}.{field}: {error}") from error

    def build(self, kind: Callable[..., T], **values: Any) -> T:
        """The value, with what it refuses said in the name of the whole."""
        try:
            return kind(**values)
        except ValueError as error:
            raise ValueError(f"{self._name}: {error}") from error


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("expected a text")
    return value


def _words(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("expected a text")  # noqa: TRY004  one kind of error for all that is read
    return value


def _whole(*, least: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(f"expected a whole number from {least}")
        return value

    return read


def _share(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError("expected a number from 0 to 1")
    return float(value)


def _many(reader: Callable[[Any], T]) -> Callable[[object], tuple[T, ...]]:
    def read(value: object) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise ValueError("expected a list")  # noqa: TRY004  one kind of error for all that is read
        return tuple(reader(item) for item in value)

    return read


def _one_of(kind: type[E]) -> Callable[[object], E]:
    def read(value: object) -> E:
        try:
            return kind(_text(value))
        except ValueError:
            raise ValueError(f"expected one of {', '.join(kind)}") from None

    return read


def _date(value: object) -> date:
    return date.fromisoformat(_text(value))


def _time(value: object) -> time:
    moment = time.fromisoformat(_text(value))
    if moment.tzinfo is not None or moment.microsecond:
        raise ValueError("expected a wall-clock time such as 08:00")
    return moment


def _instant(value: object) -> datetime:
    instant = datetime.fromisoformat(_text(value))
    if instant.tzinfo is None:
        raise ValueError("expected an instant with an offset")
    return instant.astimezone(UTC)


def _zone(value: object) -> str:
    try:
        load_zone(_text(value))
    except KeyError:
        raise ValueError(f"there is no zone {value!r}") from None
    return str(value)


def _weekdays(value: object) -> frozenset[int]:
    names = _many(_text)(value)
    strange = [name for name in names if name not in _WEEKDAYS]
    if strange:
        raise ValueError(f"expected {', '.join(_WEEKDAYS)}, not {strange[0]!r}")
    return frozenset(map(_WEEKDAYS.index, names))


def _month_day(value: object) -> int | MonthDay:
    if isinstance(value, str):
        return _one_of(MonthDay)(value)
    day = _whole(least=1)(value)
    if day > 31:
        raise ValueError("expected a day from 1 to 31")
    return day


# --- writing ---


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _instant_text(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat()
