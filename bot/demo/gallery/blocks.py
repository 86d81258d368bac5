"""Block Kit as HTML: what Slack draws, near enough to judge a message by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.demo.gallery.charts import chart
from bot.demo.gallery.html import Html, joined, safe, tag
from bot.demo.gallery.markup import Markup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bot.demo.fake_slack.state import Json

_FIRST_OPTIONS = 100
_PAGE = 5
"""Rows of a data table that shows no page size of its own."""


class Drawing:
    """Blocks of one workspace to HTML.

    Args:
        names: what to show for ids of people and channels.
        errors: of a view's inputs, by block id.
        filled: what somebody put into them, by action id.
    """

    pressed = "button"
    """The type of a button: here, one that does nothing."""

    def __init__(
        self,
        names: Mapping[str, str] | None = None,
        *,
        errors: Mapping[str, str] | None = None,
        filled: Mapping[str, str] | None = None,
    ) -> None:
        self.markup = Markup(names)
        self._errors = errors or {}
        self._filled = filled or {}
        self._kinds: dict[str, Callable[[Json], Html]] = {
            "header": lambda b: tag("h3", self.markup.object(b.get("text"))),
            "section": self._section,
            "context": self._context,
            "divider": lambda _: tag("hr"),
            "actions": self._actions,
            "input": self._input,
            "image": self._image,
            "rich_text": lambda b: tag("div", self.markup.rich_text(b), class_="rich"),
            "markdown": lambda b: tag("div", str(b.get("text", "")), class_="markdown"),
            "table": self._table,
            "data_table": self._data_table,
            "data_visualization": chart,
            "container": self._container,
            "alert": lambda b: tag("div", self.markup.object(b.get("text")), class_="alert"),
        }

    def blocks(self, blocks: Iterable[Json]) -> Html:
        """All of them, one under the other."""
        return joined(self._block(block) for block in blocks)

    def _block(self, block: Json) -> Html:
        kind = str(block.get("type"))
        draw = self._kinds.get(kind)
        drawn = draw(block) if draw else f"[{kind}]"
        return tag("div", drawn, class_=f"block {kind.replace('_', '-')}")

    def _section(self, block: Json) -> Html:
        parts = []
        if "text" in block:
            parts.append(tag("div", self.markup.object(block["text"])))
        if fields := block.get("fields"):
            parts.append(tag("div", *(tag("div", self.markup.object(f)) for f in fields), class_="fields"))
        accessory = block.get("accessory")
        side = self._element(accessory) if isinstance(accessory, dict) else Html("")
        return tag("div", tag("div", *parts, class_="said"), side, class_="beside")

    def _context(self, block: Json) -> Html:
        return joined(
            self._picture(e) if e.get("type") == "image" else tag("span", self.markup.object(e))
            for e in block.get("elements") or ()
        )

    def _actions(self, block: Json) -> Html:
        return joined(self._element(element) for element in block.get("elements") or ())

    def _input(self, block: Json) -> Html:
        optional = tag("span", " (optional)", class_="optional") if block.get("optional") else ""
        error = self._errors.get(str(block.get("block_id")))
        hint = tag("div", self.markup.object(block["hint"]), class_="hint") if block.get("hint") else ""
        return tag(
            "div",
            tag("div", self.markup.object(block.get("label")), optional, class_="label"),
            self._element(block.get("element") or {}),
            tag("div", error, class_="error") if error else "",
            hint,
            class_="wrong" if error else None,
        )

    def _image(self, block: Json) -> Html:
        title = tag("figcaption", self.markup.object(block["title"])) if block.get("title") else ""
        return tag("figure", title, self._picture(block))

    def _picture(self, image: Json) -> Html:
        """Nothing is fetched: a picture elsewhere stands as the words that describe it."""
        return tag("span", f"▨ {image.get('alt_text', '')}", class_="picture", title=image.get("image_url"))

    def _container(self, block: Json) -> Html:
        return tag(
            "details",
            tag("summary", self.markup.object(block.get("title"))),
            self.blocks(block.get("child_blocks") or ()),
            open=True,
        )

    # --- what can be pressed or filled in ---

    def _element(self, element: Json) -> Html:
        kind = str(element.get("type"))
        match kind:
            case "button":
                return self._button(element)
            case "overflow":
                options = [tag("li", self.markup.object(o.get("text"))) for o in element.get("options") or ()]
                return tag("details", tag("summary", "⋯"), tag("ul", *options), class_="menu")
            case "checkboxes" | "radio_buttons":
                return self._choices(element, "checkbox" if kind == "checkboxes" else "radio")
            case "image":
                return self._picture(element)
            case "plain_text_input" | "number_input" | "email_text_input" | "url_text_input":
                return self._text_input(element)
            case "datepicker" | "timepicker" | "datetimepicker":
                standing = self._standing(element) or element.get("initial_date") or element.get("initial_time")
                return tag("span", standing or self._placeholder(element) or "choose…", class_=f"select {kind}")
        return self._select(element, kind)

    def _button(self, element: Json) -> Html:
        confirm = element.get("confirm") or {}
        asked = " ".join(str((confirm.get(part) or {}).get("text", "")) for part in ("title", "text")).strip()
        return tag(
            "button",
            self.markup.object(element.get("text")),
            type="button",
            class_=element.get("style"),
            title=f"asks first: {asked}" if asked else element.get("value"),
        )

    def _choices(self, element: Json, kind: str) -> Html:
        first = element.get("initial_options") or [element.get("initial_option")]
        lines = [
            tag(
                "label",
                tag("input", type=kind, checked=option in first, disabled=True),
                " ",
                self.markup.object(option.get("text")),
                tag("small", self.markup.object(option["description"])) if option.get("description") else "",
            )
            for option in element.get("options") or ()
        ]
        return tag("div", *lines, class_="choices")

    def _text_input(self, element: Json) -> Html:
        standing = self._standing(element) or str(element.get("initial_value") or "")
        empty = self._placeholder(element)
        name = "text long" if element.get("multiline") else "text"
        return tag("div", standing or tag("span", empty, class_="placeholder"), class_=name)

    def _select(self, element: Json, kind: str) -> Html:
        chosen = [o for o in [element.get("initial_option"), *(element.get("initial_options") or ())] if o]
        shown = joined((self.markup.object(o.get("text")) for o in chosen), ", ")
        if conversation := element.get("initial_conversation") or element.get("initial_channel"):
            shown = self.markup.mention(str(conversation), "#")
        groups = element.get("option_groups") or [{"options": element.get("options") or ()}]
        options = [
            tag("li", self.markup.object(option.get("text")))
            for group in groups
            for option in list(group.get("options") or ())[:_FIRST_OPTIONS]
        ]
        search = "type to search" if "external" in kind else ""
        whose = next((name for name in ("users", "conversations", "channels") if name in kind), "one")
        shown = safe(self._standing(element) or shown or self._placeholder(element) or f"choose {whose}…")
        summary = tag("summary", shown, class_="select")
        return tag("details", summary, tag("ul", *options) if options else tag("p", search), class_="menu")

    def _standing(self, element: Json) -> str:
        return self._filled.get(str(element.get("action_id")), "")

    @staticmethod
    def _placeholder(element: Json) -> str:
        return str((element.get("placeholder") or {}).get("text", ""))

    # --- tables ---

    def _table(self, block: Json) -> Html:
        settings = list(block.get("column_settings") or ())
        rows = []
        for number, row in enumerate(block.get("rows") or ()):
            cells = [
                self._cell(
                    "th" if not number else "td", cell, align=((settings[i : i + 1] or [{}])[0] or {}).get("align")
                )
                for i, cell in enumerate(row)
            ]
            rows.append(tag("tr", *cells))
        return tag("div", tag("table", *rows), class_="scroll")

    def _data_table(self, block: Json) -> Html:
        """Sorted and turned by the page's script; without it, all rows are there."""
        rows = list(block.get("rows") or ())
        names = int(block.get("row_header_column_index") or 0)
        numeric = [_is_numeric([row[i] for row in rows[1:]]) for i in range(len(rows[0]))]
        head = [
            tag(
                "th",
                tag("button", str(cell.get("text", "")), type="button", class_="sort"),
                scope="col",
                class_="number" if numeric[i] else None,
            )
            for i, cell in enumerate(rows[0])
        ]
        body = [
            tag(
                "tr",
                *(
                    self._cell("th" if i == names else "td", cell, align="right" if numeric[i] else None)
                    for i, cell in enumerate(row)
                ),
            )
            for row in rows[1:]
        ]
        table = tag(
            "table", tag("thead", tag("tr", *head)), tag("tbody", *body), data_page=block.get("page_size", _PAGE)
        )
        caption = tag("div", str(block.get("caption", "")), class_="caption")
        return joined([caption, tag("div", table, class_="scroll")])

    def _cell(self, name: str, cell: Json, *, align: str | None = None) -> Html:
        number = cell.get("type") == "raw_number"
        shown = self.markup.rich_text(cell) if cell.get("type") == "rich_text" else cell.get("text", "")
        side = "number" if align == "right" else None
        return tag(name, shown, class_=side, data_value=cell.get("value") if number else None)


def _is_numeric(cells: Sequence[Json]) -> bool:
    """Whether a column shows figures: bars made of characters sort by number too, and stand to the left."""
    return all(cell.get("type") == "raw_number" for cell in cells) and any(
        character.isdigit() for cell in cells for character in str(cell.get("text", ""))
    )
