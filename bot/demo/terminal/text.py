"""Slack's texts as lines of a terminal: markup resolved, wrapped by columns, nothing left that steers a terminal."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING

from bot.core.rendering.names import width_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.demo.fake_slack.state import Json

BOLD, DIM, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"

_TOKEN = re.compile(r"<([^<>\n]+)>")
_BOLD = re.compile(r"(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])")
_WORD = re.compile(r"\S+|\s+")


class Style:
    """How emphasis is shown: escape sequences, or nothing where they would only litter."""

    def __init__(self, *, colour: bool, names: Mapping[str, str] | None = None) -> None:
        self._colour = colour
        self._names = names or {}

    def bold(self, line: str) -> str:
        """One line with emphasis."""
        return f"{BOLD}{line}{PLAIN}" if self._colour and line else line

    def dim(self, line: str) -> str:
        """One line of small print."""
        return f"{DIM}{line}{PLAIN}" if self._colour and line else line

    def object(self, text: Json | str | None) -> str:
        """A text object, or a bare string taken as mrkdwn."""
        if isinstance(text, dict):
            return self.mrkdwn(text["text"]) if text.get("type") == "mrkdwn" else harmless(str(text.get("text", "")))
        return self.mrkdwn(text or "")

    def mrkdwn(self, text: str) -> str:
        """Slack's markup as a reader sees it."""
        shown = html.unescape(_TOKEN.sub(self._token, text))
        return _BOLD.sub(r"\1", harmless(shown))

    def name(self, slack_id: str) -> str:
        """What a mention of that id shows."""
        return self._names.get(slack_id, slack_id)

    def _token(self, match: re.Match[str]) -> str:
        target, _, label = match.group(1).partition("|")
        kind, rest = target[:1], target[1:]
        if kind == "@":
            return f"@{self.name(rest)}" if rest in self._names or not label else f"@{label}"
        if kind == "#":
            return f"#{label or self.name(rest)}"
        if kind == "!":
            return label or f"@{rest.partition('^')[0]}"
        return label or target


def harmless(text: str) -> str:
    """The text without control characters, line breaks aside: a name must not move the cursor."""
    return "".join(c for c in text if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"})


def wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of at most `width` columns; what fits stays as it is, what follows a break keeps the indentation."""
    for line in text.split("\n"):
        if width_of(line) <= width:
            yield line
            continue
        indent = line[: len(line) - len(line.lstrip())][: width // 2]
        yield from _broken(line.strip(), indent, width)


def padded(text: str, width: int) -> str:
    """The text filled up with blanks to that many columns."""
    return text + " " * (width - width_of(text))


def _broken(line: str, indent: str, width: int) -> Iterator[str]:
    current = indent
    for word in _WORD.findall(line):
        if width_of(current + word) <= width:
            current += word
            continue
        if current.strip():
            yield current.rstrip()
        current = indent + word.lstrip()
        while width_of(current) > width:
            fits = next(n for n in range(len(current), 0, -1) if width_of(current[:n]) <= width)
            yield current[:fits]
            current = indent + current[fits:]
    if current.strip():
        yield current.rstrip()
