"""All text that came from outside passes here before anybody reads it: names, addresses, typed words.

An agent may be called `<!channel>`, `=HYPERLINK(…)`, or a page of combining marks; none of it may notify,
link, format, run or push a table out of line.
"""

from __future__ import annotations

import re
import unicodedata

NAME_LIMIT = 40
NO_NAME = "(no name)"

_JOINERS = "\u200c\u200d"  # Persian spelling and emoji families need them
_ISOLATE, _POP = "\u2068", "\u2069"
_MARKS_IN_A_ROW = 4
_DROPPED = {"Cc", "Cf", "Cs", "Co"}
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0" + _JOINERS)  # drawn as nothing, though not spaces
_LOOKALIKE = str.maketrans({"`": "ˋ", "*": "∗", "~": "∼"})  # mrkdwn has no escape for its own marks
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")  # inside a word it formats nothing
_CODE = re.compile(r"(?<!`)`([^`\s](?:[^`]*[^`\s])?)`(?!`)")
_AUTOLINK = re.compile(r"(?<!\w)[@#](?=\w)|:(?=//)|(?<=www)\.(?=\w)", re.IGNORECASE)


def cleaned(outside: str) -> str:
    """NFC on one line, without control, direction and other invisible characters; empty if nothing is left."""
    if outside.isascii() and outside.isprintable():
        return " ".join(outside.split())
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", outside):
        category = unicodedata.category(character)
        if character.isspace() or category in {"Zl", "Zp"}:
            kept.append(" ")
            marks = 0
            continue
        if character in _JOINERS:
            marks = 0
        elif category in _DROPPED or (ord(character) & 0xFFFE) == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF:
            continue
        elif category in {"Mn", "Me"}:
            marks += 1
            if marks > _MARKS_IN_A_ROW:
                continue
        else:
            marks = 0
        kept.append(character)
    text = " ".join("".join(kept).split()).strip(_JOINERS + " ")
    return "" if all(c in _BLANK or c.isspace() for c in text) else text


def capped(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units, the last one an ellipsis where something was cut; never half a character."""
    if units(text) <= limit:
        return text
    kept, length = [], 0
    for character in text:
        length += 2 if character > "\uffff" else 1
        if length > limit - 1:
            break
        kept.append(character)
    rest = text[len(kept) :]
    while kept and rest and (_continues(rest[0]) or kept[-1] == "\u200d"):
        rest = kept.pop()
    return "".join(kept).rstrip() + "…"


def units(text: str) -> int:
    """Length in UTF-16 code units: the larger of the two ways in which Slack may count."""
    return len(text) + sum(character > "\uffff" for character in text)


def raw_text(outside: str, *, limit: int = NAME_LIMIT) -> str:
    """For objects that take text literally (`raw_text`, `plain_text`, rich text) and for the terminal.

    Right-to-left text is isolated, so that the numbers beside it stay in their order.
    """
    text = capped(cleaned(outside), limit) or NO_NAME
    if any(unicodedata.bidirectional(c) in {"R", "AL", "AN"} for c in text):
        return f"{_ISOLATE}{text}{_POP}"
    return text


def safe_text(outside: str, *, limit: int = NAME_LIMIT) -> str:
    """For mrkdwn objects and a message's top-level `text`."""
    return escaped(raw_text(outside, limit=limit))


def escaped(text: str) -> str:
    """A sentence, its names already through `raw_text`, made literal for mrkdwn: nothing in it formats or links."""
    text = _EDGE_UNDERSCORE.sub("ˍ", text.translate(_LOOKALIKE))
    return _entities(_AUTOLINK.sub("\\g<0>\u200b", text))


def marked_up(text: str) -> str:
    """A sentence of our own that quotes words in single backticks: these become code, all else stays literal.

    Safe for whatever was quoted: code neither formats nor links, and a backtick without a partner is replaced.
    """
    parts = _CODE.split(text)
    return "".join(f"`{_entities(part)}`" if odd % 2 else escaped(part) for odd, part in enumerate(parts))


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain_text(outside: str, *, limit: int = 75) -> dict[str, object]:
    """A `plain_text` object; `:smile:` in a name stays what it is."""
    return {"type": "plain_text", "text": raw_text(outside, limit=limit - 2), "emoji": False}


def width_of(text: str) -> int:
    """Columns that the text takes in a monospaced font."""
    total, joined = 0, False
    for character in text:
        if character == "\ufe0f":  # asks for the emoji form of the character before it, which is wide
            total += 1
        elif not (_continues(character) or unicodedata.category(character) == "Cf"):
            total += 0 if joined else 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
        joined = character == "\u200d"
    return total


def fitted(text: str, width: int) -> str:
    """The text cut to that many columns, with an ellipsis where something is missing."""
    if width_of(text) <= width:
        return text
    isolated = text.startswith(_ISOLATE)
    kept = text.strip(_ISOLATE + _POP)
    while kept and (width_of(kept) > width - 1 or kept[-1] == "\u200d"):
        kept = kept[:-1]
    shown = kept.rstrip() + "…"
    return f"{_ISOLATE}{shown}{_POP}" if isolated else shown


def _continues(character: str) -> bool:
    """Whether the character belongs to the one before it."""
    return (
        unicodedata.category(character) in {"Mn", "Me"}
        or character in _JOINERS
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
    )
