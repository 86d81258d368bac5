"""Type-ahead from memory: the slowest answer of fifty people who type at once, with 10,000 agents known.

Two supervisors' worlds are measured: one who sees everyone, and one whose scopes hold half of them. The names are
folded and indexed once; what that costs, and what reading them again costs, is shown beside it. So is the matching of
a whole typed name, right and with a slip, which a question does.
"""

from __future__ import annotations

import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bot.core.people import NameIndex
from bot.ports import Agent, Operation
from bot.services.cache import SharedCache
from bot.services.directory import Directory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

AGENTS = 10_000
AT_ONCE = 50
SLOWEST_S = 0.3
_TYPED = ("an", "ana", "ana di", "díaz", "o'n", "zo", "qq", "li wang", "de la", "müller t")
_FIRST = [
    "Ana",
    "Ben",
    "Cléo",
    "Dana",
    "Émile",
    "Farid",
    "Gül",
    "Håkon",
    "Inês",
    "João",
    "Li",
    "Märta",
    "Núria",
    "Óscar",
    "Priya",
    "Zoë",
]
_LAST = [
    "Díaz",
    "Fernández",
    "Ito",
    "Kowalski",
    "Laurent",
    "Müller",
    "O'Neill",
    "Çelik",
    "Nguyễn",
    "Wang",
    "de_la_Cruz",
    "Şahin",
    "Øst",
    "Zhang",
]


class Names:
    """A directory of made-up agents: the source that the platform's stands for."""

    def __init__(self, count: int) -> None:
        chance = random.Random(7)
        self.agents = [
            Agent(f"{number:08x}", self._name(chance, number), f"agent{number}@example.com") for number in range(count)
        ]

    @staticmethod
    def _name(chance: random.Random, number: int) -> str:
        last = chance.choice(_LAST).replace("_", " ")
        return f"{chance.choice(_FIRST)} {last} {chance.choice(_LAST).replace('_', ' ')[:1]}{number % 97:02d}"

    def everyone(self, operation: Operation) -> Sequence[Agent]:
        """All of them."""
        return self.agents

    def agents_by(self, ids: Sequence[str]) -> Mapping[str, Agent]:
        """Those of these ids."""
        wanted = set(ids)
        return {agent.id: agent for agent in self.agents if agent.id in wanted}


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def slowest(directory: Directory, visible: frozenset[str] | None) -> tuple[float, float]:
    """(median, slowest) of fifty people who type at once, each from the press of a key to the answer."""

    def one(number: int) -> float:
        begun = started
        directory.suggest(_TYPED[number % len(_TYPED)], visible=visible, limit=100)
        return time.perf_counter() - begun

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda _: None, range(AT_ONCE)))  # the threads are there
        started = time.perf_counter()
        took = list(pool.map(one, range(AT_ONCE)))
    return statistics.median(took), max(took)


def main() -> int:
    names = Names(AGENTS)
    directory = Directory(names, SharedCache(time.monotonic, capacity=50_000))  # type: ignore[arg-type]  only names are asked
    learning = timed(lambda: directory.everyone(Operation.within(60)))
    first = timed(lambda: directory.suggest("an", visible=None, limit=100))
    print(
        f"{AGENTS:,} agents: read and indexed in {learning:.2f} s; the first suggestion after it {first * 1000:.0f} ms"
    )
    half = frozenset(agent.id for agent in names.agents[::2])
    kept = True
    for who, visible in (("everyone", None), ("half of them", half)):
        runs = [slowest(directory, visible) for _ in range(5)]
        median, worst = statistics.median(run[0] for run in runs), max(run[1] for run in runs)
        print(
            f"{AT_ONCE} at once, who see {who}: median {median * 1000:.1f} ms, slowest {worst * 1000:.1f} ms"
            f" (bar {SLOWEST_S * 1000:.0f})"
        )
        kept = kept and worst < SLOWEST_S
    changed = timed(
        lambda: (directory._learn([Agent("new", "Zoë New")]), directory.suggest("zo", visible=None, limit=9))
    )
    print(f"a suggestion after one more name was read: {changed * 1000:.0f} ms (bar {SLOWEST_S * 1000:.0f})")
    index = NameIndex(names.agents)
    for typed in (names.agents[5_000].name, "ferandez", "nobody at all"):
        took = timed(lambda typed=typed: index.matches(typed))  # type: ignore[misc]  bound at once
        print(f"a question's “{typed}” among all: {took * 1000:.1f} ms, {len(index.matches(typed)):,} found")
    return 0 if kept and changed < SLOWEST_S else 1


if __name__ == "__main__":
    raise SystemExit(main())
