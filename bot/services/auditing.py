"""`audit`: who looked at whom, for auditors; who looked at me, for everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.core.answer import TextAnswer
from bot.core.intervals import Interval
from bot.core.looks import Look, LookKind
from bot.core.people import shown_name
from bot.core.query import SelectorKind
from bot.core.rendering.looks import looks_as_json, looks_text
from bot.errors import CommandError, NotAllowedError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.core.looks import ListedLook
    from bot.core.query import Query
    from bot.ports import AuditLog, Operation, Requester
    from bot.services.directory import Directory

MOST_LISTED = 50
"""Looks of one answer; the others are counted."""
_TICK = timedelta(microseconds=1)


class Auditor:
    """Records looks, and tells of them.

    Args:
        auditors: Slack users who may ask about others.
    """

    def __init__(
        self, audit: AuditLog, directory: Directory, *, auditors: frozenset[str], clock: Callable[[], datetime]
    ) -> None:
        self._audit = audit
        self._directory = directory
        self._auditors = auditors
        self._clock = clock

    def record(self, look: Look) -> None:
        """Record a look before anything of it is shown, as of now, whatever moment the question pretends.

        Raises:
            StoreError: it can't be recorded, and so nothing may be shown.
        """
        try:
            self._audit.looked(replace(look, at=self._clock()))
        except StoreError as error:
            raise StoreError(
                "Every look at figures about people is recorded, and that failed just now: so I show none.",
                hint="Try again in a minute; an operator finds the cause in the log.",
                code="not_recorded",
            ) from error

    def answer(self, query: Query, requester: Requester, *, door: str, operation: Operation) -> TextAnswer:
        """The looks that the query is about; asking is itself recorded.

        Raises:
            CommandError: it is about others and she is no auditor, or names nobody.
        """
        if query.range is None or query.zone is None:
            raise CommandError("`audit` needs a time.", hint="audit me last week", code="missing_object")
        about_me = query.filters.include and all(s.kind is SelectorKind.ME for s in query.filters.include)
        own = self._directory.own_agent(requester, operation).id if about_me else None
        if own is None and not (requester.operator or requester.id in self._auditors):
            raise NotAllowedError(
                "The log of looks is for auditors; who looked at you, you may always ask.",
                hint="audit me",
                choices=(("Who looked at me?", "audit me"),),
            )
        by, at = (None, {own}) if own is not None else self._asked(query, requester, operation)
        count, listed = self._found(query.range.windows, by, at, to_now=query.range.to_now)
        ids = {agent for one in listed for agent in one.look.whom} if own is None else {own}
        agents, _ = self._directory.names(ids, operation)
        names = {agent.id: shown_name(agent) for agent in agents.values()}
        whole = Interval(query.range.start, query.range.end)
        self.record(Look(self._clock(), requester.id, tuple(sorted(at or ())), LookKind.AUDIT, door, window=whole))
        return TextAnswer(
            query,
            "Who looked at you" if own is not None else "Who looked at whom",
            f"{query.reading}\n{looks_text(count, listed, names, zone=query.zone, you=requester.id, own=own)}",
            looks_as_json(count, listed, names, own=own),
        )

    def _asked(
        self, query: Query, requester: Requester, operation: Operation
    ) -> tuple[set[str] | None, set[str] | None]:
        """(people whose looks, agents at whom) for an auditor; a mention is both: she, and the agent that she is."""
        mentioned = [s for s in query.filters.include if s.kind is SelectorKind.MENTION]
        others = tuple(s for s in query.filters.include if s.kind is not SelectorKind.MENTION)
        if not query.filters.include:
            return None, None
        agents: set[str] = set()
        if others:
            rest = replace(query, filters=replace(query.filters, include=others))
            agents |= self._directory.choose(rest, requester, operation).agent_ids or set()
        for selector in mentioned:
            agent = self._directory.agent_of(selector.value, operation)
            agents |= {agent.id} if agent else set()
        return {s.value for s in mentioned}, agents

    def _found(
        self, windows: Sequence[Interval], by: set[str] | None, at: set[str] | None, *, to_now: bool
    ) -> tuple[int, list[ListedLook]]:
        count = 0
        listed: list[ListedLook] = []
        for window in reversed(windows):
            # A range that runs ends at the minute of asking: what was looked at since then is in it too.
            runs = to_now and window is windows[-1]
            whole = Interval(window.start, self._clock() + _TICK) if runs else window
            found, newest = self._audit.looks(whole, by=by, at=at, limit=MOST_LISTED - len(listed))
            count += found
            listed += newest
        return count, listed
