"""The manifest fits Slack's schema, and says no more than the app does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from bot.edges.slack import events
from bot.edges.slack.manifest import EVENTS, OPTIONAL_SCOPES, SCOPES, manifest
from bot.errors import SettingsError

SCHEMA = json.loads((Path(__file__).parents[2] / "data" / "slack-manifest.schema.json").read_text(encoding="utf-8"))
URL = "https://bot.example.com/slack/events"

BOTH = [manifest(mode="socket"), manifest(mode="http", url="https://bot.example.com")]


@pytest.mark.parametrize("made", BOTH, ids=["socket", "http"])
def test_it_fits_the_published_schema(made):
    jsonschema.validate(made, SCHEMA)


def test_a_name_too_long_for_slack_would_be_noticed():
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(manifest(mode="socket", name="n" * 36), SCHEMA)


def test_socket_mode_needs_no_address():
    made = manifest(mode="socket")
    assert made["settings"]["socket_mode_enabled"] is True
    assert "http" not in json.dumps(made)


@pytest.mark.parametrize(
    "url", ["https://bot.example.com", "https://bot.example.com/", URL], ids=["bare", "slash", "whole"]
)
def test_over_http_everything_is_delivered_to_one_path(url):
    made = manifest(mode="http", url=url)
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["features"]["slash_commands"][0]["url"] == URL
    assert made["settings"]["event_subscriptions"]["request_url"] == URL
    assert made["settings"]["interactivity"]["request_url"] == URL
    assert made["settings"]["interactivity"]["message_menu_options_url"] == URL


@pytest.mark.parametrize("url", [None, "", "https://", "http://bot.example.com", "bot.example.com"])
def test_an_address_that_slack_would_not_call_is_refused(url):
    with pytest.raises(SettingsError) as refusal:
        manifest(mode="http", url=url)
    assert "--http https://" in refusal.value.hint


def test_the_command_and_the_name_can_be_chosen():
    made = manifest(mode="socket", command="/utilization-dev", name="Utilization Dev")
    assert made["features"]["slash_commands"][0]["command"] == "/utilization-dev"
    assert made["display_information"]["name"] == "Utilization Dev"
    assert made["features"]["bot_user"]["display_name"] == "utilization-dev"


def test_people_and_links_arrive_as_ids_so_that_they_are_never_guessed():
    assert manifest(mode="socket")["features"]["slash_commands"][0]["should_escape"] is True


def test_every_scope_has_its_reason():
    assert all(SCOPES.values())
    assert all(OPTIONAL_SCOPES.values())
    assert not SCOPES.keys() & OPTIONAL_SCOPES.keys()


def test_every_event_that_is_subscribed_to_has_a_listener():
    source = Path(events.__file__).read_text(encoding="utf-8")
    heard = set(re.findall(r'"([a-z_]+)"', source))
    assert {name.partition(".")[0] for name in EVENTS} <= heard
