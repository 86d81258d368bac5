"""The page in Slack's place: what a person types, presses and fills in reaches the bot, and nobody else can."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime
from html import unescape
from io import BytesIO
from urllib.parse import urlencode

import pytest

from bot.demo.fake_slack import Message
from bot.demo.gallery import __main__ as gallery
from bot.demo.gallery.live import LARGEST_BODY, Live, LiveDrawing
from bot.demo.stage import Stage

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


class Browser:
    """One page without scripts, over the WSGI application itself."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.page = ""
        self.status = ""

    def request(self, method: str, path: str | None = None, body: bytes = b"", length: int | None = None) -> str:
        answered: list[str] = []
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": self.live.path if path is None else path,
            "CONTENT_LENGTH": str(len(body) if length is None else length),
            "wsgi.input": BytesIO(body),
        }
        content = self.live(environ, lambda status, headers: answered.append(status))
        self.status = answered[0]
        return b"".join(content).decode()

    def post(self, **fields: object) -> str:
        self.request("POST", body=urlencode(fields, doseq=True).encode())
        assert self.status == "303 See Other"
        self.page = unescape(self.request("GET"))
        return self.page

    def say(self, text: str, door: str = "command") -> str:
        return self.post(text=text, door=door)

    @property
    def latest(self) -> str:
        """The last form about a message."""
        return re.findall(r'name="on" value="(\d[^"]+)"', self.page)[-1]

    def value_of(self, label: str) -> str:
        """What the last button of that name presses."""
        return [v for v, name in re.findall(r'name="press" value="([^"]+)"[^>]*>([^<]+)<', self.page) if name == label][
            -1
        ]

    def press(self, label: str) -> str:
        return self.post(on=self.latest, press=self.value_of(label))


@pytest.fixture(scope="module")
def live():
    with Stage(clock=lambda: NOW) as stage:
        yield Live(stage.open())


@pytest.fixture
def browser(live):
    return Browser(live)


def test_what_is_typed_at_each_door_is_answered(browser) -> None:
    assert "Utilization by team" in browser.say("yesterday by team")
    assert "5 of 36 rows" in browser.say("yesterday top 5", door="direct")
    assert "@Utilization yesterday top 2" in browser.say("yesterday top 2", door="mention")
    assert "2 of 36 rows" in browser.page


def test_buttons_menus_and_selects_do_what_they_say(browser) -> None:
    browser.say("yesterday by team")

    assert "Sun 22 Nov" in browser.press("Previous day")
    assert "by the clock" in browser.press("By the clock")
    browser.say("yesterday by team")
    number = re.findall(r'<select name="choice-(\d+)"[^>]*><option value=""[^>]*>A team', browser.page)[-1]
    assert "team:Billing" in browser.post(on=browser.latest, press=number, **{f"choice-{number}": "Billing"})


def test_a_window_is_filled_in_corrected_and_handed_in(browser) -> None:
    browser.say("yesterday top 3")
    assert "<dialog open>" in browser.press("Edit…")
    when = re.search(r'<select name="(choice-\d+)"[^>]*>(?:(?!</select>).)*Yesterday', browser.page)[1]
    assert "First day" in browser.post(on="modal", press=when.removeprefix("choice-"), **{when: "dates"})
    first, last = re.findall(r'<input type="date" name="(choice-\d+)"', browser.page)
    wrong = browser.post(on="modal", submit="1", **{when: "dates", first: "2026-12-24", last: ""})
    assert re.search(r'class="error">[^<]*lies ahead', wrong)
    assert "<dialog" in wrong
    assert f'name="{first}" value="2026-12-24"' in wrong
    done = browser.post(on="modal", submit="1", **{when: "dates", first: "2026-11-20", last: ""})
    assert "<dialog" not in done
    assert "Fri 20 Nov" in done


def test_the_home_tab_opens_and_a_window_can_be_dismissed(browser) -> None:
    assert "Saved questions" in browser.post(home="1")
    browser.say("yesterday top 3")
    browser.press("Save…")
    assert "<dialog" not in browser.post(on="modal", close="1")


def test_hostile_words_stay_words_in_controls_that_work() -> None:
    hostile = "\"><script>alert('x')</script>"
    text = {"type": "plain_text", "text": hostile}
    options = [{"text": text, "value": hostile}]
    placed = {"action_id": hostile, "placeholder": text}
    elements = [
        {"type": "button", "text": text, "value": hostile, "action_id": "b"},
        {"type": "overflow", "options": options, "action_id": "o"},
        {"type": "static_select", "options": options, "initial_option": options[0]} | placed,
        {"type": "multi_users_select", "initial_users": [hostile]} | placed,
        {"type": "external_select", "initial_option": options[0]} | placed,
        {"type": "datepicker", "initial_date": hostile} | placed,
        {"type": "plain_text_input", "initial_value": hostile} | placed,
        {"type": "plain_text_input", "initial_value": hostile, "multiline": True} | placed,
    ]
    blocks = [{"type": "actions", "elements": elements[:2]}]
    blocks += [{"type": "input", "label": text, "element": element} for element in elements[2:]]
    shown = Message(channel="C1", ts="1.1", user="U1", via="ack", posted_at=0.0, blocks=blocks)
    drawing = LiveDrawing({}, shown, people={hostile: hostile}, channels={}, typed={"8": hostile})

    drawn = drawing.blocks(blocks)

    assert drawn.count("&lt;script&gt;") >= 2 * len(elements)
    assert "<script" not in drawn
    assert "alert('x')" not in drawn


def test_what_is_not_there_any_more_is_said(browser) -> None:
    assert "isn't there any more" in browser.post(on="1.1", press="1")
    browser.say("help")
    assert "isn't there any more" in browser.post(on=browser.latest, press="99")


def test_only_whoever_knows_the_address_gets_anything(browser) -> None:
    for path in ("/", "/guess/", browser.live.path.rstrip("/"), browser.live.path + "x"):
        assert "Utilization" not in browser.request("GET", path)
        assert browser.status == "404 Not Found"
        browser.request("POST", path, b"text=help")
        assert browser.status == "404 Not Found"
    assert len(browser.live.path) > 20
    browser.request("POST", body=b"", length=LARGEST_BODY + 1)
    assert browser.status.startswith("413")


def test_serving_ends_when_it_is_told_to() -> None:
    told = threading.Event()
    told.set()
    said: list[str] = []

    assert gallery.serve(said.append, until=told) == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]+/ \(Ctrl-C ends\)", said[0])
