"""Typed text made even: quotes, dashes and spaces of one sort, Slack's wire form taken off."""

from __future__ import annotations

import re
import unicodedata

from bot.errors import CommandError

MAX_CHARACTERS = 1_000

_SAME = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″＂", '"'),
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
        "…": "..",
        "，": ",",
        "：": ":",
        "％": "%",
    }
)
_JOINERS = "\u200c\u200d"
"""Invisible, but letters of names need them in Persian, Hindi and others."""
_SINGLE_QUOTED = re.compile(r"""(?<![^\s,:@-])'([^'"]+)'(?=[\s,]|$)""")
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>", re.IGNORECASE)
_SLACK_LINK = re.compile(r"<(?![@!#])([^<>|]+)(?:\|([^<>]*))?>")
_SLACK_OTHER = re.compile(r"<([!#][^<>|]*)(?:\|[^<>]*)?>")


def from_slack(text: str) -> str:
    """Text as Slack sends it → text as `parse` reads it.

    Mentions stay in the form `<@U123>`; links and addresses become what the person saw; the three
    entities are decoded last, so that a typed `&lt;` never becomes part of a link.
    """
    text = _MENTION.sub(lambda m: f"<@{m[1]}>", text)
    text = _SLACK_OTHER.sub(lambda m: f"<{m[1]}>", text)
    text = _SLACK_LINK.sub(lambda m: m[2] or m[1].removeprefix("mailto:"), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def normalised(text: str) -> str:
    """One line: single spaces, straight quotes, hyphens for dashes, nothing invisible.

    Raises:
        CommandError: the text is too long, or a quote is left open.
    """
    if len(text) > MAX_CHARACTERS:
        raise CommandError(
            f"That is {len(text):,} characters; a command has at most {MAX_CHARACTERS:,}.",
            hint="Ask about a team (team:Billing) rather than listing its people.",
            code="too_long",
        )
    seen = "".join(
        " " if c.isspace() or category == "Cc" else c
        for c in unicodedata.normalize("NFC", text).translate(_SAME)
        if (category := unicodedata.category(c)) not in {"Cf", "Cs"} or c in _JOINERS
    )
    pieces = seen.split('"')
    if len(pieces) % 2 == 0:
        raise CommandError(
            "A quote is opened and not closed.",
            hint='Quotes come in pairs: "ana diaz" yesterday',
            code="unclosed_quote",
        )
    pieces[::2] = [_SINGLE_QUOTED.sub(r'"\1"', outside) for outside in pieces[::2]]
    line = " ".join('"'.join(pieces).split())
    return _MENTION.sub(lambda m: f"<@{m[1].upper()}>", line)


def lowered(line: str) -> str:
    """Lower case of the same length, so that positions in it are positions in the line."""
    return "".join(low if len(low := c.lower()) == 1 else c for c in line)
