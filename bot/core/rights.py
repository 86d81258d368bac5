"""Who may see what: deny by default, decided from values alone.

Three questions, asked in this order of everyone behind every door:

1. `vision`: what may this person see at all? Her own figures, the scopes that the settings grant her, or everything.
2. `sight`: which of the agents asked for lie within that? The services resolve scopes to agent ids first.
3. `for_audience`: how much of the answer may its readers see? A channel gets names only where it is listed for
   that, elsewhere groups of five and more, and nothing where another organisation reads along.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from bot.core.answer import Group, Missing, Notice, Row, RowState
from bot.core.query import Selector, SelectorKind
from bot.errors import NotAllowedError

if TYPE_CHECKING:
    from bot.core.answer import Answer
    from bot.core.query import Query

SMALLEST_GROUP = 5
"""Agents with data that a group needs before its figures may stand where names may not."""

EVERYTHING = "*"

SCOPE_KINDS = (
    SelectorKind.TEAM,
    SelectorKind.QUEUE,
    SelectorKind.GROUP,
    SelectorKind.DIVISION,
    SelectorKind.MANAGER,
)
"""What a scope may name."""


class Asker(Protocol):
    """What of a requester decides about rights (`bot.ports.Requester` has it)."""

    @property
    def id(self) -> str:
        """Slack user id."""

    @property
    def usergroups(self) -> frozenset[str]:
        """Slack user groups that she belongs to."""

    @property
    def operator(self) -> bool:
        """The command line itself."""

    @property
    def stranger(self) -> bool:
        """A guest, or somebody of another company."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What the settings allow one Slack user, one user group, or (subject `*`) everyone in the workspace."""

    subject: str
    everything: bool = False
    scopes: tuple[Selector, ...] = ()

    def reaches(self, asker: Asker) -> bool:
        """Whether this grant is the asker's."""
        return self.subject in {EVERYTHING, asker.id} or self.subject in asker.usergroups


@dataclass(frozen=True, slots=True)
class Vision:
    """What one person may see; the default is nothing."""

    everything: bool = False
    own: str | None = None
    """Her own agent id; None: not linked to an agent."""
    scopes: tuple[Selector, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether there is nobody whose figures she may see, herself included."""
        return not (self.everything or self.own or self.scopes)

    @property
    def only_own(self) -> bool:
        """Whether she sees herself and nobody else."""
        return self.own is not None and not self.everything and not self.scopes


@dataclass(frozen=True, slots=True)
class Sight:
    """The agents asked for, split by what the asker may see."""

    seen: frozenset[str] | None
    """None: everyone that the platform knows."""
    hidden: frozenset[str] = frozenset()
    alone: bool = False
    """Everybody was asked about by somebody who sees herself alone."""

    @property
    def notice(self) -> Notice | None:
        """What the answer says about those left out."""
        if self.alone:
            return Notice("only_own", "You see your own figures alone, so this is about you and nobody else.")
        count = len(self.hidden)
        if not count:
            return None
        whom = "1 agent is" if count == 1 else f"{count} agents are"
        return Notice("outside_scope", f"{whom} outside what you may see, and left out.")


@dataclass(frozen=True, slots=True)
class Audience:
    """Who will read an answer: the asker alone, or everyone in a channel."""

    channel_id: str | None = None
    """None: private."""
    named: bool = False
    """The channel is on the list of those where names may be posted."""
    shared_externally: bool = False
    """Shared with another organisation: no figures at all."""


PRIVATE = Audience()


# --- the setting -----------------------------------------------------------------------------------------------------

_SUBJECT = re.compile(r"[UWS][A-Z0-9]+")
_SCOPE = re.compile(r'(?P<kind>[a-z]+):(?:"(?P<quoted>[^"]*)"|(?P<plain>[^"]*))')


def parse_grants(text: str) -> tuple[Grant, ...]:
    """`U123=team:Billing,queue:Support; S456=*` as grants; a lone `*` grants everyone everything.

    Names that hold a comma or a semicolon stand in double quotes: `team:"Billing, EU"`. Several entries for one
    subject add up.

    Raises:
        ValueError: naming every entry that can't be read, so that the settings report them beside their own.
    """
    grants: list[Grant] = []
    problems: list[str] = []
    for entry in filter(None, (e.strip() for e in _split(text, ";"))):
        try:
            grants.append(_grant(entry))
        except ValueError as problem:
            problems.append(str(problem))
    if problems:
        raise ValueError("; ".join(problems))
    return tuple(grants)


def _grant(entry: str) -> Grant:
    if entry in {EVERYTHING, "*=*"}:
        return Grant(EVERYTHING, everything=True)
    subject, equals, granted = (part.strip() for part in entry.partition("="))
    if not equals:
        raise ValueError(f"{entry!r} lacks '=' and what may be seen (U123=team:Billing, or U123=*)")
    if subject != EVERYTHING and not _SUBJECT.fullmatch(subject):
        raise ValueError(f"{subject!r} is neither a Slack user id (U…, W…) nor a user group id (S…)")
    if granted == EVERYTHING:
        return Grant(subject, everything=True)
    scopes = tuple(_scope(part.strip(), entry) for part in _split(granted, ","))
    return Grant(subject, scopes=scopes)


def _scope(text: str, entry: str) -> Selector:
    kinds = ", ".join(f"{kind.value}:" for kind in SCOPE_KINDS)
    read = _SCOPE.fullmatch(text)
    if read is None or read["kind"] not in {kind.value for kind in SCOPE_KINDS}:
        raise ValueError(f"{text!r} in {entry!r} is no scope (one of {kinds} with a name, or * alone)")
    value = (read["quoted"] if read["quoted"] is not None else read["plain"]).strip()
    if not value:
        raise ValueError(f"{text!r} in {entry!r} lacks a name")
    return Selector(SelectorKind(read["kind"]), value)


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that stand outside double quotes."""
    parts, quoted = [""], False
    for character in text:
        quoted ^= character == '"'
        if character == separator and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return parts


# --- what a person may see -------------------------------------------------------------------------------------------


def check_welcome(asker: Asker) -> None:
    """Refuse guests and people of other companies, whatever they ask.

    Raises:
        NotAllowedError: the asker is a stranger.
    """
    if asker.stranger:
        raise NotAllowedError(
            "I answer members of this workspace only, not guests or people of other organisations.",
            hint="Ask a colleague who is a full member of this workspace.",
            code="stranger",
        )


def vision(asker: Asker, grants: Iterable[Grant], own_agent_id: str | None) -> Vision:
    """What the asker may see; nothing for a stranger, even where a grant names her.

    Args:
        own_agent_id: the agent that she herself is, if she is linked to one.
    """
    if asker.operator:
        return Vision(everything=True, own=own_agent_id)
    if asker.stranger:
        return Vision()
    hers = [grant for grant in grants if grant.reaches(asker)]
    if any(grant.everything for grant in hers):
        return Vision(everything=True, own=own_agent_id)
    scopes = dict.fromkeys(scope for grant in hers for scope in grant.scopes)
    return Vision(own=own_agent_id, scopes=tuple(scopes))


def visible_agents(seen_by: Vision, members: Mapping[Selector, Collection[str]]) -> frozenset[str] | None:
    """Agent ids that this vision covers; None: everyone.

    Args:
        members: the agents of each of the vision's scopes; a scope that is missing here covers nobody.
    """
    if seen_by.everything:
        return None
    covered = {agent for scope in seen_by.scopes for agent in members.get(scope, ())}
    return frozenset(covered | ({seen_by.own} if seen_by.own else set()))


def sight(
    asked: Collection[str] | None,
    seen_by: Vision,
    members: Mapping[Selector, Collection[str]],
    *,
    by_person: bool = False,
) -> Sight:
    """Which of the agents asked for may be shown.

    Args:
        asked: agent ids; None: everyone whom the asker may see.
        by_person: people were named one by one, so leaving one out silently would mislead: refused instead.

    Raises:
        NotAllowedError: nobody would be left, or somebody named may not be seen. It never says whose figures exist.
    """
    visible = visible_agents(seen_by, members)
    if visible is None:
        return Sight(seen=None if asked is None else frozenset(asked))
    if not visible:
        raise NotAllowedError(
            "You may not see anybody's figures yet.",
            hint="Ask the operator to link you to your agent or to name you in SUPERVISORS. `whoami` says what I know.",
        )
    if asked is None:
        return Sight(seen=visible, alone=seen_by.only_own)
    seen, hidden = frozenset(asked) & visible, frozenset(asked) - visible
    if hidden and (by_person or not seen):
        raise NotAllowedError(
            "Those figures are outside what you may see.",
            hint="`me` shows your own; `whoami` shows what else you may ask for."
            if seen_by.only_own
            else "`whoami` shows the teams and queues that you may ask for.",
        )
    return Sight(seen=seen, hidden=hidden)


def only_counted(seen_by: Vision) -> Notice | None:
    """What an answer about groups says of whom it counts, where nobody was named.

    None where it is everyone, and for her who sees herself alone, as `Sight.notice` says that.
    """
    if seen_by.everything or seen_by.only_own:
        return None
    return Notice("outside_scope", "Only agents whom you may see are counted; others of these groups are left out.")


# --- what an audience may read ---------------------------------------------------------------------------------------

_NAMING = frozenset({SelectorKind.AGENT, SelectorKind.EMAIL})
_WITH_DATA = frozenset({RowState.OK, RowState.ZERO})


def for_audience(answer: Answer, audience: Audience) -> Answer:
    """As much of the answer as this audience may read; the very same answer in private and where names may stand.

    Elsewhere rows of single agents become one row of all together, a group of fewer than five agents with data is
    left out, and so are totals from which a left-out group could be worked out by subtraction. The agents taken out
    by an exclusion (`answer.remainder`) are such a group too: who knows the whole could subtract. Where two times
    are compared, a group that is small at either of them has figures of neither. A question that names agents isn't
    answered there: the answer would say how it was read.

    Raises:
        NotAllowedError: no figure may be posted there at all.
    """
    _refuse_outsiders(audience)
    if audience.channel_id is None or audience.named:
        return answer
    sides = [answer, *([answer.versus] if answer.versus else [])]
    if answer.query.filters.exclude and not all(_large_or_empty(side.remainder) for side in sides):
        raise _too_few("Leaving out so few would give them away to anyone who knows the whole")
    by_agent = any(group.dimension == "agent" for row in answer.rows for group in row.groups)
    shown = _together(answer) if by_agent else _large_groups(answer)
    check_wording(answer.query, audience)
    return shown


def check_wording(query: Query, audience: Audience) -> None:
    """Whether these readers may read whom the question names: every answer says how it was read.

    Raises:
        NotAllowedError: they may not.
    """
    filters = query.filters
    named = any(selector.kind in _NAMING for selector in (*filters.include, *filters.exclude))
    if named and audience.channel_id is not None and not audience.named:
        raise NotAllowedError(
            "The question names agents, and names are not posted in this channel.",
            hint="Ask for a team or a queue, or without `share` for an answer to you alone.",
            code="names_not_allowed",
        )


def check_names(audience: Audience) -> None:
    """Whether these readers may see what is about one agent alone.

    Raises:
        NotAllowedError: they may not.
    """
    _refuse_outsiders(audience)
    if audience.channel_id is not None and not audience.named:
        raise NotAllowedError(
            "That is about single agents, and names are not posted in this channel.",
            hint="Ask in a direct message or with /utilization: the answer is then for you alone.",
            code="names_not_allowed",
        )


def _refuse_outsiders(audience: Audience) -> None:
    if audience.shared_externally:
        raise NotAllowedError(
            "This channel is shared with another organisation, so I post no figures here.",
            hint="Ask without `share`: the answer is then for you alone.",
            code="shared_externally",
        )


def _large_or_empty(agents: frozenset[str] | None) -> bool:
    """Whether nothing is given away about these; None (nobody counted them) counts as few."""
    return agents is not None and (not agents or len(agents) >= SMALLEST_GROUP)


def _too_few(reason: str) -> NotAllowedError:
    return NotAllowedError(
        f"{reason}: in this channel I post only groups of {SMALLEST_GROUP} agents and more.",
        hint="Ask without `share` for an answer to you alone, or have the channel listed in NAMED_CHANNELS.",
        code="group_too_small",
    )


def agents_behind(row: Row) -> frozenset[str]:
    """Agents who have data in this row; a row of one agent knows by its own state."""
    agent = row.group("agent")
    if agent is None:
        return row.agent_ids
    return frozenset({agent.id} if agent.id is not None and row.state in _WITH_DATA else ())


def disclosed(answer: Answer) -> frozenset[str]:
    """Agents of whom an answer tells: those with rows of their own, and those behind groups too small to hide them."""
    rows = (*answer.rows, *(answer.versus.rows if answer.versus else ()))
    named = {group.id for row in rows if (group := row.group("agent")) is not None and group.id}
    small = (row.agent_ids for row in rows if row.group("agent") is None and len(row.agent_ids) < SMALLEST_GROUP)
    return frozenset(named).union(*small)


def _together(answer: Answer) -> Answer:
    """All agents as one row that carries the totals."""
    row, there = _joined(answer, _everybody(answer.rows)), answer.versus
    if len(row.agent_ids) < SMALLEST_GROUP:
        raise _too_few("Too few agents have data here")
    if there is not None:
        partner = _joined(there, _everybody(there.rows))
        if not _large_or_empty(partner.agent_ids):
            raise _too_few("Too few agents have data at the time compared with")
        row = replace(row, versus=partner)
        there = replace(there, rows=(partner,), sparks={}, warnings=_impersonal(there))
    notice = Notice("names_withheld", "Names and single agents' figures are not posted in this channel.")
    return replace(answer, rows=(row,), sparks={}, versus=there, warnings=(*_impersonal(answer), notice))


def _everybody(rows: Iterable[Row]) -> frozenset[str]:
    """All agents with data."""
    return frozenset().union(*(agents_behind(row) for row in rows))


def _joined(answer: Answer, agents: frozenset[str]) -> Row:
    """The row of all agents together."""
    reasons = {name: reason for row in answer.rows for name, reason in row.missing.items()}
    names = [column.name for column in answer.columns if answer.totals.get(column.name) is None]
    span = answer.query.range
    return Row(
        groups=(Group("agent", None, f"{len(agents)} agents together"),),
        start=span.start if span else min(row.start for row in answer.rows),
        end=span.end if span else max(row.end for row in answer.rows),
        state=_joined_state(answer.rows),
        provisional=any(row.provisional for row in answer.rows),
        values=dict(answer.totals),
        missing={name: reasons.get(name, Missing.NO_DATA) for name in names},
        agent_ids=agents,
    )


def _joined_state(rows: Sequence[Row]) -> RowState:
    """The state of a row that joins these: the best of theirs that has data, else the first of the others."""
    states = [row.state for row in rows]
    found = next((state for state in (RowState.OK, RowState.ZERO) if state in states), None)
    return found or min(states, key=list(RowState).index, default=RowState.NO_DATA)


def _large_groups(answer: Answer) -> Answer:
    """Rows of groups that are large enough; totals only where they don't give the others away."""
    there = answer.versus
    kept = tuple(row for row in answer.rows if _may_stand(row))
    dropped = [row for row in answer.rows if not _may_stand(row)]
    if not kept:
        raise _too_few("Too few agents have data here")
    notices = [Notice("small_groups_withheld", _left_out(len(dropped)))] if dropped else []
    hidden_there: list[Row] = []
    if there is not None:
        beside = {id(row.versus) for row in kept}
        hidden_there = [row for row in there.rows if id(row) not in beside]
        shown_there = tuple(row for row in there.rows if id(row) in beside)
        there = replace(there, rows=shown_there, sparks={}, warnings=_impersonal(there))
    if not (_give_nothing_away(dropped) and _give_nothing_away(hidden_there)):
        answer = replace(answer, totals=dict.fromkeys(answer.totals), residue_s=None)
        if there is not None:
            there = replace(there, totals=dict.fromkeys(there.totals), residue_s=None)
        notices.append(Notice("totals_withheld", "Totals are left out: they would give the small groups away."))
    return replace(answer, rows=kept, sparks={}, versus=there, warnings=(*_impersonal(answer), *notices))


def _may_stand(row: Row) -> bool:
    """Whether enough agents stand behind the row and, where it is compared, behind its partner, or nobody does."""
    partner = row.versus
    return len(agents_behind(row)) >= SMALLEST_GROUP and (partner is None or _is_large_or_empty_row(partner))


def _is_large_or_empty_row(row: Row) -> bool:
    """Rows without a word on who stands behind them may hide anyone: they count as few."""
    return row.state not in _WITH_DATA or len(agents_behind(row)) >= SMALLEST_GROUP


def _give_nothing_away(dropped: Sequence[Row]) -> bool:
    """Whether the figures of rows that are left out may be worked out from totals without telling of few agents."""
    return all(row.state not in _WITH_DATA for row in dropped) or len(_everybody(dropped)) >= SMALLEST_GROUP


def _left_out(count: int) -> str:
    rows = "1 row is" if count == 1 else f"{count} rows are"
    return f"{rows} left out: fewer than {SMALLEST_GROUP} agents have data there."


def _impersonal(answer: Answer) -> tuple[Notice, ...]:
    """The warnings that tell nothing of a single agent."""
    marks = {
        mark
        for row in answer.rows
        for group in row.groups
        if group.dimension == "agent"
        for mark in (group.id, group.name)
        if mark
    }
    return tuple(n for n in answer.warnings if not n.personal and not any(mark in n.message for mark in marks))
