"""Presence and routing status: what somebody chose, and what the routing made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class StatusSpan(NamedTuple):
    """A status that lasted, half-open, in milliseconds."""

    start: int
    end: int
    status: str
    presence_id: str = ""
    """The organisation's own presence; empty for a routing status."""


@dataclass(slots=True)
class ShiftStatus:
    """What one shift left behind, from login to logout."""

    presences: list[StatusSpan] = field(default_factory=list)
    acd: list[tuple[int, int]] = field(default_factory=list)
    """Routed work, from the first ring to the end of the wrap-up; may overlap."""
    calls: list[tuple[int, int]] = field(default_factory=list)
    """Calls that no queue routed."""
    unanswered: list[tuple[int, int]] = field(default_factory=list)
    """From a ring that nobody took until the agent is back."""

    @property
    def start(self) -> int:
        """Login."""
        return self.presences[0].start

    @property
    def end(self) -> int:
        """Logout."""
        return self.presences[-1].end

    def routing(self) -> list[StatusSpan]:
        """The routing status through the shift, without gaps."""
        layers = (
            ("INTERACTING", self.acd),
            ("COMMUNICATING", self.calls),
            ("NOT_RESPONDING", self.unanswered),
            ("IDLE", [(span.start, span.end) for span in self.presences if span.status == "ON_QUEUE"]),
        )
        free, out = [(self.start, self.end)], []
        for status, spans in layers:
            taken, free = _carve(free, _union(spans))
            out += [StatusSpan(start, end, status) for start, end in taken]
        out += [StatusSpan(start, end, "OFF_QUEUE") for start, end in free]
        return merged(sorted(out))


def merged(spans: list[StatusSpan]) -> list[StatusSpan]:
    """Neighbours with the same status made one; the spans come in order and don't overlap."""
    out: list[StatusSpan] = []
    for span in spans:
        if out and out[-1].end == span.start and out[-1][2:] == span[2:]:
            out[-1] = out[-1]._replace(end=span.end)
        else:
            out.append(span)
    return out


def filled(spans: list[StatusSpan], start: int, end: int, filler: StatusSpan) -> list[StatusSpan]:
    """The spans cut to `[start, end)`, and the filler's status wherever they leave a hole."""
    out, cursor = [], start
    for span in spans:
        low, high = max(span.start, start), min(span.end, end)
        if low >= high:
            continue
        if cursor < low:
            out.append(filler._replace(start=cursor, end=low))
        out.append(span._replace(start=low, end=high))
        cursor = high
    if cursor < end:
        out.append(filler._replace(start=cursor, end=end))
    return out


def _union(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def _carve(
    free: list[tuple[int, int]], wanted: list[tuple[int, int]]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """What of `free` lies in `wanted`, and what of it doesn't; both come in order."""
    taken, left, position = [], [], 0
    for start, end in free:
        cursor = start
        while position < len(wanted) and wanted[position][1] <= cursor:
            position += 1
        ahead = position
        while ahead < len(wanted) and wanted[ahead][0] < end:
            low, high = max(wanted[ahead][0], cursor), min(wanted[ahead][1], end)
            if cursor < low:
                left.append((cursor, low))
            if low < high:
                taken.append((low, high))
            cursor = max(cursor, high)
            ahead += 1
        if cursor < end:
            left.append((cursor, end))
    return taken, left
