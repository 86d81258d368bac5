"""Both sides of each of Slack's edges: what just fits passes, one more is named."""

import json

import pytest

from bot.core.limits import options_violations, units, violations


def plain(text):
    return {"type": "plain_text", "text": text}


def mrkdwn(text):
    return {"type": "mrkdwn", "text": text}


def section(text="text", **more):
    return {"type": "section", "text": mrkdwn(text), **more}


def option(text="text", value="value", **more):
    return {"text": plain(text), "value": value, **more}


def button(**more):
    return {"type": "button", "text": plain("Go"), "action_id": "go", **more}


def actions(*elements, **more):
    return {"type": "actions", "elements": list(elements), **more}


def select(**more):
    return {"type": "static_select", "action_id": "pick", **more}


def raw(text, value=None):
    return {"type": "raw_text", "text": text} if value is None else {"type": "raw_number", "text": text, "value": value}


def data_table(rows=2, columns=2, text="x", **more):
    table = [[raw(text) for _ in range(columns)] for _ in range(rows)]
    return {"type": "data_table", "caption": "Caption", "rows": table, **more}


def table(rows=2, columns=2, text="x", **more):
    return {"type": "table", "rows": [[raw(text) for _ in range(columns)] for _ in range(rows)], **more}


def bars(series=1, categories=2, name="s", **more):
    labels = [f"c{n}" for n in range(categories)]
    data = [{"label": label, "value": 1} for label in labels]
    return {
        "type": "data_visualization",
        "title": "Title",
        "chart": {
            "type": "bar",
            "series": [{"name": f"{name}{n}", "data": data} for n in range(series)],
            "axis_config": {"categories": labels},
        },
        **more,
    }


def pie(segments=1, label="s", value=1):
    chart = {"type": "pie", "segments": [{"label": label, "value": value}] * segments}
    return {"type": "data_visualization", "title": "Title", "chart": chart}


def preformatted(text):
    inner = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [inner]}


def message(*blocks, text="text", **more):
    return {"text": text, "blocks": list(blocks), **more}


def modal(*blocks, **more):
    return {"type": "modal", "title": plain("Title"), "blocks": list(blocks) or [section()], **more}


def text_input(**more):
    element = {"type": "plain_text_input", "action_id": "typed", **more}
    return {"type": "input", "label": plain("Label"), "element": element}


def confirm(**more):
    return {"title": plain("t"), "text": plain("t"), "confirm": plain("t"), "deny": plain("t"), **more}


MESSAGE_EDGES = [
    ("blocks", 50, lambda n: message(*[section()] * n)),
    ("attachments", 100, lambda n: message(attachments=[{}] * n)),
    ("text", 4000, lambda n: message(text="x" * n)),
    ("markdown_text", 12_000, lambda n: {"markdown_text": "x" * n}),
    (
        "markdown blocks",
        12_000,
        lambda n: message({"type": "markdown", "text": "x"}, {"type": "markdown", "text": "x" * (n - 1)}),
    ),
    ("block_id", 255, lambda n: message(section(block_id="x" * n))),
    ("action_id", 255, lambda n: message(actions(button(action_id="x" * n)))),
    ("header", 150, lambda n: message({"type": "header", "text": plain("x" * n)})),
    ("header level", 4, lambda n: message({"type": "header", "text": plain("x"), "level": n})),
    ("section text", 3000, lambda n: message(section("x" * n))),
    ("fields", 10, lambda n: message(section(fields=[mrkdwn("x")] * n))),
    ("field text", 2000, lambda n: message(section(fields=[mrkdwn("x" * n)]))),
    ("context elements", 10, lambda n: message({"type": "context", "elements": [mrkdwn("x")] * n})),
    ("context text", 3000, lambda n: message({"type": "context", "elements": [mrkdwn("x" * n)]})),
    ("actions elements", 25, lambda n: message(actions(*[button(action_id=f"a{i}") for i in range(n)]))),
    ("context_actions", 5, lambda n: message({"type": "context_actions", "elements": [{"type": "icon_button"}] * n})),
    ("image alt", 2000, lambda n: message({"type": "image", "image_url": "https://x", "alt_text": "x" * n})),
    ("image url", 3000, lambda n: message({"type": "image", "image_url": "x" * n, "alt_text": "x"})),
    (
        "image title",
        2000,
        lambda n: message({"type": "image", "image_url": "x", "alt_text": "x", "title": plain("x" * n)}),
    ),
    ("button text", 75, lambda n: message(actions(button(text=plain("x" * n))))),
    ("button value", 2000, lambda n: message(actions(button(value="x" * n)))),
    ("button url", 3000, lambda n: message(actions(button(url="x" * n)))),
    ("button label", 75, lambda n: message(actions(button(accessibility_label="x" * n)))),
    ("confirm title", 100, lambda n: message(actions(button(confirm=confirm(title=plain("x" * n)))))),
    ("confirm text", 300, lambda n: message(actions(button(confirm=confirm(text=plain("x" * n)))))),
    ("confirm button", 30, lambda n: message(actions(button(confirm=confirm(deny=plain("x" * n)))))),
    ("options", 100, lambda n: message(actions(select(options=[option()] * n)))),
    ("option text", 75, lambda n: message(actions(select(options=[option("x" * n)])))),
    ("option value", 150, lambda n: message(actions(select(options=[option(value="x" * n)])))),
    ("option description", 75, lambda n: message(actions(select(options=[option(description=plain("x" * n))])))),
    (
        "groups",
        100,
        lambda n: message(actions(select(option_groups=[{"label": plain("x"), "options": [option()]}] * n))),
    ),
    (
        "group options",
        100,
        lambda n: message(actions(select(option_groups=[{"label": plain("x"), "options": [option()] * n}]))),
    ),
    (
        "group label",
        75,
        lambda n: message(actions(select(option_groups=[{"label": plain("x" * n), "options": [option()]}]))),
    ),
    ("overflow", 5, lambda n: message(actions({"type": "overflow", "options": [option()] * n}))),
    ("overflow url", 3000, lambda n: message(actions({"type": "overflow", "options": [option(url="x" * n)]}))),
    ("checkboxes", 10, lambda n: message(actions({"type": "checkboxes", "options": [option()] * n}))),
    ("radio", 10, lambda n: message(actions({"type": "radio_buttons", "options": [option()] * n}))),
    ("placeholder", 150, lambda n: message(actions(select(options=[option()], placeholder=plain("x" * n))))),
    ("table rows", 100, lambda n: message(table(n))),
    ("table columns", 20, lambda n: message(table(2, n))),
    ("table settings", 20, lambda n: message(table(column_settings=[None] * n))),
    ("table characters", 10_000, lambda n: message(table(1, 1, "x" * n))),
    ("tables", 1, lambda n: message(*[table()] * n)),
    ("data_table rows", 201, lambda n: message(data_table(n))),
    ("data_table columns", 20, lambda n: message(data_table(2, n))),
    ("data_table characters", 20_000, lambda n: message({**data_table(), "rows": [[raw("h")], [raw("x" * (n - 1))]]})),
    (
        "data tables' characters",
        20_000,
        lambda n: message(data_table(2, 1, "x"), {**data_table(), "rows": [[raw("h")], [raw("x" * (n - 3))]]}),
    ),
    ("page_size", 100, lambda n: message(data_table(page_size=n))),
    ("row header", 1, lambda n: message(data_table(row_header_column_index=n))),
    ("charts", 2, lambda n: message(*[pie()] * n)),
    ("chart title", 50, lambda n: message(bars(title="x" * n))),
    ("segments", 12, lambda n: message(pie(n))),
    ("segment label", 20, lambda n: message(pie(label="x" * n))),
    ("series", 12, lambda n: message(bars(n))),
    ("series name", 20, lambda n: message(bars(name="x" * (n - 1)))),
    ("categories", 20, lambda n: message(bars(categories=n))),
    ("cards", 10, lambda n: message({"type": "carousel", "elements": [{"type": "card", "title": plain("x")}] * n})),
    ("card title", 150, lambda n: message({"type": "card", "title": plain("x" * n)})),
    ("card body", 200, lambda n: message({"type": "card", "body": plain("x" * n)})),
    ("card buttons", 3, lambda n: message({"type": "card", "actions": [button(action_id=f"{i}") for i in range(n)]})),
    ("container children", 10, lambda n: message({"type": "container", "child_blocks": [section()] * n})),
    (
        "container title",
        150,
        lambda n: message({"type": "container", "title": plain("x" * n), "child_blocks": [section()]}),
    ),
    ("plan tasks", 50, lambda n: message({"type": "plan", "title": "x", "tasks": [{}] * n})),
    ("preformatted", 3000, lambda n: message(preformatted("x" * n))),
    (
        "preformatted in all",
        12_000,
        lambda n: message(*[preformatted("x" * 2000)] * 5, preformatted("x" * (n - 10_000))),
    ),
    (
        "list indent",
        8,
        lambda n: message(
            {
                "type": "rich_text",
                "elements": [
                    {
                        "type": "rich_text_list",
                        "style": "bullet",
                        "indent": n,
                        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}],
                    }
                ],
            }
        ),
    ),
    (
        "video alt",
        2000,
        lambda n: message(
            {"type": "video", "title": plain("x"), "alt_text": "x" * n, "video_url": "x", "thumbnail_url": "x"}
        ),
    ),
    (
        "video author",
        50,
        lambda n: message(
            {
                "type": "video",
                "title": plain("x"),
                "alt_text": "x",
                "video_url": "x",
                "thumbnail_url": "x",
                "author_name": "x" * n,
            }
        ),
    ),
]

MODAL_EDGES = [
    ("blocks", 100, lambda n: modal(*[section()] * n)),
    ("title", 24, lambda n: modal(title=plain("x" * n))),
    ("submit", 24, lambda n: modal(submit=plain("x" * n))),
    ("close", 24, lambda n: modal(close=plain("x" * n))),
    ("private_metadata", 3000, lambda n: modal(private_metadata="x" * n)),
    ("callback_id", 255, lambda n: modal(callback_id="x" * n)),
    ("external_id", 255, lambda n: modal(external_id="x" * n)),
    ("input label", 2000, lambda n: modal({**text_input(), "label": plain("x" * n)}, submit=plain("Go"))),
    ("input hint", 2000, lambda n: modal({**text_input(), "hint": plain("x" * n)}, submit=plain("Go"))),
    ("input length", 3000, lambda n: modal(text_input(max_length=n), submit=plain("Go"))),
    ("alert", 200, lambda n: modal({"type": "alert", "text": plain("x" * n)})),
    (
        "files",
        10,
        lambda n: modal(
            {"type": "input", "label": plain("x"), "element": {"type": "file_input", "max_files": n}},
            submit=plain("Go"),
        ),
    ),
]


@pytest.mark.parametrize(("limit", "make"), [pytest.param(n, f, id=i) for i, n, f in MESSAGE_EDGES])
def test_a_message_passes_at_each_limit_and_not_beyond_it(limit, make):
    assert violations(make(limit), surface="message") == []
    assert violations(make(limit + 1), surface="message") != []


@pytest.mark.parametrize(("limit", "make"), [pytest.param(n, f, id=i) for i, n, f in MODAL_EDGES])
def test_a_modal_passes_at_each_limit_and_not_beyond_it(limit, make):
    assert violations(make(limit), surface="modal") == []
    assert violations(make(limit + 1), surface="modal") != []


LOWER_EDGES = [
    ("data_table rows", 2, lambda n: message(data_table(n))),
    ("page_size", 1, lambda n: message(data_table(page_size=n))),
    ("table rows", 1, lambda n: message(table(n))),
    ("cell text", 1, lambda n: message(data_table(text="x" * n))),
    ("table cell text", 1, lambda n: message(table(text="x" * n))),
    ("section text", 1, lambda n: message(section("x" * n))),
    ("button value", 1, lambda n: message(actions(button(value="x" * n)))),
    ("text", 1, lambda n: message(section(), text="x" * n)),
    ("caption", 1, lambda n: message(data_table(caption="x" * n))),
    ("options", 1, lambda n: message(actions(select(options=[option()] * n)))),
    ("pie value", 1, lambda n: message(pie(value=n))),
    ("elements", 1, lambda n: message(actions(*[button()] * n))),
    ("context", 1, lambda n: message({"type": "context", "elements": [mrkdwn("x")] * n})),
]


@pytest.mark.parametrize(("least", "make"), [pytest.param(n, f, id=i) for i, n, f in LOWER_EDGES])
def test_the_least_passes_and_nothing_at_all_does_not(least, make):
    assert violations(make(least), surface="message") == []
    assert violations(make(least - 1), surface="message") != []


WRONG = [
    ("no such block", "message", message({"type": "spreadsheet"}), "/blocks/0: no block type 'spreadsheet'"),
    ("block is no object", "message", message("text"), "/blocks/0: no block type None"),
    (
        "same block_id twice",
        "message",
        message(section(block_id="a"), section(block_id="a")),
        "/blocks/1/block_id: 'a' occurs twice",
    ),
    (
        "same action_id twice",
        "message",
        message(actions(button(), button())),
        "/blocks/0/elements/1/action_id: 'go' occurs twice in its block",
    ),
    (
        "markdown beside text",
        "message",
        {"markdown_text": "x", "text": "x"},
        "/markdown_text: not together with text or blocks",
    ),
    ("no text", "message", {"blocks": [section()]}, "/text: missing"),
    ("delete with text", "message", {"delete_original": True, "text": "x"}, "/delete_original: stands alone"),
    (
        "mrkdwn header",
        "message",
        message({"type": "header", "text": mrkdwn("x")}),
        "/blocks/0/text/type: is 'mrkdwn', not plain_text",
    ),
    (
        "emoji in mrkdwn",
        "message",
        message({"type": "section", "text": {**mrkdwn("x"), "emoji": False}}),
        "/blocks/0/text/emoji: only in plain_text",
    ),
    ("section of nothing", "message", message({"type": "section"}), "/blocks/0: has neither text nor fields"),
    (
        "rows of two lengths",
        "message",
        message({**data_table(), "rows": [[raw("a"), raw("b")], [raw("a")]]}),
        "/blocks/0/rows: rows of 1 and 2 cells",
    ),
    (
        "rich header cell",
        "message",
        message({**data_table(), "rows": [[preformatted("a")], [raw("a")]]}),
        "/blocks/0/rows/0/0: a header cell is no rich_text",
    ),
    (
        "number without one",
        "message",
        message({**data_table(), "rows": [[raw("a")], [raw("a", "1")]]}),
        "/blocks/0/rows/1/0/value: '1' is no number",
    ),
    (
        "number that is none",
        "message",
        message({**data_table(), "rows": [[raw("a")], [raw("a", float("nan"))]]}),
        "/blocks/0/rows/1/0/value: nan is no number",
    ),
    (
        "no alignment",
        "message",
        message(table(column_settings=[{"align": "top"}])),
        "/blocks/0/column_settings/0/align: no alignment 'top'",
    ),
    (
        "category without point",
        "message",
        message({**bars(), "chart": {**bars()["chart"], "axis_config": {"categories": ["c0"]}}}),
        "/blocks/0/chart/series/0/data: not exactly one point for each category",
    ),
    (
        "series of one name",
        "message",
        message({**bars(), "chart": {**bars()["chart"], "series": bars()["chart"]["series"] * 2}}),
        "/blocks/0/chart/series: name 's0' occurs 2 times",
    ),
    (
        "image of two sources",
        "message",
        message({"type": "image", "alt_text": "x", "image_url": "x", "slack_file": {}}),
        "/blocks/0: has one of image_url and slack_file",
    ),
    (
        "input outside input",
        "message",
        message(actions({"type": "plain_text_input"})),
        "/blocks/0/elements/0: plain_text_input is only allowed in an input",
    ),
    (
        "datetimepicker in section",
        "message",
        message(section(accessory={"type": "datetimepicker"})),
        "/blocks/0/accessory: datetimepicker is only allowed in an input or actions",
    ),
    (
        "no style",
        "message",
        message(actions(button(style="default"))),
        "/blocks/0/elements/0/style: no style 'default'",
    ),
    (
        "option url in a select",
        "message",
        message(actions(select(options=[option(url="x")]))),
        "/blocks/0/elements/0/options/0/url: only in an overflow menu",
    ),
    (
        "options twice",
        "message",
        message(actions(select(options=[option()], option_groups=[]))),
        "/blocks/0/elements/0: has one of options and option_groups",
    ),
    (
        "initial option from elsewhere",
        "message",
        message(actions(select(options=[option()], initial_option=option("b")))),
        "/blocks/0/elements/0/initial_option: is none of the options",
    ),
    (
        "data_table in a container",
        "message",
        message({"type": "container", "child_blocks": [data_table()]}),
        "/blocks/0/child_blocks/0: data_table is not allowed in a container",
    ),
    ("empty rich text", "message", message(preformatted("")), "/blocks/0/elements/0/elements/0/text: is empty"),
    (
        "card of nothing",
        "message",
        message({"type": "card"}),
        "/blocks/0: has none of hero_image, title, actions and body",
    ),
    ("modal without title", "modal", {"type": "modal", "blocks": [section()]}, "/title: missing"),
    ("inputs without submit", "modal", modal(text_input()), "/submit: missing, though the view has inputs"),
    ("modal of no blocks", "modal", {"type": "modal", "title": plain("x"), "blocks": []}, "/blocks: missing"),
    (
        "home as a modal",
        "modal",
        {"type": "home", "title": plain("x"), "blocks": [section()]},
        "/type: is 'home', not 'modal'",
    ),
]


@pytest.mark.parametrize(
    ("surface", "payload", "problem"), [pytest.param(s, p, found, id=i) for i, s, p, found in WRONG]
)
def test_each_mistake_is_named_where_it_is(surface, payload, problem):
    assert violations(payload, surface=surface) == [problem]


FORBIDDEN = [
    *((kind, "modal") for kind in ("table", "data_table", "data_visualization", "carousel", "container", "markdown")),
    *((kind, "modal") for kind in ("plan", "task_card", "context_actions")),
    *((kind, "home") for kind in ("markdown", "plan", "task_card", "context_actions", "alert")),
    ("alert", "message"),
]
EXAMPLES = {
    "table": table(),
    "data_table": data_table(),
    "data_visualization": pie(),
    "carousel": {"type": "carousel", "elements": [{"type": "card", "title": plain("x")}]},
    "container": {"type": "container", "child_blocks": [section()]},
    "markdown": {"type": "markdown", "text": "x"},
    "plan": {"type": "plan", "title": "x", "tasks": [{}]},
    "task_card": {"type": "task_card", "task_id": "x", "title": "x"},
    "context_actions": {"type": "context_actions", "elements": [{"type": "icon_button"}]},
    "alert": {"type": "alert", "text": plain("x")},
}


@pytest.mark.parametrize(("kind", "surface"), FORBIDDEN)
def test_blocks_are_kept_off_surfaces_that_do_not_show_them(kind, surface):
    payload = {"message": message, "modal": modal}.get(surface, lambda b: {"type": "home", "blocks": [b]})
    found = violations(payload(EXAMPLES[kind]), surface=surface)
    assert found == [f"/blocks/0: {kind} is not allowed in a {surface}"]


@pytest.mark.parametrize("kind", ["table", "data_table", "carousel"])
def test_home_shows_tables_and_carousels(kind):
    assert violations({"type": "home", "blocks": [EXAMPLES[kind]]}, surface="home") == []


def test_a_view_has_at_most_250_kilobytes():
    largest = modal(*[section("x" * 2900, block_id=f"{n:03d}") for n in range(80)])
    room = 250_000 - len(json.dumps(largest).encode())
    fits = {**largest, "private_metadata": "x" * (room - len(', "private_metadata": ""'))}
    assert len(json.dumps(fits).encode()) == 250_000
    assert len(fits["private_metadata"]) > 3000
    assert "/: the view is larger than 250 kB" not in violations(fits, surface="modal")
    over = {**fits, "private_metadata": fits["private_metadata"] + "x"}
    assert "/: the view is larger than 250 kB" in violations(over, surface="modal")


def test_lengths_are_utf_16_units_so_an_emoji_counts_twice():
    assert units("🙂") == 2
    assert violations(message({"type": "header", "text": plain("🙂" * 75)}), surface="message") == []
    assert violations(message({"type": "header", "text": plain("🙂" * 76)}), surface="message") == [
        "/blocks/0/text/text: 152 characters, more than 150"
    ]


def test_a_search_may_answer_with_no_options_but_not_with_too_many():
    assert options_violations({"options": []}) == []
    assert options_violations({"options": [option()] * 100}) == []
    assert options_violations({"options": [option()] * 101}) == ["/options: 101 options, not 0 to 100"]


def test_a_payload_is_left_as_it_was():
    payload = message(data_table(), actions(button()), section(fields=[mrkdwn("x")]))
    before = json.dumps(payload)
    violations(payload, surface="message")
    assert json.dumps(payload) == before
