"""Slack's texts as HTML: mrkdwn, text objects and rich text."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from bot.demo.gallery.html import Html, joined, safe, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.demo.fake_slack.state import Json

_PIECE = re.compile(
    r"```(?P<pre>.+?)```"
    r"|`(?P<code>[^`\n]+)`"
    r"|<(?P<token>[^<>\n]+)>"
    r"|(?<![\w*])\*(?P<bold>\S(?:[^*\n]*\S)?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>\S(?:[^_\n]*\S)?)_(?![\w_])"
    r"|(?<![\w~])~(?P<strike>\S(?:[^~\n]*\S)?)~(?![\w~])",
    re.DOTALL,
)
_ELEMENT = {"bold": "b", "italic": "i", "strike": "s", "code": "code"}
_SAFE_LINK = re.compile(r"https?://|mailto:", re.IGNORECASE)


class Markup:
    """Texts in one workspace.

    Args:
        names: what to show for ids of people and channels.
    """

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._names = names or {}

    def object(self, text: Json | str | None) -> Html:
        """A text object; a bare string is mrkdwn."""
        if isinstance(text, dict):
            return self.mrkdwn(str(text["text"])) if text.get("type") == "mrkdwn" else safe(text.get("text", ""))
        return self.mrkdwn(text or "")

    def mrkdwn(self, text: str) -> Html:
        """Markup as a reader sees it; lines that begin with `>` are a quotation."""
        lines = []
        for line in self._spans(text).split("\n"):
            quoted = line.removeprefix("&gt;")
            lines.append(tag("span", Html(quoted), class_="quote") if quoted != line else Html(line))
        return joined(lines, "<br>")

    def mention(self, slack_id: str, mark: str = "@", label: str = "") -> Html:
        """Somebody or something by id."""
        return tag("span", mark + (self._names.get(slack_id) or label or slack_id), class_="mention")

    def rich_text(self, block: Json) -> Html:
        """A `rich_text` block, or such a cell of a table."""
        return joined(self._rich(part) for part in block.get("elements") or ())

    def _spans(self, text: str) -> Html:
        parts: list[Html] = []
        at = 0
        for match in _PIECE.finditer(text):
            parts += [_plain(text[at : match.start()]), self._piece(match)]
            at = match.end()
        return joined([*parts, _plain(text[at:])])

    def _piece(self, match: re.Match[str]) -> Html:
        kind, inside = str(match.lastgroup), match.group(str(match.lastgroup))
        match kind:
            case "pre":
                return tag("pre", _plain(inside.strip("\n")))
            case "code":
                return tag("code", _plain(inside))
            case "token":
                return self._token(inside)
        return tag(_ELEMENT[kind], self._spans(inside))

    def _token(self, inside: str) -> Html:
        target, _, label = inside.partition("|")
        mark, rest = target[:1], target[1:]
        if mark in {"@", "#"}:
            return self.mention(rest, mark, label)
        if mark == "!":
            return tag("span", label or f"@{rest.partition('^')[0]}", class_="mention loud")
        return _link(html.unescape(target), _plain(label or target))

    def _rich(self, part: Json) -> Html:
        inside = part.get("elements") or ()
        match part.get("type"):
            case "rich_text_preformatted":
                return tag("pre", self._inline(inside))
            case "rich_text_quote":
                return tag("blockquote", self._inline(inside))
            case "rich_text_list":
                name = "ol" if part.get("style") == "ordered" else "ul"
                return tag(name, *(tag("li", self._inline(item.get("elements") or ())) for item in inside))
        return tag("div", self._inline(inside))

    def _inline(self, elements: Iterable[Json]) -> Html:
        return joined(self._element(element) for element in elements)

    def _element(self, element: Json) -> Html:
        style = element.get("style") or {}
        match element.get("type"):
            case "link":
                shown = _link(str(element.get("url", "")), safe(element.get("text") or element.get("url", "")))
            case "user":
                shown = self.mention(str(element.get("user_id", "")))
            case "channel":
                shown = self.mention(str(element.get("channel_id", "")), "#")
            case "emoji":
                shown = _emoji(element)
            case _:
                shown = Html(safe(element.get("text", "")).replace("\n", "<br>"))
        for kind, name in _ELEMENT.items():
            shown = tag(name, shown) if style.get(kind) else shown
        return shown


def _plain(text: str) -> Html:
    """Text of which Slack wants `&`, `<` and `>` written as entities."""
    return safe(html.unescape(text))


def _link(url: str, label: Html) -> Html:
    """A link that looks like one, and leads somewhere if it is one of the web's or a letter's."""
    if not _SAFE_LINK.match(url):
        return tag("span", label, class_="link")
    return tag("a", label, href=url, rel="noreferrer")


def _emoji(element: Json) -> Html:
    codes = str(element.get("unicode", "")).split("-")
    try:
        return safe("".join(chr(int(code, 16)) for code in codes))
    except ValueError:
        return safe(f":{element.get('name', '')}:")
