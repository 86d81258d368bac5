"""What search fields of forms offer while somebody types: from memory, and only what she may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.core.forms.asking import fits, selector_words
from bot.core.grammar.places import cities
from bot.core.people import fold
from bot.core.query import Selector, SelectorKind
from bot.core.rendering.form_pieces import option
from bot.core.rendering.forms import selector_label
from bot.core.zones import zone_names
from bot.edges.slack.desk import SHORTEST_SEARCH
from bot.edges.slack.questions import MOST_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.edges.slack.desk import Desk
    from bot.edges.slack.people import SlackPeople
    from bot.edges.slack.questions import Reports
    from bot.ports import Agent


class Searches:
    """Answers what is typed into search fields; nothing of it waits."""

    def __init__(self, *, desk: Desk, reports: Reports, people: SlackPeople) -> None:
        self._desk = desk
        self._reports = reports
        self._people = people

    def search(self, user_id: str, field: str, typed: str) -> list[dict[str, Any]]:
        """Groups of options for what is typed into a search field, from memory: only what its user may ask for."""
        if field in {"zone", "set_zone"}:
            return option_groups(("Zones", _zones(typed)))
        person = self._people.known(user_id)
        agents = self._desk.suggest(user_id, typed)  # looks her up for the next letter, where she isn't known
        if person is None or person.stranger or len(typed.strip()) < SHORTEST_SEARCH:
            return []
        only_teams = field == "set_team"
        kinds: dict[str, list[dict[str, Any]]] = {"Agents": [] if only_teams else agent_options(agents)}
        for group in self._reports.suggest_groups(typed, person, limit=MOST_OPTIONS):
            if fits(group) and (group.kind is SelectorKind.TEAM or not only_teams):
                kinds.setdefault(f"{group.kind.value.capitalize()}s", []).append(_selector_option(group))
        return option_groups(*kinds.items())


def option_groups(*groups: tuple[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Options under the names of their kinds, those that there are."""
    return [
        {"label": {"type": "plain_text", "text": label, "emoji": False}, "options": options[:MOST_OPTIONS]}
        for label, options in groups
        if options
    ]


def _zones(typed: str) -> list[dict[str, Any]]:
    """Zones with a word that begins so, and those of cities that do."""
    wanted = fold(typed.replace("_", " "))
    if len(wanted) < SHORTEST_SEARCH:
        return []
    found = {
        name: name
        for name in zone_names()
        if any(part.startswith(wanted) for part in (*fold(name.replace("_", " ")).split("/"), fold(name)))
    }
    for city, name in cities().items():
        if city.startswith(wanted):
            found.setdefault(name, f"{name} ({city.title()})")
    return [option(name, label) for name, label in sorted(found.items(), key=lambda item: item[0])]


def agent_options(agents: Sequence[Agent]) -> list[dict[str, Any]]:
    """Each agent by her name, where no other has it; else by her address, or her id."""
    names = [fold(agent.name) for agent in agents]
    options = []
    for agent, name in zip(agents, names, strict=True):
        readings = [Selector(SelectorKind.AGENT, agent.name)] if names.count(name) == 1 else []
        readings += [Selector(SelectorKind.EMAIL, agent.email)] if agent.email else []
        chosen = next((s for s in readings if fits(s)), Selector(SelectorKind.AGENT, agent.id))
        label = agent.name if names.count(name) == 1 or not agent.email else f"{agent.name} ({agent.email})"
        options.append(option(selector_words(chosen), label))
    return options


def _selector_option(selector: Selector) -> dict[str, Any]:
    return option(selector_words(selector), selector_label(selector))
