"""What Slack takes, and what it refuses with `invalid_blocks`: the limits of messages, modals and Home views.

Used by the tests on everything that the bot can say, and by the stand-in for Slack, which refuses as Slack does.
Lengths are UTF-16 code units, the larger of the two ways in which Slack may count.

Source: docs.slack.dev, reference/block-kit and reference/methods, August to November 2026. Where Slack gives no
number but has been seen to refuse (preformatted text), the number is our own margin.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

Surface = Literal["message", "modal", "home"]
Block = dict[str, Any]

BLOCKS = {"message": 50, "modal": 100, "home": 100}
ONLY_IN_MESSAGES = frozenset({"markdown", "plan", "task_card", "context_actions"})
NOT_IN_MODALS = ONLY_IN_MESSAGES | {"table", "data_table", "data_visualization", "carousel", "container"}
FORBIDDEN = {
    "message": frozenset({"alert"}),
    "modal": NOT_IN_MODALS,
    # Slack's pages contradict each other on charts and containers in Home views: the stricter one is kept.
    "home": ONLY_IN_MESSAGES | {"alert", "data_visualization", "container"},
}
IN_CONTAINERS = frozenset({"actions", "context", "divider", "file", "header", "image", "input", "rich_text", "section"})
IN_CONTAINERS |= {"table", "video"}

_TEXT_INPUTS = frozenset(
    {"plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input", "file_input"}
)
_PICKERS = frozenset({"users", "conversations", "channels"})
_SELECTS = frozenset(f"{many}{kind}_select" for many in ("", "multi_") for kind in ("static", "external", *_PICKERS))
_ELEMENTS = (
    frozenset({"button", "overflow", "checkboxes", "radio_buttons", "datepicker", "timepicker", "datetimepicker"})
    | {"image", "workflow_button", "feedback_buttons", "icon_button"}
    | _SELECTS
    | _TEXT_INPUTS
)


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def violations(payload: Mapping[str, Any], *, surface: Surface) -> list[str]:
    """Everything that Slack would refuse, each with a JSON pointer to where it is; empty: it will be taken.

    Args:
        payload: arguments of a post (`text`, `blocks`, …), or a view.
        surface: where it will be shown.
    """
    checked = _Checker(surface)
    if surface == "message":
        checked.message(payload)
    else:
        checked.view(payload)
    checked.blocks("/blocks", payload.get("blocks") or [])
    checked.sums()
    return checked.found


def options_violations(payload: Mapping[str, Any]) -> list[str]:
    """The same for the answer to an external select's search."""
    checked = _Checker("message")
    checked.option_lists("", payload, needed=False)
    return checked.found


class _Checker:
    """Walks one payload and notes what is wrong with it."""

    def __init__(self, surface: Surface) -> None:
        self.surface: Surface = surface
        self.found: list[str] = []
        self._used: Counter[str] = Counter()
        """Blocks by type, and characters of the kinds that Slack adds up."""
        self._ids: set[str] = set()
        self._by_type: dict[str, Callable[[str, Block], None]] = {
            name.removeprefix("_block_"): getattr(self, name) for name in dir(type(self)) if name.startswith("_block_")
        }

    def note(self, at: str, problem: str) -> None:
        self.found.append(f"{at or '/'}: {problem}")

    # --- around the blocks ---

    def message(self, payload: Mapping[str, Any]) -> None:
        text, markdown = payload.get("text"), payload.get("markdown_text")
        if payload.get("delete_original"):
            if len(payload) > 1:
                self.note("/delete_original", "stands alone")
            return
        if markdown is not None:
            self.text_length("/markdown_text", markdown, 12_000)
            if text or payload.get("blocks"):
                self.note("/markdown_text", "not together with text or blocks")
        else:
            self.text_length("/text", text, 4000)
        if len(payload.get("attachments") or ()) > 100:
            self.note("/attachments", "more than 100")

    def view(self, view: Mapping[str, Any]) -> None:
        if view.get("type") != self.surface:
            self.note("/type", f"is {view.get('type')!r}, not {self.surface!r}")
        if self.surface == "modal":
            for key in ("title", "submit", "close"):
                if key in view or key == "title":
                    self.text_object(f"/{key}", view.get(key), 24, plain=True)
            if "submit" not in view and any(b.get("type") == "input" for b in view.get("blocks") or ()):
                self.note("/submit", "missing, though the view has inputs")
        for key, limit in (("private_metadata", 3000), ("callback_id", 255), ("external_id", 255)):
            if key in view:
                self.text_length(f"/{key}", view[key], limit, empty=True)
        if len(json.dumps(view, ensure_ascii=False).encode()) > 250_000:
            self.note("", "the view is larger than 250 kB")
        if not view.get("blocks"):
            self.note("/blocks", "missing")

    def blocks(self, at: str, blocks: Sequence[Any]) -> None:
        if len(blocks) > BLOCKS[self.surface]:
            self.note(at, f"{len(blocks)} blocks, more than {BLOCKS[self.surface]}")
        for index, block in enumerate(blocks):
            self.block(f"{at}/{index}", block)

    def block(self, at: str, block: Any) -> None:
        kind = block.get("type") if isinstance(block, dict) else None
        check = self._by_type.get(str(kind))
        if check is None:
            self.note(at, f"no block type {kind!r}")
            return
        if kind in FORBIDDEN[self.surface]:
            self.note(at, f"{kind} is not allowed in a {self.surface}")
        self._used[str(kind)] += 1
        if "block_id" in block:
            block_id = block["block_id"]
            self.text_length(f"{at}/block_id", block_id, 255)
            if block_id in self._ids:
                self.note(f"{at}/block_id", f"{block_id!r} occurs twice")
            self._ids.add(block_id)
        check(at, block)

    def sums(self) -> None:
        """What Slack adds up over the whole payload."""
        for name, limit, what in (
            ("markdown characters", 12_000, "characters in markdown blocks"),
            ("table characters", 10_000, "characters in tables"),
            ("data_table characters", 20_000, "characters in data tables"),
            ("preformatted characters", 12_000, "characters of preformatted text"),
            ("table", 1, "tables"),
            ("data_visualization", 2, "charts"),
        ):
            if self._used[name] > limit:
                self.note("/blocks", f"{self._used[name]} {what}, more than {limit}")

    # --- texts ---

    def text_length(self, at: str, text: Any, limit: int, *, empty: bool = False) -> None:
        if not isinstance(text, str):
            self.note(at, "missing" if text is None else "is no text")
        elif not text.strip() and not empty:
            self.note(at, "is empty")
        elif units(text) > limit:
            self.note(at, f"{units(text)} characters, more than {limit}")

    def text_object(self, at: str, text: Any, limit: int, *, plain: bool = False) -> None:
        if not isinstance(text, dict):
            self.note(at, "missing" if text is None else "is no text object")
            return
        kinds = {"plain_text"} if plain else {"plain_text", "mrkdwn"}
        if text.get("type") not in kinds:
            self.note(f"{at}/type", f"is {text.get('type')!r}, not {' or '.join(sorted(kinds))}")
        if text.get("type") == "mrkdwn" and "emoji" in text:
            self.note(f"{at}/emoji", "only in plain_text")
        if text.get("type") == "plain_text" and "verbatim" in text:
            self.note(f"{at}/verbatim", "only in mrkdwn")
        self.text_length(f"{at}/text", text.get("text"), limit)

    def optional_text(self, at: str, holder: Mapping[str, Any], key: str, limit: int, *, plain: bool = False) -> None:
        if key in holder:
            self.text_object(f"{at}/{key}", holder[key], limit, plain=plain)

    def optional_length(self, at: str, holder: Mapping[str, Any], **limits: int) -> None:
        for key, limit in limits.items():
            if key in holder:
                self.text_length(f"{at}/{key}", holder[key], limit)

    def count(self, at: str, items: Any, least: int, most: int, what: str) -> Sequence[Any]:
        """The items of a list, having checked how many there are."""
        if not isinstance(items, list):
            self.note(at, "missing" if items is None else "is no list")
            return ()
        if not least <= len(items) <= most:
            self.note(at, f"{len(items)} {what}, not {least} to {most}")
        return items

    def number(self, at: str, value: Any, least: float, most: float) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self.note(at, f"{value!r} is not between {least} and {most}")

    # --- blocks ---

    def _block_divider(self, at: str, block: Block) -> None:
        pass

    def _block_header(self, at: str, block: Block) -> None:
        self.text_object(f"{at}/text", block.get("text"), 150, plain=True)
        if "level" in block:
            self.number(f"{at}/level", block["level"], 1, 4)

    def _block_section(self, at: str, block: Block) -> None:
        if "text" not in block and "fields" not in block:
            self.note(at, "has neither text nor fields")
        self.optional_text(at, block, "text", 3000)
        if "fields" in block:
            for index, field in enumerate(self.count(f"{at}/fields", block["fields"], 1, 10, "fields")):
                self.text_object(f"{at}/fields/{index}", field, 2000)
        if "accessory" in block:
            self.elements(f"{at}/accessory", [block["accessory"]], within="section")

    def _block_context(self, at: str, block: Block) -> None:
        for index, element in enumerate(self.count(f"{at}/elements", block.get("elements"), 1, 10, "elements")):
            if isinstance(element, dict) and element.get("type") == "image":
                self._picture(f"{at}/elements/{index}", element)
            else:
                self.text_object(f"{at}/elements/{index}", element, 3000)

    def _block_actions(self, at: str, block: Block) -> None:
        elements = self.count(f"{at}/elements", block.get("elements"), 1, 25, "elements")
        self.elements(f"{at}/elements", elements, within="actions")

    def _block_context_actions(self, at: str, block: Block) -> None:
        elements = self.count(f"{at}/elements", block.get("elements"), 1, 5, "elements")
        self.elements(f"{at}/elements", elements, within="context_actions")

    def _block_image(self, at: str, block: Block) -> None:
        self._picture(at, block)
        self.optional_text(at, block, "title", 2000, plain=True)

    def _picture(self, at: str, image: Block) -> None:
        self.text_length(f"{at}/alt_text", image.get("alt_text"), 2000)
        if ("image_url" in image) == ("slack_file" in image):
            self.note(at, "has one of image_url and slack_file")
        self.optional_length(at, image, image_url=3000)

    def _block_input(self, at: str, block: Block) -> None:
        self.text_object(f"{at}/label", block.get("label"), 2000, plain=True)
        self.optional_text(at, block, "hint", 2000, plain=True)
        self.elements(f"{at}/element", [block.get("element")], within="input")

    def _block_video(self, at: str, block: Block) -> None:
        self.text_object(f"{at}/title", block.get("title"), 200, plain=True)
        self.optional_text(at, block, "description", 200, plain=True)
        for key in ("alt_text", "video_url", "thumbnail_url"):
            if key not in block:
                self.note(f"{at}/{key}", "missing")
        self.optional_length(
            at, block, alt_text=2000, video_url=3000, thumbnail_url=3000, author_name=50, provider_name=50
        )
        self.optional_length(at, block, title_url=2000, provider_icon_url=2000)

    def _block_markdown(self, at: str, block: Block) -> None:
        self.text_length(f"{at}/text", block.get("text"), 12_000)
        self._used["markdown characters"] += units(str(block.get("text") or ""))

    def _block_rich_text(self, at: str, block: Block) -> None:
        self.rich_text(at, self.count(f"{at}/elements", block.get("elements"), 1, 10_000, "elements"))

    def rich_text(self, at: str, elements: Sequence[Any]) -> None:
        for index, element in enumerate(elements):
            here = f"{at}/elements/{index}"
            kind = element.get("type")
            if kind == "text":
                if not element.get("text"):
                    self.note(f"{here}/text", "is empty")
                continue
            if "elements" in element or str(kind).startswith("rich_text_"):
                self.rich_text(here, self.count(f"{here}/elements", element.get("elements"), 1, 10_000, "elements"))
            for key, most in (("indent", 8), ("border", 1)):
                if key in element:
                    self.number(f"{here}/{key}", element[key], 0, most)
            if kind == "rich_text_preformatted":
                length = sum(units(str(e.get("text", ""))) for e in element.get("elements") or ())
                self._used["preformatted characters"] += length
                if length > 3000:
                    self.note(here, f"{length} characters of preformatted text, more than 3000")

    # --- tables and charts ---

    def _block_table(self, at: str, block: Block) -> None:
        rows = self.count(f"{at}/rows", block.get("rows"), 1, 100, "rows")
        self._used["table characters"] += self.cells(at, rows, rich_header=True)
        settings = self.count(f"{at}/column_settings", block.get("column_settings", []), 0, 20, "settings")
        for index, setting in enumerate(settings):
            if setting is not None and setting.get("align", "left") not in {"left", "center", "right"}:
                self.note(f"{at}/column_settings/{index}/align", f"no alignment {setting['align']!r}")

    def _block_data_table(self, at: str, block: Block) -> None:
        self.text_length(f"{at}/caption", block.get("caption"), 100_000)
        rows = self.count(f"{at}/rows", block.get("rows"), 2, 201, "rows, the header included")
        length = self.cells(at, rows, rich_header=False)
        self._used["data_table characters"] += length
        widths = {len(row) for row in rows}
        if len(widths) > 1:
            self.note(f"{at}/rows", f"rows of {' and '.join(map(str, sorted(widths)))} cells")
        if "page_size" in block:
            self.number(f"{at}/page_size", block["page_size"], 1, 100)
        if "row_header_column_index" in block:
            self.number(
                f"{at}/row_header_column_index", block["row_header_column_index"], 0, max(widths, default=1) - 1
            )

    def cells(self, at: str, rows: Sequence[Any], *, rich_header: bool) -> int:
        """Checks each cell; returns the characters in all of them."""
        length = 0
        for r, row in enumerate(rows):
            for c, cell in enumerate(self.count(f"{at}/rows/{r}", row, 1, 20, "cells")):
                here = f"{at}/rows/{r}/{c}"
                kind = cell.get("type")
                if kind == "rich_text":
                    if r == 0 and not rich_header:
                        self.note(here, "a header cell is no rich_text")
                    self._block_rich_text(here, cell)
                    length += _rich_length(cell)
                    continue
                if kind not in {"raw_text", "raw_number"}:
                    self.note(here, f"no cell type {kind!r}")
                if kind == "raw_number" and (isinstance(cell.get("value"), bool) or not _is_number(cell.get("value"))):
                    self.note(f"{here}/value", f"{cell.get('value')!r} is no number")
                if not cell.get("text"):
                    self.note(f"{here}/text", "is empty")
                length += units(str(cell.get("text") or ""))
        return length

    def _block_data_visualization(self, at: str, block: Block) -> None:
        self.text_length(f"{at}/title", block.get("title"), 50)
        chart = block.get("chart") or {}
        if chart.get("type") == "pie":
            for index, segment in enumerate(
                self.count(f"{at}/chart/segments", chart.get("segments"), 1, 12, "segments")
            ):
                here = f"{at}/chart/segments/{index}"
                self.text_length(f"{here}/label", segment.get("label"), 20)
                if not _is_number(segment.get("value")) or segment["value"] <= 0:
                    self.note(f"{here}/value", f"{segment.get('value')!r} is not above 0")
            return
        if chart.get("type") not in {"bar", "area", "line"}:
            self.note(f"{at}/chart/type", f"no chart type {chart.get('type')!r}")
            return
        self._series(f"{at}/chart", chart)

    def _series(self, at: str, chart: Block) -> None:
        axis = chart.get("axis_config") or {}
        categories = self.count(f"{at}/axis_config/categories", axis.get("categories"), 1, 20, "categories")
        for index, category in enumerate(categories):
            self.text_length(f"{at}/axis_config/categories/{index}", category, 20)
        self.unique(f"{at}/axis_config/categories", categories, "category")
        self.optional_length(f"{at}/axis_config", axis, x_label=50, y_label=50)
        series = self.count(f"{at}/series", chart.get("series"), 1, 12, "series")
        self.unique(f"{at}/series", [s.get("name") for s in series], "name")
        for index, one in enumerate(series):
            self.text_length(f"{at}/series/{index}/name", one.get("name"), 20)
            points = self.count(f"{at}/series/{index}/data", one.get("data"), 1, 20, "points")
            if Counter(p.get("label") for p in points) != Counter(categories):
                self.note(f"{at}/series/{index}/data", "not exactly one point for each category")
            for p, point in enumerate(points):
                if not _is_number(point.get("value")):
                    self.note(f"{at}/series/{index}/data/{p}/value", f"{point.get('value')!r} is no number")

    def unique(self, at: str, names: Sequence[Any], what: str) -> None:
        for name, times in Counter(names).items():
            if times > 1:
                self.note(at, f"{what} {name!r} occurs {times} times")

    # --- cards and containers ---

    def _block_card(self, at: str, block: Block) -> None:
        if not {"hero_image", "title", "actions", "body"} & block.keys():
            self.note(at, "has none of hero_image, title, actions and body")
        for key, limit in (("title", 150), ("subtitle", 150), ("body", 200), ("subtext", 200)):
            self.optional_text(at, block, key, limit)
        if "icon" in block and "slack_icon" in block:
            self.note(at, "has one of icon and slack_icon")
        if "actions" in block:
            buttons = self.count(f"{at}/actions", block["actions"], 1, 3, "buttons")
            self.elements(f"{at}/actions", buttons, within="card")

    def _block_carousel(self, at: str, block: Block) -> None:
        for index, card in enumerate(self.count(f"{at}/elements", block.get("elements"), 1, 10, "cards")):
            self._block_card(f"{at}/elements/{index}", card)

    def _block_container(self, at: str, block: Block) -> None:
        self.optional_text(at, block, "title", 150, plain=True)
        self.optional_text(at, block, "subtitle", 150)
        for index, child in enumerate(self.count(f"{at}/child_blocks", block.get("child_blocks"), 1, 10, "blocks")):
            if child.get("type") not in IN_CONTAINERS:
                self.note(f"{at}/child_blocks/{index}", f"{child.get('type')} is not allowed in a container")
            self.block(f"{at}/child_blocks/{index}", child)

    def _block_alert(self, at: str, block: Block) -> None:
        self.text_object(f"{at}/text", block.get("text"), 200)

    def _block_plan(self, at: str, block: Block) -> None:
        self.text_length(f"{at}/title", block.get("title"), 100_000)
        self.count(f"{at}/tasks", block.get("tasks"), 1, 50, "tasks")

    def _block_task_card(self, at: str, block: Block) -> None:
        for key in ("task_id", "title"):
            self.text_length(f"{at}/{key}", block.get(key), 100_000)

    # --- elements ---

    def elements(self, at: str, elements: Sequence[Any], *, within: str) -> None:
        seen: set[str] = set()
        for index, element in enumerate(elements):
            here = f"{at}/{index}" if len(elements) > 1 or within not in {"section", "input"} else at
            kind = element.get("type") if isinstance(element, dict) else None
            if kind not in _ELEMENTS:
                self.note(here, f"no element type {kind!r}")
                continue
            if kind in _TEXT_INPUTS and within != "input":
                self.note(here, f"{kind} is only allowed in an input")
            if kind == "datetimepicker" and within not in {"input", "actions"}:
                self.note(here, "datetimepicker is only allowed in an input or actions")
            if "action_id" in element:
                self.text_length(f"{here}/action_id", element["action_id"], 255)
                if element["action_id"] in seen:
                    self.note(f"{here}/action_id", f"{element['action_id']!r} occurs twice in its block")
                seen.add(element["action_id"])
            self.element(here, str(kind), element)

    def element(self, at: str, kind: str, element: Block) -> None:
        self.optional_text(at, element, "placeholder", 150, plain=True)
        if "confirm" in element:
            self._confirm(f"{at}/confirm", element["confirm"])
        if kind == "button":
            self.text_object(f"{at}/text", element.get("text"), 75, plain=True)
            self.optional_length(at, element, url=3000, accessibility_label=75)
            if "value" in element:
                self.text_length(f"{at}/value", element["value"], 2000)
            if element.get("style", "primary") not in {"primary", "danger"}:
                self.note(f"{at}/style", f"no style {element['style']!r}")
        elif kind in {"static_select", "multi_static_select"}:
            self.option_lists(at, element)
        elif kind in {"overflow", "checkboxes", "radio_buttons"}:
            most = 5 if kind == "overflow" else 10
            for index, option in enumerate(self.count(f"{at}/options", element.get("options"), 1, most, "options")):
                self.option(f"{at}/options/{index}", option, urls=kind == "overflow", rich=kind != "overflow")
        elif kind == "plain_text_input":
            self._text_input(at, element)
        elif kind == "file_input" and "max_files" in element:
            self.number(f"{at}/max_files", element["max_files"], 1, 10)
        elif kind == "image":
            self._picture(at, element)

    def _text_input(self, at: str, element: Block) -> None:
        if "min_length" in element:
            self.number(f"{at}/min_length", element["min_length"], 0, 3000)
        if "max_length" in element:
            self.number(f"{at}/max_length", element["max_length"], 1, 3000)
        if "initial_value" in element:
            self.text_length(f"{at}/initial_value", element["initial_value"], 3000, empty=True)

    def _confirm(self, at: str, confirm: Block) -> None:
        for key, limit in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            self.text_object(f"{at}/{key}", confirm.get(key), limit, plain=key != "text")

    def option_lists(self, at: str, element: Mapping[str, Any], *, needed: bool = True) -> None:
        """Options or groups of them; an external select may answer with none."""
        least = 1 if needed else 0
        if ("options" in element) == ("option_groups" in element):
            self.note(at, "has one of options and option_groups")
            return
        given: list[Any] = []
        if "options" in element:
            given += self.count(f"{at}/options", element["options"], least, 100, "options")
            for index, option in enumerate(given):
                self.option(f"{at}/options/{index}", option)
        else:
            groups = self.count(f"{at}/option_groups", element["option_groups"], least, 100, "groups")
            for g, group in enumerate(groups):
                here = f"{at}/option_groups/{g}"
                self.text_object(f"{here}/label", group.get("label"), 75, plain=True)
                options = self.count(f"{here}/options", group.get("options"), least, 100, "options")
                for index, option in enumerate(options):
                    self.option(f"{here}/options/{index}", option)
                given += options
        if "initial_option" in element and element["initial_option"] not in given:
            self.note(f"{at}/initial_option", "is none of the options")

    def option(self, at: str, option: Any, *, urls: bool = False, rich: bool = False) -> None:
        if not isinstance(option, dict):
            self.note(at, "is no option")
            return
        self.text_object(f"{at}/text", option.get("text"), 75, plain=not rich)
        self.text_length(f"{at}/value", option.get("value"), 150)
        self.optional_text(at, option, "description", 75, plain=not rich)
        if "url" in option:
            if not urls:
                self.note(f"{at}/url", "only in an overflow menu")
            self.optional_length(at, option, url=3000)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value - value == 0


def _rich_length(cell: Block) -> int:
    """Characters of the texts anywhere inside."""
    inside: Collection[Any] = cell.get("elements") or ()
    return units(str(cell.get("text") or "")) + sum(_rich_length(element) for element in inside)
