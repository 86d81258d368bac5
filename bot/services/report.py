"""The use case behind every door: a typed question → figures that the asker may see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from bot.core.answer import Answer, Notice, TextAnswer
from bot.core.comparing import compared
from bot.core.intervals import Interval, day_start, local_date
from bot.core.looks import Look, LookKind
from bot.core.planning import posted_ask
from bot.core.query import Booking, Dimension, Verb
from bot.core.rights import PRIVATE, check_names, check_welcome, disclosed, for_audience, vision
from bot.core.sessions import shortness
from bot.core.sourcing import joined
from bot.errors import CommandError, SourceError, UnknownAgentError
from bot.services.explain import Explainer
from bot.services.fetching import Fetching, agent_ids_of, leave_out
from bot.services.offers import offers
from bot.services.reconcile import Reconciler, reconciled
from bot.services.remarks import about_deleted, about_shortness, about_zone
from bot.services.whom import Whom

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.core.planning import PostedAsk
    from bot.core.query import Query, Selector
    from bot.core.rights import Audience
    from bot.core.sessions import Shortness
    from bot.core.sourcing import Sources
    from bot.ports import ActivitySource, Agent, Facts, Operation, Requester
    from bot.services.auditing import Auditor
    from bot.services.cache import SharedCache
    from bot.services.clockwork import Clockwork
    from bot.services.directory import Chosen, Directory
    from bot.services.fetching import Fetched
    from bot.services.halfhours import HalfHourArchive
    from bot.services.memory import Keeper, MemoryService
    from bot.services.reading import Drawn, Reader

SCHEDULE_DOOR = "schedule"
"""The door of posts that nobody typed."""


@dataclass(frozen=True, slots=True)
class _Cast:
    """Whom an answer is about, and what they are called."""

    chosen: Chosen
    expected: frozenset[str]
    """Agents whose rows must exist."""
    agents: Mapping[str, Agent]
    team_names: Mapping[str, str]
    queue_names: Mapping[str, str]
    drawn: Drawn
    """How the asker wants it drawn."""


class ReportService:
    """Reads questions and answers them; thread-safe."""

    def __init__(
        self,
        *,
        activity: ActivitySource,
        clockwork: Clockwork,
        directory: Directory,
        auditor: Auditor,
        memory: MemoryService,
        keeper: Keeper,
        answers: SharedCache,
        reader: Reader,
        clock: Callable[[], datetime],
        more_status: Callable[[], Sequence[str]] = tuple,
        half_hours: HalfHourArchive | None = None,
    ) -> None:
        self._activity = activity
        self._directory = directory
        self._whom = Whom(directory, reader.settings.grants)
        self._auditor = auditor
        self._memory = memory
        self._keeper = keeper
        self._answers = answers
        self._reader = reader
        self._settings = reader.settings
        self._clock = clock
        self._more_status = more_status
        self._clockwork = clockwork
        self._fetching = Fetching(
            activity=activity, clockwork=clockwork, answers=answers, clock=clock, half_hours=half_hours
        )
        self._explainer = Explainer(
            activity=activity,
            clockwork=clockwork,
            answers=answers,
            clock=clock,
            life_s=self._fetching.life,
            queue_names=lambda operation: {queue.id: queue.name for queue in directory.queues(operation)},
            status=partial(self._fetching.status, fresh=False),
        )

    def read(self, text: str, requester: Requester, *, now: datetime | None = None, zone: str | None = None) -> Query:
        """The question that the text asks: from memory alone, so that a listener can wait for it.

        Raises:
            CommandError: the text can't be read.
        """
        return self._reader.read(text, requester, now=now or self._clock(), zone=zone)

    def expand(
        self,
        query: Query,
        requester: Requester,
        *,
        now: datetime | None = None,
        zone: str | None = None,
        channel_id: str | None = None,
    ) -> Query:
        """The question behind `again` and `saved …`; any other as it is read with what she chose.

        For a job: it reads the database, where a listener knew only what memory held of her.

        Args:
            now: when it was asked.
            zone: stands for her own.
            channel_id: where it was asked; None: where nobody else reads along.
        Raises:
            CommandError: nothing is behind it, or that can't be read any more.
        """
        kept = self._memory.expand(query, requester, channel_id=channel_id)
        if kept is None:
            read_already = query.range is None or now is None
            return query if read_already else self.read(query.text, requester, now=now, zone=zone)
        text, may_share = kept
        meant = self.read(text, requester, now=now, zone=zone)
        if not meant.share or may_share:
            return meant
        return replace(meant, share=False, notes=(*meant.notes, "For you alone, as you did not type “share” now."))

    def at_once(self, query: Query, requester: Requester) -> TextAnswer | None:
        """Answers that need no platform: help and definitions; None for everything else."""
        if query.verb is Verb.HELP:
            return _help(query)
        if query.verb is Verb.DEFINE:
            from bot.core.metrics import definition_text, find_metric

            metric = find_metric(query.topic)
            if metric is None:
                raise CommandError(f"There is no metric called “{query.topic}”.", hint="define utilization")
            return TextAnswer(query, title=metric.label, text=definition_text(metric))
        return None

    # -- answering ----------------------------------------------------------------------------------------

    def answer(
        self,
        query: Query,
        requester: Requester,
        *,
        door: str,
        operation: Operation,
        audience: Audience = PRIVATE,
        fresh: bool = False,
        channel_id: str | None = None,
    ) -> Answer | TextAnswer:
        """Figures (or a text) for the query, cut down to what the requester and the audience may see.

        Args:
            door: where the question came from, for the audit trail.
            operation: the allowance towards the platform.
            audience: who will read the answer.
            fresh: ask the platform even where an answer is kept.
            channel_id: where it was asked; None: where nobody else reads along.
        Raises:
            CommandError: the requester can fix it (nobody by that name, not allowed, …).
            SourceError: the platform answered none of the questions that this one needs.
        """
        check_welcome(requester)
        query = self.expand(query, requester, channel_id=channel_id)
        text = self.at_once(query, requester)
        if text is not None:
            return text
        if query.memo is not None:
            return self._keeper.carry_out(query, query.memo, requester, channel_id=channel_id, operation=operation)
        if query.verb is Verb.AUDIT:
            return self._auditor.answer(query, requester, door=door, operation=operation)
        if query.verb is Verb.WHOAMI:
            return self._whom.whoami(query, requester, operation, zone=self._reader.zone(requester).key)
        if query.verb is Verb.STATUS:
            return self._status(query, requester)
        if query.range is None:
            raise CommandError(
                f"`{query.verb}` is for Slack: it needs to know who you are and where to post.",
                hint="Type it there; here, python -m bot schedules lists and simulates.",
                code="not_available",
            )
        if query.verb in {Verb.EXPLAIN, Verb.RECONCILE}:
            look = self._explained if query.verb is Verb.EXPLAIN else self._reconciled
            with offers(query):
                return look(query, requester, door=door, operation=operation, audience=audience)
        try:
            with offers(query):
                answer = self._figures(query, requester, operation, fresh=fresh)
        except UnknownAgentError as error:
            if query.text.strip() or error.code not in {"no_own_agent", "no_own_team"}:
                raise
            return _help(query)
        shown = for_audience(answer, audience)
        whom = sorted(disclosed(shown))
        for side in query.sides():  # two times are two looks
            self._looked(side, requester, whom, door, audience)
        if door == SCHEDULE_DOOR:  # `again` repeats what she asked, not what was posted for her
            return shown
        if audience != PRIVATE:  # what she alone was shown before is not for others
            self._memory.remember(query, requester)
            return shown
        compared = self._memory.compared(query, requester, shown)
        self._memory.remember(query, requester, compared)
        return compared

    def _looked(self, query: Query, requester: Requester, whom: Sequence[str], door: str, audience: Audience) -> None:
        look = Look(
            self._clock(),
            requester.id,
            tuple(whom),
            LookKind.FIGURES,
            door,
            window=_whole(query),
            channel=audience.channel_id,
        )
        self._auditor.record(look)

    def _explained(
        self, query: Query, requester: Requester, *, door: str, operation: Operation, audience: Audience
    ) -> TextAnswer:
        """One figure taken apart, for those who may read the figure."""
        check_names(audience)
        _, agent_ids, _, _ = self._whom.asked(query, requester, operation)
        agents, _ = self._directory.names(agent_ids or frozenset(), operation)
        if len(agents) != 1:
            raise UnknownAgentError("`explain` is about one agent.", hint="explain @ana 10:30 yesterday")
        (agent,) = agents.values()
        ask = posted_ask(query, agent_ids=[agent.id], week_start=query.week_start)
        answer = self._explainer.answer(query, ask, agent, operation)
        self._looked(query, requester, [agent.id], door, audience)
        self._memory.remember(query, requester)
        return answer

    def _reconciled(
        self, query: Query, requester: Requester, *, door: str, operation: Operation, audience: Audience
    ) -> TextAnswer:
        """Every source of the range compared, agent by agent, for those who may read the figures."""
        check_names(audience)
        chosen, agent_ids, members, _ = self._whom.asked(query, requester, operation)
        if agent_ids is None and not vision(requester, self._settings.grants, None).everything:
            # Whoever may see a queue's work sees it of everyone; status and other work only of its members.
            agent_ids = members
        ask = posted_ask(
            query,
            agent_ids=agent_ids,
            queue_ids=chosen.queue_ids,
            without_queue_ids=chosen.without_queue_ids,
            week_start=query.week_start,
        )
        found = Reconciler(self._activity, self._clockwork).find(ask, members, chosen.without_agent_ids, operation)
        whom = [chain.agent_id for chain in found.chains]
        agents, _ = self._directory.names(frozenset(whom), operation)
        answer = reconciled(query, found, {agent.id: agent.name for agent in agents.values()}, operation)
        self._looked(query, requester, whom, door, audience)
        self._memory.remember(query, requester)
        return answer

    def check(self, query: Query, requester: Requester, operation: Operation) -> tuple[Notice, ...]:
        """Whether the requester may ask this at all, without asking for figures.

        Returns:
            What an answer would say of whom it leaves out.
        Raises:
            CommandError: as `answer` does.
        """
        check_welcome(requester)
        _, _, _, notices = self._whom.asked(query, requester, operation)
        return notices

    def suggest_agents(self, typed: str, requester: Requester, *, limit: int = 100) -> Sequence[Agent]:
        """Agents for a type-ahead, from memory alone: only those that the requester may see."""
        return self._whom.suggest_agents(typed, requester, limit=limit)

    def suggest_groups(self, typed: str, requester: Requester, *, limit: int = 100) -> Sequence[Selector]:
        """Teams, queues, groups and divisions for a type-ahead, from memory alone: those inside her scopes."""
        return self._whom.suggest_groups(typed, requester, limit=limit)

    def watched(self, operation: Operation) -> frozenset[str]:
        """Members of queues and of the supervisors' scopes: whose rows the morning's questions have, worked or not.

        What can't be read is left out: reading ahead stands without it.
        """
        return self._whom.watched(operation)

    def own_agent(self, requester: Requester, operation: Operation) -> Agent | None:
        """The agent that she is; None: nobody's."""
        return self._directory.linked_agent(requester, operation)

    def close(self) -> None:
        """Stop the threads that fetch side by side, and those that read names."""
        self._whom.close()
        self._fetching.close()

    # -- figures ------------------------------------------------------------------------------------------

    def _figures(self, query: Query, requester: Requester, operation: Operation, *, fresh: bool) -> Answer:
        """The figures of the question and, where it compares, those of the other time beside them."""
        chosen, agent_ids, members, notices = self._whom.asked(query, requester, operation)
        week_start, without = query.week_start, chosen.without_agent_ids
        sides = [
            (
                side,
                posted_ask(
                    side,
                    agent_ids=agent_ids,
                    queue_ids=chosen.queue_ids,
                    without_queue_ids=chosen.without_queue_ids,
                    week_start=week_start,
                ),
            )
            for side in query.sides()
        ]
        found = self._fetching.sides(sides, members, without, operation, fresh=fresh)
        present = frozenset().union(*(agent_ids_of(source.facts) for sources in found for source in sources if source))
        agents, name_notices = self._directory.names((present | members) - without, operation)
        team_names: dict[str, str] = {}
        if Dimension.TEAM in query.group_by:
            team_names = {team.id: team.name for team in self._directory.teams(operation)}
        queue_names: dict[str, str] = {}
        if Dimension.QUEUE in query.group_by:
            queue_names = {queue.id: queue.name for queue in self._directory.queues(operation)}
        cast = _Cast(
            chosen=chosen,
            # Whoever has figures on one side of a comparison has a row on both.
            expected=members if len(sides) == 1 else (present | members) - without,
            agents=agents,
            team_names=team_names,
            queue_names=queue_names,
            drawn=self._reader.drawn(requester),
        )
        here, *there = (
            self._side(side, ask, posted, status, cast, operation, fresh=fresh)
            for (side, ask), (posted, status) in zip(sides, found, strict=True)
        )
        said = (*notices, *chosen.notices, *name_notices, *about_zone(query), *about_deleted(query, agents.values()))
        here = replace(here, warnings=tuple(dict.fromkeys((*said, *here.warnings))))
        return compared(here, *there) if there else here

    def _side(
        self,
        query: Query,
        ask: PostedAsk,
        posted: Fetched,
        status: Fetched | None,
        cast: _Cast,
        operation: Operation,
        *,
        fresh: bool,
    ) -> Answer:
        """The answer about one time, of the facts that were found."""
        from bot.core.compute import compute_answer

        without = cast.chosen.without_agent_ids
        short, compared_with = self._shortness(query, ask, posted.facts, without, operation, fresh=fresh)
        sources = [posted, *([status] if status else [])]
        answer = compute_answer(
            query,
            posted=leave_out(posted.facts, without),
            status=leave_out(status.facts, without) if status else None,
            now=self._clock(),
            expected_agents=cast.expected,
            agent_names={agent.id: agent.name for agent in cast.agents.values()},
            team_of={agent.id: agent.team_id for agent in cast.agents.values() if agent.team_id},
            team_names=cast.team_names,
            queue_names=cast.queue_names,
            buckets=ask.buckets or None,
            week_start=query.week_start,
            headline=cast.drawn.headline,
            drawn=cast.drawn.columns,
            notices=about_shortness(posted.facts, short),
            requests=operation.requests,
            cached=not any(source.fresh for source in sources),
            data_as_of=min(source.at for source in sources),
            conversations=posted.facts.conversations,
            duplicates_removed=posted.facts.duplicates_removed,
        )
        # Those taken out were fetched only where everybody was: elsewhere nobody knows how many of them have data, nor
        # whose work it is that a queue left out takes with it.
        counted = ask.agent_ids is None and not cast.chosen.without_queue_ids
        taken_out = without & agent_ids_of(posted.facts) if counted else None
        coverage = replace(
            answer.coverage,
            conversations_since=posted.facts.conversations_since,
            sources=joined((*(source.facts.sources for source in sources), compared_with)),
            segments_short_s=short.seconds if short else None,
        )
        return replace(
            answer,
            coverage=coverage,
            remainder=taken_out if query.filters.exclude else None,
            durations=cast.drawn.durations,
            csv=cast.drawn.csv,
        )

    def _shortness(
        self,
        query: Query,
        ask: PostedAsk,
        clock: Facts,
        without: frozenset[str],
        operation: Operation,
        *,
        fresh: bool,
    ) -> tuple[Shortness | None, Sources | None]:
        """How far segments fall short of what was posted, and whence that is known.

        None where that isn't asked: only for whole, closed days.

        It costs one more request a hundred agents, and an answer stands without it, so its failure is no failure.
        """
        if clock.accounted_s is None or clock.shortfalls or not self._is_closed(query):
            return None, None
        plain = replace(
            ask,
            booking=Booking.POSTED,
            granularity=None,
            buckets=(),
            by_queue=False,
            by_media=False,
            anyway=False,
            complete=False,
        )
        try:
            facts = self._fetching.posted_sums(plain, operation, fresh=fresh).facts
        except SourceError:
            return None, None
        seconds = leave_out(facts, without).frame.groupby("agent_id")["handle_s"].sum()
        posted_s = {str(agent_id): float(posted) for agent_id, posted in seconds.items()}
        return shortness(posted_s, clock.accounted_s), facts.sources

    def _is_closed(self, query: Query) -> bool:
        """Whether the range is made of whole local days that are over."""
        span, zone = query.range, query.zone
        if span is None or zone is None or span.to_now or span.end > self._clock():
            return False
        return all(
            edge == day_start(local_date(edge, zone), zone)
            for window in span.windows
            for edge in (window.start, window.end)
        )

    # -- texts --------------------------------------------------------------------------------------------

    def _status(self, query: Query, requester: Requester) -> TextAnswer:
        import importlib.metadata

        lines = [
            f"Zone of reports: {self._settings.zone.key}",
            f"Zone data: {importlib.metadata.version('tzdata')}",
            f"Kept answers: {len(self._answers)}",
            *self._more_status(),
        ]
        return TextAnswer(query, title="Status", text="\n".join(lines))


def _help(query: Query) -> TextAnswer:
    from bot.core.grammar import help_text

    return TextAnswer(query, title="How to ask", text=help_text(query.topic))


def _whole(query: Query) -> Interval | None:
    return Interval(query.range.start, query.range.end) if query.range else None
