"""Who a Slack user is: zone, address, user groups, and whether she belongs here at all."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from zoneinfo import ZoneInfoNotFoundError

import structlog

from bot.core.zones import load_zone
from bot.edges.slack.api import SlackCallError
from bot.errors import DeliveryError
from bot.ports import Requester

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.edges.slack.api import SlackApi
    from bot.ports import Recall

log = structlog.get_logger(__name__)

FRESH_S = 3600.0
"""For how long a look-up decides about rights."""
KNOWN_S = 24 * 3600.0
"""For how long it still serves to read a question: zones change rarely, and the job looks again anyway."""
GROUP_FRESH_S = 900.0
GROUP_KNOWN_S = 3600.0

_NO_SUCH_GROUP = frozenset({"no_such_subteam", "subteam_not_found", "plan_upgrade_required", "missing_scope"})
"""Answers about a group that are final: nobody is in it, until the settings or the app change."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Kept(Generic[V]):
    value: V
    at: float


class _Memory(Generic[V]):
    """The last values by key with the moment they were learnt; the longest unused go first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept[V]] = OrderedDict()

    def get(self, key: str) -> _Kept[V] | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
            return kept

    def put(self, key: str, value: V, at: float) -> None:
        with self._lock:
            self._kept[key] = _Kept(value, at)
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)


class SlackPeople:
    """`People` over `users.info` and the members of the user groups that grants name.

    Args:
        usergroups: ids of groups that matter; others are never asked about.
        recall: joins what is kept of each person; None where nothing is.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        api: SlackApi,
        *,
        usergroups: frozenset[str] = frozenset(),
        recall: Recall | None = None,
        clock: Callable[[], float] = time.monotonic,
        size: int = 50_000,
    ) -> None:
        self._api = api
        self._usergroups = usergroups
        self._recall = recall
        self._clock = clock
        self._people: _Memory[Requester] = _Memory(size)
        self._groups: _Memory[frozenset[str]] = _Memory(len(usergroups) + 1)
        self._home: tuple[str, str | None] | None = None

    def known(self, slack_id: str) -> Requester | None:
        """The person from memory, for a listener, which must not wait; None: not looked up lately.

        Good enough to read a question. Rights are decided by `requester`, in the job.
        """
        kept = self._people.get(slack_id)
        now = self._clock()
        if kept is None or now - kept.at > KNOWN_S:
            return None
        memories = ((group, self._groups.get(group)) for group in self._usergroups)
        groups = (group for group, m in memories if m and now - m.at <= GROUP_KNOWN_S and slack_id in m.value)
        person = replace(kept.value, usergroups=frozenset(groups))
        return person if self._recall is None else self._recall.known(person)

    def requester(self, slack_id: str) -> Requester:
        """The person, from memory while that is fresh; what is kept of her as it stands now.

        Raises:
            StoreError: what is kept of her can't be read.
            DeliveryError: Slack doesn't say who that is, or which groups she is in. No answer is a refusal.
        """
        kept = self._people.get(slack_id)
        if kept is not None and self._clock() - kept.at <= FRESH_S:
            person = kept.value
        else:
            person = self._looked_up(slack_id)
            self._people.put(slack_id, person, self._clock())
        groups = frozenset(group for group in self._usergroups if slack_id in self._members(group))
        person = replace(person, usergroups=groups)
        return person if self._recall is None else self._recall.person(person)

    def _looked_up(self, slack_id: str) -> Requester:
        try:
            user = self._api.read("users.info", user=slack_id)["user"]
            stranger = _is_stranger(user, self._workspace())
        except SlackCallError as refusal:
            if refusal.error in {"user_not_found", "user_not_visible"}:
                return Requester(id=slack_id, stranger=True)
            raise _unknown_person(slack_id, refusal) from refusal
        profile = user.get("profile") or {}
        return Requester(id=slack_id, zone=_zone(user.get("tz")), email=profile.get("email") or None, stranger=stranger)

    def _workspace(self) -> tuple[str, str | None]:
        """(team id, enterprise id) of the workspace where the app is installed."""
        if self._home is None:
            test = self._api.read("auth.test")
            self._home = (str(test["team_id"]), test.get("enterprise_id"))
        return self._home

    def _members(self, group: str) -> frozenset[str]:
        kept = self._groups.get(group)
        age = self._clock() - kept.at if kept else float("inf")
        if kept is not None and age <= GROUP_FRESH_S:
            return kept.value
        try:
            users = self._api.read("usergroups.users.list", usergroup=group).get("users") or []
            members = frozenset(str(user) for user in users)
        except SlackCallError as refusal:
            log.warning("usergroup_unknown", usergroup=group, error=refusal.error, needed=refusal.needed)
            if refusal.error in _NO_SUCH_GROUP:
                members = frozenset()
            elif kept is not None and age <= GROUP_KNOWN_S:
                return kept.value
            else:
                raise _unknown_person(group, refusal) from refusal
        self._groups.put(group, members, self._clock())
        return members


def _is_stranger(user: Mapping[str, Any], workspace: tuple[str, str | None]) -> bool:
    """Guests, people of other companies, those who left, and bots."""
    if any(user.get(mark) for mark in ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted", "is_bot")):
        return True
    team, enterprise = workspace
    person = user.get("enterprise_user") or {}
    if enterprise is not None and person.get("enterprise_id") == enterprise:
        return False
    return user.get("team_id") != team


def _zone(name: object) -> str | None:
    """The zone's name where the database knows it; Slack's other names are worth nothing here."""
    if not isinstance(name, str):
        return None
    try:
        return load_zone(name).key
    except ZoneInfoNotFoundError:
        return None


def _unknown_person(slack_id: str, refusal: SlackCallError) -> DeliveryError:
    hint = "Try again in a minute."
    if refusal.error == "missing_scope":
        hint = f"Ask the operator to reinstall the app: the scope {refusal.needed or 'users:read'} is missing."
    return DeliveryError(
        "Slack did not tell me who you are, and without that I may not answer.",
        channel=slack_id,
        hint=hint,
        code="unknown_person",
    )
