"""Text in a picture: matplotlib's own font, which of its characters a name needs, and how wide they are."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

from bot.core.rendering.names import cleaned

INK = "#1d1c1d"
"""Slack's own black."""


@cache
def font_path(*, bold: bool) -> str:
    """matplotlib's own font: the same on every machine, whatever is installed there."""
    import matplotlib

    return f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans{'-Bold' if bold else ''}.ttf"


@cache
def glyphs() -> frozenset[int]:
    """The characters that the font has."""
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(font_path(bold=False)).get_charmap())


def drawable(name: str) -> str | None:
    """The name in characters that the font has; None where letters of it would be missing.

    Emoji and marks that it lacks are left out, and so is whatever isn't drawn: direction is found out by itself.
    """
    kept = []
    for character in unicodedata.normalize("NFC", cleaned(name)):
        category = unicodedata.category(character)
        if category == "Cf":
            continue
        if ord(character) in glyphs() and character != "\ufe0f":
            kept.append(character)
        elif not (category.startswith("M") or category in {"So", "Sk"}):
            return None
    text = " ".join("".join(kept).split())
    return text or None


def text_width(text: str, size: float) -> float:
    """Points that the text takes, without kerning: near enough to keep things apart."""
    return sum(_advance(character) for character in text) * size


@cache
def _advance(character: str) -> float:
    """Width of a character in ems."""
    from matplotlib.ft2font import FT2Font, LoadFlags

    font = FT2Font(font_path(bold=False))
    font.set_size(10, 72)
    glyph = font.load_char(ord(character), flags=LoadFlags.NO_HINTING)
    return float(glyph.linearHoriAdvance) / 65536 / 10


def write(
    axes: Any,
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    colour: str = INK,
    bold: bool = False,
    across: str = "left",
    upright: str = "center_baseline",
) -> None:
    """Put a text at a place of the axes, literally."""
    from matplotlib.font_manager import FontProperties

    axes.text(
        x,
        y,
        text,
        fontproperties=FontProperties(fname=font_path(bold=bold), size=size),
        color=colour,
        ha=across,
        va=upright,
        parse_math=False,  # a name may hold dollar signs
        usetex=False,
        linespacing=1.15,
    )
