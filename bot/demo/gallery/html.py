"""HTML in which nothing is markup but what was made as such."""

from __future__ import annotations

import html
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALONE = frozenset({"br", "hr", "img", "input", "meta"})
"""Elements without content and end."""


class Html(str):
    """Text that is HTML already; every other string is escaped when it meets one."""

    __slots__ = ()


def safe(text: object) -> Html:
    """Text as its readers see it: markup made harmless, control characters left out."""
    if isinstance(text, Html):
        return text
    shown = "".join(c for c in str(text) if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
    return Html(html.escape(shown))


def joined(parts: Iterable[object], between: str = "") -> Html:
    """Several pieces as one."""
    return Html(between.join(safe(part) for part in parts))


def tag(name: str, /, *content: object, **attributes: Any) -> Html:
    """An element.

    Args:
        content: what isn't `Html` is escaped.
        attributes: `class_` for `class`, `data_value` for `data-value`; True stands alone, None and False are left out.
    """
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{safe(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _ALONE:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{joined(content)}</{name}>")
