"""Reconciled figures in words and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.reconciling import FIGURES, Cause
from bot.core.rendering.figures import duration
from bot.core.rendering.names import cleaned
from bot.core.rendering.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.core.reconciling import Gap, Reconciled

_FIGURE_WORDS = {
    "posted_s": "posted",
    "sessions_s": "sessions",
    "load_s": "segments",
    "busy_s": "busy",
    "interacting_s": "interacting",
}

_CAUSE_WORDS = {
    Cause.OLD_CONVERSATION: "of conversations begun before the look-back",
    Cause.LATE_DATA: "not in the aggregates yet",
    Cause.WORKED_OUTSIDE: "posted here, worked before",
    Cause.POSTED_OUTSIDE: "worked here, posted later",
    Cause.STILL_OPEN: "worked here, not posted yet",
    Cause.OVERLAP: "side by side",
    Cause.FILTER: "left out by the question",
    Cause.NON_ACD: "not routed",
    Cause.ALERTING: "ringing",
    Cause.UNKNOWN: "unknown",
}

_MOST_SHOWN = 25
"""Agents drawn for people, those with the largest unknown part first; JSON has all."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known beside the chains."""

    names: Mapping[str, str]
    requests: int
    conversations: int
    duplicates_removed: int
    since: datetime
    further_since: datetime | None


def reconciliation_text(chains: Sequence[Reconciled], told: Told) -> str:
    """All together, then agent by agent."""
    return "\n".join(_lines(chains, told))


def _lines(chains: Sequence[Reconciled], told: Told) -> Iterator[str]:
    yield "How to read it"
    yield "        posted = the aggregates · sessions = what the sessions found posted · segments = as it happened"
    yield "        busy = overlaps once · interacting = status time; each line says what lies between two of them"
    yield ""
    unknown = sum(chain.unknown_s for chain in chains)
    sole = chains[0] if len(chains) == 1 else None
    people = _name(sole, told) if sole else f"All {len(chains):,} agents"
    yield f"{people}: {duration(unknown)} unknown"
    yield from (f"        {line}" for line in _sum_lines(chains))
    ordered = sorted(chains, key=lambda c: (-c.unknown_s, told.names.get(c.agent_id, c.agent_id), c.agent_id))
    shown = [chain for chain in ordered if not sole and (chain.gaps or any(chain.figures.values()))]
    for chain in shown[:_MOST_SHOWN]:
        yield ""
        yield _name(chain, told)
        yield from (f"        {line}" for line in _sum_lines((chain,)))
    yield ""
    if len(shown) > _MOST_SHOWN:
        yield f"{plural(len(shown) - _MOST_SHOWN, 'more agent')}: ask for a team to see all of it."
    yield (
        f"{told.conversations:,} conversations begun since {told.since:%Y-%m-%d} (UTC) read · "
        f"{told.duplicates_removed} duplicates removed · {told.requests} API calls"
    )
    if told.further_since is not None:
        yield f"Where something was missing, conversations begun since {told.further_since:%Y-%m-%d} were read too."


def _name(chain: Reconciled, told: Told) -> str:
    return cleaned(told.names.get(chain.agent_id, chain.agent_id))


def _sum_lines(chains: Sequence[Reconciled]) -> Iterator[str]:
    figures, gaps = _summed(chains)
    yield " · ".join(
        f"{_FIGURE_WORDS[name]} {'no data' if (seconds := figures[name]) is None else duration(seconds)}"
        for name in FIGURES
    )
    for step in FIGURES:
        causes = [f"{_signed(ms)} {_CAUSE_WORDS[cause]}" for (to, cause), ms in gaps.items() if to == step]
        if causes:
            yield f"to {_FIGURE_WORDS[step]}: {', '.join(causes)}"


def _summed(chains: Sequence[Reconciled]) -> tuple[dict[str, float | None], dict[tuple[str, Cause], float]]:
    figures: dict[str, float | None] = {}
    for name in FIGURES:
        known = [seconds for chain in chains if (seconds := chain.figures[name]) is not None]
        figures[name] = round(sum(known), 3) if known else None
    gaps: dict[tuple[str, Cause], float] = {}
    for chain in chains:
        for gap in chain.gaps:
            gaps[gap.step, gap.cause] = round(gaps.get((gap.step, gap.cause), 0.0) + gap.seconds, 3)
    return figures, gaps


def _signed(seconds: float) -> str:
    return f"{'+' if seconds >= 0 else '−'}{duration(abs(seconds))}"


def reconciliation_json(chains: Sequence[Reconciled], told: Told, zone: ZoneInfo | None) -> dict[str, object]:
    """The `reconciliation` object of docs/json.md."""
    further = told.further_since
    return {
        "unknown_s": round(sum(chain.unknown_s for chain in chains), 3),
        "agents": [
            {
                "agent_id": chain.agent_id,
                "agent_name": told.names.get(chain.agent_id, chain.agent_id),
                **chain.figures,
                "unknown_s": chain.unknown_s,
                "gaps": [_gap(gap) for gap in chain.gaps],
            }
            for chain in chains
        ],
        "coverage": {
            "requests": told.requests,
            "conversations": told.conversations,
            "duplicates_removed": told.duplicates_removed,
            "conversations_since": told.since.astimezone(zone).isoformat(),
            "further_since": further.astimezone(zone).isoformat() if further else None,
        },
    }


def _gap(gap: Gap) -> dict[str, object]:
    return {"step": gap.step, "cause": gap.cause.value, "seconds": gap.seconds}
