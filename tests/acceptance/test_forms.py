"""People who don't type, with the real bot behind the form: found by name, asked, saved, linked, run from Home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.demo.fake_slack.controls import controls
from bot.ports import Operation
from tests.acceptance.floor import TEAM, World, opened

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("forms")) as made:
        made.application.reports._directory.learn_names(Operation.within(20.0))
        yield made


def modal(world: World, title: str, who: Any) -> Any:
    def there() -> Any:
        view = world.slack.view(who)
        return view if view and view.payload["title"]["text"] == title and "Loading" not in str(view.blocks) else None

    return world.slack.wait_for(there, what=f"a modal called {title}")


def offered(world: World, view: Any, typed: str, person: str) -> list[str]:
    return [option.label for option in world.slack.suggest(view, "field:chosen", typed, person=world.people[person])]


def test_a_team_is_found_asked_about_and_answered_with_its_figures(world: World) -> None:
    who = world.people["team"]
    world.slack.shortcut("ask_form", person=who)
    view = modal(world, "Ask about utilization", who)
    assert offered(world, view, "sup", "team") == ["Team Support"]  # the queue of that name is outside her scope
    world.slack.press(view, "field:chosen", person=who, choose=f"team {TEAM}"[5:])
    world.slack.wait_for(lambda: f"team:{TEAM}" in str(view.payload["blocks"][0]), what="the command")
    assert world.slack.submit(view, {"When": "Yesterday"}, person=who).errors == {}
    answer = world.slack.wait_for_message(world.slack.dm(who))
    assert world.names_in(str(answer.blocks).replace("'", '"')) <= world.ids_of("team")
    assert "5 agents" in answer.text or "6 agents" in answer.text


def test_a_search_offers_nobody_whom_the_asker_may_not_see(world: World) -> None:
    names = {person.name for person in world.engine.organization.people}
    for person, everyone in (("all", True), ("team", False), ("unlinked", False), ("auditor", False)):
        who = world.people[person]
        world.slack.shortcut("ask_form", person=who)
        view = modal(world, "Ask about utilization", who)
        found = {name for typed in ("an", "da", "ma", "gr", "ow", "in") for name in offered(world, view, typed, person)}
        visible = {p.name for p in world.engine.organization.people if p.id in world.seen_by(person)}
        assert found & names <= visible, person
        assert bool(found & names) == bool(visible), person
        assert not everyone or len(found) > 3


def test_of_two_agents_with_one_first_name_the_right_one_is_picked_and_linked(world: World) -> None:
    who, ops = world.people["unlinked"], world.channels["ops"]
    asked = world.slack.command(f"link <@{who.id}> ana", person=world.people["all"], channel=ops).wait()
    assert [control.label for control in controls(asked)] == [
        "Ana O'Neill-Çelik (ana.oneill@example.com)",
        "Ana Reyes (ana.reyes@example.com)",
    ]
    refused = world.slack.press(asked, "Ana Reyes", person=who).wait()
    assert "No agent in Genesys has your address" in refused.text
    assert "Ana Reyes in Genesys now" in world.slack.press(asked, "Ana Reyes", person=world.people["all"]).wait().text

    assert "Ana Reyes" in world.slack.command("whoami", person=who, channel=ops).wait().text
    world.slack.open_home(person=who)
    home = world.slack.wait_for(lambda: world.slack.home(who), what="a Home tab")
    assert "*Ana Reyes* (linked)" in str(home.blocks)
    world.slack.press(home, "Unlink", person=who)
    world.slack.wait_for(lambda: "Nobody: no agent is linked" in str(home.payload), what="the page without her")


def test_what_was_saved_in_a_form_is_run_from_home(world: World) -> None:
    who, ops = world.people["all"], world.channels["ops"]
    answer = world.slack.command(f"yesterday team:{TEAM}", person=who, channel=ops).wait()
    world.slack.press(answer, "Save", person=who)
    world.slack.submit(modal(world, "Save a question", who), {"Name": "morning"}, person=who)
    home = world.slack.wait_for(
        lambda: (view := world.slack.home(who)) and "`morning`" in str(view.payload) and view, what="it on Home"
    )
    before = len(world.slack.messages(world.slack.dm(who)))
    world.slack.press(home, "ask:saved_0", person=who)
    world.slack.wait_for(lambda: len(world.slack.messages(world.slack.dm(who))) > before, what="its answer")
    said = world.slack.messages(world.slack.dm(who))[-1]
    assert TEAM in said.text
    assert "Asked last" in str(home.blocks)
