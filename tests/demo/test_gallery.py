"""The gallery: what was said is shown, what Slack would refuse is shown in red, and no name becomes markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from bot.demo.fake_slack import Message
from bot.demo.gallery import __main__ as gallery
from bot.demo.gallery import walk
from bot.demo.gallery.areas import AREAS, Area
from bot.demo.gallery.blocks import Drawing
from bot.demo.gallery.html import tag
from bot.demo.gallery.markup import Markup
from bot.demo.gallery.sheets import drawn_message

HOSTILE = "\"><script>alert('x')</script><img src=x onerror=alert(1)> & '"


class Seen(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def option(text: str) -> dict[str, object]:
    return {"text": plain(text), "value": text}


def every_block(text: str) -> list[dict[str, object]]:
    """All that can be drawn, with the same text in every place for words."""
    select = {"type": "static_select", "placeholder": plain(text), "options": [option(text)]}
    rich = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    pre = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    points = [{"label": text, "value": 2.5}]
    bars = {"type": "bar", "axis_config": {"categories": [text]}, "series": [{"name": text, "data": points}]}
    return [
        {"type": "header", "text": plain(text)},
        {"type": "section", "text": plain(text), "fields": [plain(text)], "accessory": select},
        {"type": "context", "elements": [plain(text), {"type": "image", "image_url": text, "alt_text": text}]},
        {"type": "divider"},
        {
            "type": "actions",
            "elements": [
                {"type": "button", "text": plain(text), "value": text, "confirm": {"title": plain(text)}},
                {"type": "overflow", "options": [option(text)]},
                {"type": "external_select", "placeholder": plain(text)},
                {"type": "datepicker", "initial_date": text},
            ],
        },
        {
            "type": "input",
            "block_id": "b",
            "label": plain(text),
            "hint": plain(text),
            "element": {"type": "plain_text_input", "initial_value": text},
        },
        {"type": "input", "label": plain(text), "element": {"type": "checkboxes", "options": [option(text)]}},
        {"type": "image", "title": plain(text), "image_url": text, "alt_text": text},
        {"type": "rich_text", "elements": [rich, pre]},
        {"type": "markdown", "text": text},
        {"type": "table", "rows": [[{"type": "raw_text", "text": text}]] * 2},
        {
            "type": "data_table",
            "caption": text,
            "rows": [
                [{"type": "raw_text", "text": text}] * 2,
                [{"type": "raw_text", "text": text}, {"type": "raw_number", "value": 1, "text": text}],
            ],
        },
        {"type": "data_visualization", "title": text, "chart": bars},
        {
            "type": "data_visualization",
            "title": text,
            "chart": {"type": "pie", "segments": [{"label": text, "value": 1}]},
        },
        {"type": "container", "title": plain(text), "child_blocks": [{"type": "header", "text": plain(text)}]},
        {"type": "alert", "text": plain(text)},
        {"type": text},
    ]


@pytest.mark.parametrize("block", every_block(HOSTILE), ids=lambda block: str(block["type"])[:18])
def test_a_hostile_name_stays_text_wherever_it_stands(block) -> None:
    drawn = Seen(Drawing(errors={"b": HOSTILE}).blocks([block]))

    assert not {"script", "img"} & {name for name, _ in drawn.elements}
    assert not [a for _, attributes in drawn.elements for a in attributes if a.startswith("on")]
    if block["type"] != "divider":
        assert "alert('x')</script>" in drawn.text + "".join(
            value or "" for _, attributes in drawn.elements for value in attributes.values()
        )


def test_the_text_and_the_sender_of_a_message_are_escaped_too() -> None:
    message = Message(channel="C1", ts="1.1", user="U1", via="ack", posted_at=0.0, text=HOSTILE, to="U2")

    drawn = Seen(drawn_message(message, {"U1": HOSTILE, "U2": HOSTILE}))

    assert not {"script", "img"} & {name for name, _ in drawn.elements}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* and _italic_ and ~gone~", "<b>bold</b> and <i>italic</i> and <s>gone</s>"),
        ("`*code*` 2 * 3 * 4", "<code>*code*</code> 2 * 3 * 4"),
        ("&lt;b&gt; &amp; co", "&lt;b&gt; &amp; co"),
        ("one\ntwo", "one<br>two"),
        ("&gt;said", '<span class="quote">said</span>'),
        ("<@U1>", '<span class="mention">@Ana</span>'),
        ("<!channel>", '<span class="mention loud">@channel</span>'),
        ("<https://a.example/?x=1&amp;y|there>", '<a href="https://a.example/?x=1&amp;y" rel="noreferrer">there</a>'),
        ("<javascript:alert(1)|there>", '<span class="link">there</span>'),
    ],
)
def test_markup_is_what_slack_makes_of_it(text, html) -> None:
    assert Markup({"U1": "Ana"}).mrkdwn(text) == html


def test_attributes_and_content_are_escaped_unless_they_are_html() -> None:
    assert tag("p", "<", tag("b", "&"), data_value='"', hidden=True, id=None) == (
        '<p data-value="&quot;" hidden>&lt;<b>&amp;</b></p>'
    )


@pytest.fixture
def few_areas(monkeypatch):
    """Two areas of a scene or two, in place of all."""

    def asked(walk) -> None:
        with walk.scene("Teams", "a note"):
            walk.command("yesterday by team")
        with walk.scene("A press of nothing"):
            walk.press("no such button")

    def helped(walk) -> None:
        with walk.scene("Help"):
            walk.command("help")

    monkeypatch.setattr(gallery, "AREAS", {"asked": Area("Asked", (asked,)), "helped": Area("Helped", (helped,))})


def test_pages_show_what_the_bot_said_and_scenes_that_fail_fail_the_command(few_areas, tmp_path) -> None:
    said: list[str] = []

    assert gallery.main(["--into", str(tmp_path)], say=said.append) == 1
    asked, helped = ((tmp_path / f"{name}.html").read_text(encoding="utf-8") for name in ("asked", "helped"))
    assert "/utilization yesterday by team" in asked
    assert "Utilization by team" in asked
    assert re.search(r'<th[^>]*>Billing</th><td class="number" data-value="0\.\d+">', asked)
    assert "no control" in Seen(asked).text
    assert "last week" in Seen(helped).text
    assert 'class="red"' not in helped
    index = Seen((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert [attributes["href"] for name, attributes in index.elements if name == "a"] == ["asked.html", "helped.html"]
    assert [line for line in said if "no such button" in line]


def test_what_slack_would_refuse_stands_in_red_and_fails_the_command(few_areas, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(walk, "violations", lambda payload, *, surface: [f"/blocks/3: too long for a {surface}"])
    said: list[str] = []

    assert gallery.main(["helped", "--into", str(tmp_path)], say=said.append) == 1
    assert '<ul class="red"><li>/blocks/3: too long for a message</li></ul>' in (tmp_path / "helped.html").read_text(
        encoding="utf-8"
    )


def test_an_area_that_is_not_there_is_named(capsys, tmp_path) -> None:
    with pytest.raises(SystemExit):
        gallery.main(["nowhere", "--into", str(tmp_path / "never")])

    assert "no such area: nowhere" in capsys.readouterr().err
    assert not (tmp_path / "never").exists()


@pytest.mark.long
@pytest.mark.parametrize("name", AREAS)
def test_every_scene_can_be_shown_and_slack_takes_all_of_it(name) -> None:
    assert [(scene.title, scene.problems) for scene in gallery.walked(name) if scene.problems] == []
