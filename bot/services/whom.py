"""Whom a question means, as far as its asker may see them; and who she is herself."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.answer import TextAnswer
from bot.core.people import NameIndex, shown_name
from bot.core.query import Dimension, SelectorKind
from bot.core.rights import only_counted, sight, vision
from bot.errors import SourceError
from bot.services.learning import Learning
from bot.services.memory.linking import agent_as_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.answer import Notice
    from bot.core.query import Query, Selector
    from bot.core.rights import Grant, Vision
    from bot.ports import Agent, Operation, Requester
    from bot.services.directory import Chosen, Directory

_OWN_KINDS = frozenset({SelectorKind.ME, SelectorKind.MY_TEAM})
_PERSON_KINDS = frozenset({SelectorKind.ME, SelectorKind.MENTION, SelectorKind.AGENT, SelectorKind.EMAIL})


class Whom:
    """Rights over the directory: every look-up here is cut to what the requester may see."""

    def __init__(self, directory: Directory, grants: tuple[Grant, ...]) -> None:
        self._directory = directory
        self._grants = grants
        self._learning = Learning(directory, seconds=time.monotonic)

    def close(self) -> None:
        """Stop reading names for later."""
        self._learning.close()

    def asked(
        self, query: Query, requester: Requester, operation: Operation
    ) -> tuple[Chosen, frozenset[str] | None, frozenset[str], tuple[Notice, ...]]:
        """Whom the query means and the requester may see: (chosen, ids to ask for, rows that must exist, notices)."""
        sees = vision(requester, self._grants, None)
        members: dict[Selector, set[str]] = {}
        if not sees.everything:
            linked = self._directory.linked_agent(requester, operation)
            sees = vision(requester, self._grants, linked.id if linked else None)
            if sees.nothing and any(s.kind not in _OWN_KINDS for s in query.filters.include + query.filters.exclude):
                sight(None, sees, {}, by_person=True)  # before names are looked up: who there is, is no answer either
            members = {scope: self._directory.scope_ids(scope, operation) for scope in sees.scopes}
        visible = None
        if not sees.everything:
            visible = frozenset().union(*members.values(), (sees.own,) if sees.own else ())
        chosen = self._directory.choose(query, requester, operation, visible=visible, scopes=sees.scopes)
        if chosen.agent_ids is None and self._owns_queues(chosen, sees, operation):
            return chosen, None, chosen.members, ()
        by_person = any(s.kind in _PERSON_KINDS for s in query.filters.include)
        seen = sight(chosen.agent_ids, sees, members, by_person=by_person)
        # Rows of groups don't show who is missing from them; rows of agents do.
        counted = only_counted(sees) if chosen.agent_ids is None and Dimension.AGENT not in query.group_by else None
        notices = tuple(filter(None, (seen.notice, counted)))
        if seen.seen is None:
            return chosen, None, chosen.members, notices
        ids = frozenset(seen.seen) - chosen.without_agent_ids
        if chosen.queue_ids and chosen.agent_ids is None:
            return chosen, ids, chosen.members & ids, notices
        return chosen, ids, ids, notices

    def watched(self, operation: Operation) -> frozenset[str]:
        """Members of any queue and of all scopes that anybody was granted; what can't be read is left out."""
        members, _ = self._directory.members_of_queues(None, operation)
        found = set(members)
        for scope in dict.fromkeys(scope for grant in self._grants for scope in grant.scopes):
            with suppress(SourceError):
                found |= self._directory.scope_ids(scope, operation)
        return frozenset(found)

    def _owns_queues(self, chosen: Chosen, sees: Vision, operation: Operation) -> bool:
        """Whether all that is asked for is work of queues inside the requester's scopes, whoever did it."""
        if not chosen.queue_ids or sees.everything:
            return False
        scopes = [s for s in sees.scopes if s.kind is SelectorKind.QUEUE]
        found = (self._directory.find_named(s.kind, s.value, operation) for s in scopes)
        return set(chosen.queue_ids) <= {queue.id for queue in found if queue}

    # -- for lists that follow the typing: from memory alone ----------------------------------------------

    def suggest_agents(self, typed: str, requester: Requester, *, limit: int) -> Sequence[Agent]:
        """Agents whose names begin so."""
        sees = vision(requester, self._grants, requester.agent_id)
        if sees.nothing:
            return []
        self._learning.want(sees.scopes)
        visible = None
        if not sees.everything:
            own = {sees.own} if sees.own else set()
            visible = frozenset(self._directory.known_scope_ids(sees.scopes) | own)
        return self._directory.suggest(typed, visible=visible, limit=limit)

    def suggest_groups(self, typed: str, requester: Requester, *, limit: int) -> Sequence[Selector]:
        """Teams, queues, groups and divisions whose names begin so; her scopes, where she doesn't see everyone."""
        sees = vision(requester, self._grants, requester.agent_id)
        if sees.everything:
            self._learning.want(())
            return self._directory.suggest_groups(typed, limit=limit)
        return [named.selector for named in NameIndex(map(_Scope, sees.scopes)).beginning(typed, limit=limit)]

    # -- herself ------------------------------------------------------------------------------------------

    def whoami(self, query: Query, requester: Requester, operation: Operation, *, zone: str) -> TextAnswer:
        """Who she is, in Slack and in Genesys, and whom she may see."""
        if requester.operator:
            lines = ["You are the operator: the command line sees everyone. Add --as U123 to ask as somebody."]
            return TextAnswer(query, title="Who am I", text="\n".join(lines))
        agent = self._directory.linked_agent(requester, operation)
        sees = vision(requester, self._grants, agent.id if agent else None)
        if sees.everything:
            scope = "everyone"
        elif sees.scopes:
            scope = ", ".join(f"{s.kind.value}:{s.value}" for s in sees.scopes) + (", and yourself" if agent else "")
        else:
            scope = "yourself" if agent else "nobody"
        lines = [
            f"Slack user: {requester.id}",
            f"Genesys agent: {_linked(agent, requester)}",
            f"You may see: {scope}",
            f"Your zone: {zone}",
        ]
        confirm = () if requester.agent_id or requester.unlinked or agent is None else (("Confirm the agent", "link"),)
        return TextAnswer(query, "Who am I", "\n".join(lines), agent_as_json(agent), confirm)


@dataclass(frozen=True, slots=True)
class _Scope:
    """A scope as something with a name."""

    selector: Selector

    @property
    def name(self) -> str:
        """What it is called on the platform."""
        return self.selector.value


def _linked(agent: Agent | None, requester: Requester) -> str:
    """Who she is in Genesys, and how that is known."""
    if agent is None:
        if requester.unlinked:
            return "nobody, as you said: `link` links again"
        if requester.agent_id is not None:
            return "one that Genesys doesn't know any more: `unlink`, or `link` another"
        return "nobody: no agent has your e-mail address"
    known = "linked" if requester.agent_id is not None else "by your address; `link` confirms it"
    return f"{shown_name(agent)} ({agent.email or agent.id}), {known}"
