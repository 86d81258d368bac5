"""No secret in any line, whoever wrote it; every look in lines that no collector cuts."""

from __future__ import annotations

import io
import json
import logging
import warnings
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import structlog

from bot.core.intervals import Interval
from bot.core.looks import Look, LookKind
from bot.edges.audit import AGENTS_A_LINE, AuditTrail
from bot.edges.logs import Mask, configure_logging
from bot.errors import StoreError

SECRET = "s3cret-of-the-client"
ODD_SECRET = 'quote"and-umlaut-ü'


@pytest.fixture(params=["console", "json"])
def written(request):
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logging(format=request.param, level="INFO", secrets=[SECRET, ODD_SECRET, "abc"], stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "token",
    [
        "xoxb-123-456-abcDEF",
        "xoxp-1-2-3-abc",
        "xoxe.xoxb-1-Mi0yLTQ",
        "xoxe-1-My0xLTQ",
        "xapp-1-A0B-123-fedcba",
        "Bearer eyJhbGciOi.abc_def",
        "bearer abcdefgh",
        "Basic dXNlcjpwYXNz",
        "https://hooks.slack.com/commands/T1/2/abc",
        "https://hooks.slack-gov.com/actions/T1/2/abc",
        SECRET,
        ODD_SECRET,
    ],
)
def test_secrets_are_masked_wherever_they_stand(written, token):
    secret = token.split()[-1].rpartition("hooks.slack")[2].partition("com/")[2] or token.split()[-1]
    log = structlog.get_logger("test")
    log.info("event", field=f"before {token} after", nested={"list": [token]})
    logging.getLogger("library").warning("a library says %s", token)
    try:
        raise ValueError(f"failed with {token}")
    except ValueError:
        log.exception("failed")
        logging.getLogger("library").exception("failed too")
    text = written.getvalue()
    assert secret not in text
    assert json.dumps(secret)[1:-1] not in text
    assert json.dumps(secret, ensure_ascii=False)[1:-1] not in text
    assert text.count("***") >= 5
    assert "before" in text
    assert "after" in text


def test_ordinary_words_stay():
    mask = Mask(["abc"])
    line = "the bearer of abc asked for xoxo and https://hooks.slack.example/x, basic tier, Basic facts"
    assert mask(line) == line


def test_the_longest_secret_is_masked_whole():
    assert Mask(["longsecret", "longsecret-and-more"])("x longsecret-and-more y") == "x *** y"


def test_a_traceback_shows_no_local_variables(written):
    name_of_a_person = "Ana Díaz"

    def inner(person):
        raise RuntimeError("broken")

    try:
        inner(name_of_a_person)
    except RuntimeError:
        structlog.get_logger("test").exception("failed")
    assert "RuntimeError: broken" in written.getvalue()
    assert "Díaz" not in written.getvalue()


def test_every_line_says_when_and_how_grave(written):
    structlog.get_logger("test").warning("something", count=3)
    line = written.getvalue()
    assert "something" in line
    assert "warning" in line
    assert "202" in line


def test_json_is_one_object_a_line():
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        configure_logging(format="json", stream=stream)
        structlog.get_logger("test").info("line\nbreak", text="a\nb")
        logging.getLogger("library").warning("plain")
        first, second = map(json.loads, stream.getvalue().splitlines())
        assert first["event"] == "line\nbreak"
        assert (second["event"], second["level"]) == ("plain", "warning")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()


@pytest.mark.parametrize("name", ["slack_bolt", "slack_sdk", "slack_bolt.middleware.request_verification"])
def test_libraries_that_log_bodies_are_kept_quiet(written, name):
    logging.getLogger(name).info("the whole body")
    assert written.getvalue() == ""


def test_setting_up_twice_writes_each_line_once(written):
    configure_logging(format="console", stream=written)
    structlog.get_logger("test").info("once")
    assert written.getvalue().count("once") == 1


def test_warnings_of_python_are_logged(written):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn(f"careless {SECRET}", stacklevel=1)
        logging.captureWarnings(capture=False)
    assert "careless ***" in written.getvalue()


# --- the audit -------------------------------------------------------------------------------------------------------

WINDOW = Interval(datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC))
AT = datetime(2026, 11, 23, 10, tzinfo=UTC)


class Kept:
    """Where looks go."""

    def __init__(self, *, full=False):
        self.added = []
        self.full = full

    def add(self, look):
        if self.full:
            raise StoreError("full")
        self.added.append(look)


def looks(**more):
    look = Look(AT, "U1", ("a1",), LookKind.FIGURES, "command", window=WINDOW)
    kept = Kept()
    with structlog.testing.capture_logs() as lines:
        AuditTrail(kept).looked(replace(look, **more))
    assert kept.added == [replace(look, **more)]
    return lines


def test_a_look_that_can_not_be_kept_is_no_event():
    with structlog.testing.capture_logs() as lines, pytest.raises(StoreError):
        AuditTrail(Kept(full=True)).looked(Look(AT, "U1", ("a1",), LookKind.FIGURES, "command"))
    assert lines == []


def test_a_look_says_who_whom_when_which_range_and_which_door():
    (line,) = looks()
    assert line == {
        "event": "looked",
        "log_level": "info",
        "who": "U1",
        "whom": ["a1"],
        "whom_count": 1,
        "kind": "figures",
        "start": "2026-11-22T00:00:00+00:00",
        "end": "2026-11-23T00:00:00+00:00",
        "door": "command",
        "channel": None,
        "at": "2026-11-23T10:00:00+00:00",
        "part": 1,
        "parts": 1,
    }


def test_a_look_at_many_is_cut_into_lines_that_name_everybody():
    agents = tuple(f"a{i}" for i in range(2 * AGENTS_A_LINE + 1))
    lines = looks(whom=agents)
    assert [line["part"] for line in lines] == [1, 2, 3]
    assert {line["parts"] for line in lines} == {3}
    assert {line["whom_count"] for line in lines} == {2 * AGENTS_A_LINE + 1}
    assert [agent for line in lines for agent in line["whom"]] == list(agents)


def test_a_look_at_nobody_and_without_a_range_is_logged_too():
    (line,) = looks(whom=(), window=None)
    assert (line["whom"], line["start"], line["end"]) == ([], None, None)
