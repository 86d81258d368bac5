"""What an answer says beside its figures of what they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.answer import Notice
from bot.core.query import Dimension
from bot.core.rendering.figures import duration
from bot.core.rights import SMALLEST_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.query import Query
    from bot.core.sessions import Shortness
    from bot.ports import Agent, Facts

_DELETED_NAMED = 5


def about_zone(query: Query) -> tuple[Notice, ...]:
    """That nobody chose the zone."""
    if query.zone_source != "default" or query.zone is None:
        return ()
    message = f"Days are cut in {query.zone.key}: no zone was named and REPORT_ZONE isn't set."
    return (Notice("zone_default", message),)


def about_deleted(query: Query, agents: Iterable[Agent]) -> tuple[Notice, ...]:
    """Who of those with rows of their own has been deleted."""
    names = sorted(agent.name for agent in agents if agent.state == "deleted")
    if not names or Dimension.AGENT not in query.group_by:
        return ()
    shown = ", ".join(names[:_DELETED_NAMED])
    more = f" and {len(names) - _DELETED_NAMED} more" if len(names) > _DELETED_NAMED else ""
    return (Notice("deleted_agents", f"Deleted in Genesys since: {shown}{more}.", personal=True),)


def about_shortness(clock: Facts, short: Shortness | None) -> tuple[Notice, ...]:
    """By how much segments fall short of what was posted."""
    if short is None or not short.agent_ids:
        return ()
    count = len(short.agent_ids)
    whom = "1 agent" if count == 1 else f"{count:,} agents"
    since = clock.conversations_since
    message = f"Genesys posted {duration(short.seconds)} of handle time for {whom} of which no segments were found"
    if since is not None:
        message += (
            f": most of it belongs to conversations begun before {since:%Y-%m-%d} (UTC), which are not looked for. "
            "The same question with the word “complete” has them too."
        )
    else:
        message += ", in conversations however long ago they began."
    return (Notice("segments_short", message, personal=count < SMALLEST_GROUP),)
