"""Pictures that go with an answer, and the words that say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.rendering import wording
from bot.core.rendering.courses import Courses, courses_of, picture_column
from bot.core.rendering.csv_out import csv_filename
from bot.core.rendering.heatmap import MOST_LINES, MOST_SLOTS, draw
from bot.core.rendering.heatmap_text import Digits, digits
from bot.core.rendering.layout import together
from bot.core.rendering.names import capped, escaped, raw_text, units
from bot.core.rendering.pieces import SECTION, within

if TYPE_CHECKING:
    from bot.core.answer import Answer

ALT_TEXT = 1_000
"""What Slack takes as a file's description."""
TWIN_LINES = 40
"""Lines of the heat map in digits, half of them from either end."""
TWIN_SLOTS = 72
"""Columns of it: a day and a half of half-hours in three panels; more become hours or days."""
TWIN_UNITS = 10_000
"""Of Slack's limit on monospaced text in a message."""

_EVERY_LINE = 1_000_000
_REFUSED = {
    "file_uploads_disabled": "uploads are switched off in this workspace",
    "file_uploads_except_images_disabled": "uploads are limited in this workspace",
    "file_type_not_allowed": "this workspace doesn't take files of that kind",
    "file_upload_size_restricted": "it is larger than this workspace allows",
    "storage_limit_reached": "the workspace has no room left for files",
    "not_in_channel": "I am not a member of that channel (invite me: `/invite` and my name)",
    "channel_not_found": "I am not a member of that channel (invite me: `/invite` and my name)",
    "is_archived": "the channel is archived",
    "ratelimited": "too many files at once; ask again in a minute",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a file."""

    filename: str
    content: bytes
    """PNG."""
    title: str
    alt_text: str
    """What it shows, for those who hear it read; at most `ALT_TEXT` UTF-16 units."""
    comment: str
    """Escaped text to go with it: the question as it was read, and the names that its font lacks."""


def no_heat_map(answer: Answer) -> str | None:
    """Why there is none, in words; None: there is one."""
    if together(answer) is not None:
        return "No heat map here: it would show single agents, whose names and figures are not posted in this channel."
    if answer.query.by_time is None:
        return "No heat map: it needs times, such as `by interval`."
    if picture_column(answer)[0] is None:
        return "No heat map: nothing in this answer has a figure."
    return None


def heat_map(answer: Answer) -> Picture | None:
    """Groups and times as a PNG; None where there is nothing to draw (`no_heat_map` says why).

    Takes up to two seconds of a processor and some tens of megabytes: whoever calls it lets one be drawn at a time.
    """
    courses = None if no_heat_map(answer) else _courses(answer, MOST_LINES, MOST_SLOTS)
    if courses is None or not courses.lines:
        return None
    reading = wording.reading(answer.query, wording.known_names(answer))
    drawn = draw(courses, heading=reading, remarks=(courses.finding, *courses.notes))
    signs = ", ".join(f"{sign} {raw_text(name)}" for sign, name in drawn.numbered)
    numbered = f"Names that the picture writes as numbers: {signs}." if signs else ""
    return Picture(
        filename=csv_filename(answer.query).replace("utilization", "heatmap", 1).removesuffix(".csv") + ".png",
        content=drawn.png,
        title=courses.title,
        alt_text=_alt_text(courses, reading),
        comment=within(SECTION, escaped(" · ".join(filter(None, (reading, numbered))))),
    )


@dataclass(frozen=True, slots=True)
class Twin:
    """The heat map as text, with the sentences around it."""

    title: str
    finding: str
    texts: tuple[str, ...]
    """Monospaced, each short enough for one block of Slack's."""
    notes: tuple[str, ...]


def heat_text(answer: Answer, *, width: int, whole: bool = False) -> Twin | None:
    """The heat map in digits; None where `no_heat_map` says why.

    Args:
        width: columns of a line.
        whole: all lines and columns, as a terminal can show them; else as many as a message holds.
    """
    if no_heat_map(answer) is not None:
        return None
    twin: Twin | None = None
    for lines in [_EVERY_LINE] if whole else [TWIN_LINES, TWIN_LINES // 2, TWIN_LINES // 5]:
        courses = _courses(answer, lines, MOST_SLOTS if whole else TWIN_SLOTS)
        if courses is None:
            return None
        courses = courses.worked()
        drawn = digits(courses, width=width)
        texts = tuple(_blocks(drawn))
        twin = Twin(courses.title, courses.finding, texts, (drawn.legend, *courses.notes))
        if sum(map(units, texts)) <= TWIN_UNITS:  # a name of combining marks is long, however narrow
            break
    return twin


def refused(error: str, needed: str | None = None) -> str:
    """What the asker hears where Slack did not take the picture: the message before it has the same figures."""
    why = _REFUSED.get(error, f"it answered `{error}`")
    if error == "missing_scope":
        why = f"the scope `{needed or 'files:write'}` is missing; an operator has to reinstall the app"
    return f"Slack did not take the picture: {why}. The heat map in digits above has the same figures."


def _courses(answer: Answer, lines: int, slots: int) -> Courses | None:
    return courses_of(answer, most_lines=lines, most_slots=slots)


def _alt_text(courses: Courses, reading: str) -> str:
    """What the picture shows before how it is drawn: descriptions are cut at their end."""
    said = [f"Heat map. {courses.title}.", courses.finding, f"{reading}.", *courses.notes]
    return capped(" ".join(said), ALT_TEXT)


def _blocks(drawn: Digits) -> list[str]:
    """Panels cut into texts of a block each, the head repeated."""
    texts = []
    for panel in drawn.panels:
        head = "\n".join(panel[: drawn.heads])
        text = head
        for line in panel[drawn.heads :]:
            if units(text) + 1 + units(line) > SECTION:
                texts.append(text)
                text = head
            text += f"\n{line}"
        texts.append(text)
    return texts
