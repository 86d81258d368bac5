"""The use case behind `reconcile`: one range seen four ways, agent by agent, and what lies between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.answer import TextAnswer
from bot.core.planning import status_ask
from bot.core.query import Booking
from bot.core.reconciling import reconcile
from bot.core.rendering.reconciliations import Told, reconciliation_json, reconciliation_text
from bot.core.sessions import FURTHER_DAYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from bot.core.planning import PostedAsk
    from bot.core.query import Query
    from bot.core.reconciling import Reconciled
    from bot.core.segments import Segment
    from bot.core.sessions import Work, WorkSession
    from bot.ports import ActivitySource, Operation
    from bot.services.clockwork import Clockwork


@dataclass(frozen=True, slots=True)
class Findings:
    """The chains, and how they were found."""

    chains: tuple[Reconciled, ...]
    work: Work
    further: Work | None
    """What was read where the usual look-back left something unknown."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Asks the same range of every source."""

    activity: ActivitySource
    clockwork: Clockwork

    def find(self, ask: PostedAsk, members: frozenset[str], without: frozenset[str], operation: Operation) -> Findings:
        """The chains of all agents asked for, and of those who have anything.

        Args:
            ask: agents and conversations of the question.
            members: agents who have a chain even if nothing was reported of them.
            without: agents who have none.
        Raises:
            SourceError: one of the sources didn't answer: without all of them there is nothing to compare.
        """
        plain = replace(ask, buckets=(), granularity=None, booking=Booking.POSTED, by_queue=False, by_media=False)
        everything = replace(plain, queue_ids=(), without_queue_ids=(), media=(), directions=(), acd=False)
        posted = _sums(self.activity.posted(plain, operation).frame, "handle_s")
        work = self.clockwork.work(everything, operation)
        known = {session.agent_id for session in work.sessions} if ask.agent_ids is None else set()
        agent_ids = sorted((members | set(posted) | known) - without)
        status = self.activity.status(status_ask(plain, agent_ids), operation) if agent_ids else None
        interacting = _sums(status.frame, "interacting_s") if status else {}

        def chains(ids: Sequence[str], older: Sequence[WorkSession]) -> tuple[Reconciled, ...]:
            return reconcile(
                ids,
                windows=ask.windows,
                posted_s=posted,
                interacting_s=interacting,
                sessions=work.sessions,
                older=older,
                asked=lambda segment, session: _asked(ask, segment, session),
                now=min(ask.windows[-1].end, work.now),
            )

        first = chains(agent_ids, ())
        unclear = tuple(chain.agent_id for chain in first if chain.unknown_s)
        if not unclear:
            return Findings(first, work, None)
        further = self.clockwork.work(replace(everything, agent_ids=unclear), operation, lookback_days=FURTHER_DAYS)
        have = {session.session_id for session in work.sessions}
        older = [session for session in further.sessions if session.session_id not in have]
        again = {chain.agent_id: chain for chain in chains(unclear, older)}
        return Findings(tuple(again.get(chain.agent_id, chain) for chain in first), work, further)


def reconciled(query: Query, found: Findings, names: Mapping[str, str], operation: Operation) -> TextAnswer:
    """The findings in words and numbers."""
    told = Told(
        names=names,
        requests=operation.requests,
        conversations=found.work.conversations,
        duplicates_removed=found.work.duplicates_removed,
        since=found.work.since,
        further_since=found.further.since if found.further else None,
    )
    return TextAnswer(
        query,
        title=f"Reconciled: {query.reading}",
        text=reconciliation_text(found.chains, told),
        data={"reconciliation": reconciliation_json(found.chains, told, query.zone)},
    )


def _asked(ask: PostedAsk, segment: Segment, session: WorkSession) -> bool:
    """Whether the question is about that segment."""
    return not (
        (ask.queue_ids and segment.queue_id not in ask.queue_ids)
        or segment.queue_id in ask.without_queue_ids
        or (ask.media and session.media not in ask.media)
        or (ask.directions and session.direction not in ask.directions)
        or (ask.acd and session.purpose != "agent")
    )


def _sums(frame: pd.DataFrame, column: str) -> dict[str, float]:
    sums = frame.groupby("agent_id")[column].sum(min_count=1).dropna()
    return {str(agent_id): float(seconds) for agent_id, seconds in sums.items()}
