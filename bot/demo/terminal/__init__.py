"""Slack's messages and modals drawn for a terminal: tables as tables, buttons with the numbers that press them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.rendering.names import width_of
from bot.demo.fake_slack.controls import Control, controls
from bot.demo.terminal.tables import chart_lines, table_lines
from bot.demo.terminal.text import Style, harmless, padded, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from bot.demo.fake_slack.state import Json, Message, View

BAR = "│ "
OPTIONS_SHOWN = 3
FIELD_GAP = 2


def draw(message: Message, *, width: int = 80, colour: bool = False, names: Mapping[str, str] | None = None) -> str:
    """A message as its reader sees it, in lines of at most `width` columns.

    Args:
        colour: emphasis by escape sequences; off where the output isn't a terminal.
        names: what to show for ids of people and channels.
    """
    style = Style(colour=colour, names=names)
    drawing = _Drawing(style, width - len(BAR), {id(c.element): c for c in controls(message)})
    lines = list(drawing.blocks(message.blocks))
    if not message.blocks:
        lines += wrapped(style.mrkdwn(message.text), drawing.width)
    for attachment in message.attachments:
        lines += drawing.blocks(attachment.get("blocks") or ())
        lines += wrapped(style.mrkdwn(str(attachment.get("text") or "")), drawing.width)
    lines += [f"[file] {harmless(file.name)} ({len(file.content):,} bytes)" for file in message.files]
    sender = harmless(style.name(message.user))
    marks = [
        "only you can see this" if message.ephemeral else "",
        "in a thread" if message.thread_ts and message.thread_ts != message.ts else "",
        "edited" if message.edits else "",
    ]
    return _framed(" · ".join(filter(None, [sender, *marks])), lines, style)


def draw_view(view: View, *, width: int = 80, colour: bool = False, names: Mapping[str, str] | None = None) -> str:
    """A modal or a Home tab."""
    style = Style(colour=colour, names=names)
    drawing = _Drawing(style, width - len(BAR), {id(c.element): c for c in controls(view)})
    title = style.object(view.payload.get("title")) if view.kind == "modal" else "Home"
    lines = list(drawing.blocks(view.blocks))
    if submit := view.payload.get("submit"):
        lines += ["", f"[submit] {style.object(submit)}   [close]"]
    return _framed(f"{title} · {'window' if view.kind == 'modal' else 'tab'}", lines, style)


def _framed(title: str, lines: Iterable[str], style: Style) -> str:
    return "\n".join([style.bold(f"╭ {title}"), *(f"{BAR}{line}".rstrip() for line in lines), "╰"])


class _Drawing:
    """Blocks to lines within a width."""

    def __init__(self, style: Style, width: int, numbered: Mapping[int, Control]) -> None:
        self.width = width
        self._style = style
        self._numbered = numbered
        self._kinds: dict[str, Callable[[Json], Iterable[str]]] = {
            "header": self._header,
            "section": self._section,
            "context": self._context,
            "divider": lambda _: ["─" * self.width],
            "actions": self._actions,
            "input": self._input,
            "image": lambda b: wrapped(f"[image] {harmless(str(b.get('alt_text', '')))}", self.width),
            "rich_text": self._rich_text,
            "markdown": lambda b: wrapped(harmless(str(b.get("text", ""))), self.width),
            "data_table": self._table,
            "table": self._table,
            "data_visualization": self._chart,
            "container": self._container,
            "alert": lambda b: wrapped(f"! {self._style.object(b.get('text'))}", self.width),
        }

    def blocks(self, blocks: Iterable[Json]) -> Iterator[str]:
        """All blocks; a blank line before what begins something new."""
        for n, block in enumerate(blocks):
            kind = str(block.get("type"))
            if n and kind in {"header", "data_table", "table", "data_visualization", "actions", "rich_text"}:
                yield ""
            draw_one = self._kinds.get(kind)
            yield from draw_one(block) if draw_one else [f"[{kind}]"]

    def _header(self, block: Json) -> Iterator[str]:
        for line in wrapped(self._style.object(block.get("text")), self.width):
            yield self._style.bold(line)

    def _section(self, block: Json) -> Iterator[str]:
        if "text" in block:
            yield from wrapped(self._style.object(block["text"]), self.width)
        if fields := block.get("fields"):
            yield from self._fields([self._style.object(field) for field in fields])
        accessory = block.get("accessory")
        if isinstance(accessory, dict):
            yield from self._elements([accessory])

    def _fields(self, fields: list[str]) -> Iterator[str]:
        """As many beside each other as fit; of a field with two lines, the lines make one."""
        texts = [": ".join(filter(None, field.split("\n"))) for field in fields]
        column = max(map(width_of, texts)) + FIELD_GAP
        beside = max(1, (self.width + FIELD_GAP) // column)
        for at in range(0, len(texts), beside):
            row = "".join(padded(text, column) for text in texts[at : at + beside]).rstrip()
            yield from wrapped(row, self.width)

    def _context(self, block: Json) -> Iterator[str]:
        for element in block.get("elements") or ():
            text = f"[image] {element.get('alt_text', '')}" if element.get("type") == "image" else None
            for line in wrapped(harmless(text) if text else self._style.object(element), self.width):
                yield self._style.dim(line)

    def _actions(self, block: Json) -> Iterator[str]:
        yield from self._elements(block.get("elements") or ())

    def _input(self, block: Json) -> Iterator[str]:
        element = block.get("element") or {}
        yield from self._elements([element])
        if hint := block.get("hint"):
            yield from map(self._style.dim, wrapped(self._style.object(hint), self.width))

    def _elements(self, elements: Iterable[Json]) -> Iterator[str]:
        """Buttons beside each other as far as they fit, everything else on a line of its own."""
        line = ""
        for element in elements:
            control = self._numbered.get(id(element))
            if control is None:
                continue
            if control.kind != "button":
                if line:
                    yield line
                    line = ""
                yield from wrapped(self._picker(control), self.width)
                continue
            button = f"[{control.number}] {harmless(control.label)}"
            if line and width_of(line) + 3 + width_of(button) > self.width:
                yield line
                line = ""
            line = f"{line}   {button}" if line else button
        if line:
            yield line

    def _picker(self, control: Control) -> str:
        labels = [harmless(option.label) for option in control.options]
        text = f"[{control.number}] {harmless(control.label)}"
        if control.kind.endswith("external_select"):
            return f"{text} ▾ type a part of the name"
        if not labels:
            standing = control.element.get("initial_value", "")
            return f"{text}: {harmless(str(standing)) or '____'}"
        shown = ", ".join(labels[:OPTIONS_SHOWN])
        more = f", … ({len(labels)})" if len(labels) > OPTIONS_SHOWN else ""
        return f"{text} ▾ {shown}{more}"

    def _table(self, block: Json) -> Iterator[str]:
        if caption := block.get("caption"):
            yield from map(self._style.dim, wrapped(harmless(str(caption)), self.width))
        yield from table_lines(block, self.width)

    def _chart(self, block: Json) -> Iterator[str]:
        yield from wrapped(harmless(str(block.get("title", ""))), self.width)
        yield from chart_lines(block, self.width)

    def _container(self, block: Json) -> Iterator[str]:
        yield from wrapped(self._style.object(block.get("title")), self.width)
        yield from self.blocks(block.get("child_blocks") or ())

    def _rich_text(self, block: Json) -> Iterator[str]:
        for part in block.get("elements") or ():
            kind = part.get("type")
            if kind == "rich_text_preformatted":
                yield from self._inline(part).split("\n")
            elif kind == "rich_text_list":
                yield from self._list(part)
            else:
                mark = "> " if kind == "rich_text_quote" else ""
                for line in wrapped(self._inline(part), self.width - len(mark)):
                    yield mark + line

    def _list(self, part: Json) -> Iterator[str]:
        indent = "  " * int(part.get("indent") or 0)
        for n, item in enumerate(part.get("elements") or (), start=int(part.get("offset") or 0) + 1):
            mark = f"{indent}{n}. " if part.get("style") == "ordered" else f"{indent}• "
            for at, line in enumerate(wrapped(self._inline(item), self.width - len(mark))):
                yield (mark if at == 0 else " " * len(mark)) + line

    def _inline(self, part: Json) -> str:
        return harmless("".join(map(self._inline_element, part.get("elements") or ())))

    def _inline_element(self, element: Json) -> str:
        match element.get("type"):
            case "link":
                return str(element.get("text") or element.get("url", ""))
            case "user":
                return f"@{self._style.name(str(element.get('user_id', '')))}"
            case "channel":
                return f"#{self._style.name(str(element.get('channel_id', '')))}"
            case "emoji":
                return f":{element.get('name', '')}:"
            case "date":
                return str(element.get("fallback", ""))
            case _:
                return str(element.get("text", ""))
