"""What the bot remembers of people: their choices, saved and last questions, links, and what they were shown."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.core.grammar import parse
from bot.core.grammar.memos import check_name, check_question
from bot.core.grammar.text import MAX_CHARACTERS
from bot.core.memos import Asked, Link, Saved
from bot.core.people import fold
from bot.core.query import Verb
from bot.core.rights import vision
from bot.errors import CommandError, NotAllowedError, StoreError
from bot.ports import KeptSnapshot, PersonKept, Requester

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.core.answer import Answer
    from bot.core.defaults import Defaults
    from bot.core.query import Query
    from bot.ports import MemoryStore
    from bot.services.reading import Reader

log = structlog.get_logger(__name__)

MOST_SAVED = 50
"""Questions that one person, or one channel, may have saved."""
MOST_REMEMBERED = 20
"""Last questions of a person, and as many of the answers to them."""
ASKED_LIFE = timedelta(days=90)
"""How long a last question is remembered."""
KNOWN_S = 24 * 3600.0
"""For how long what was read of a person serves to read her question; the job that answers reads it again."""
_PEOPLE_KNOWN = 50_000


class MemoryService:
    """Remembers; thread-safe. Also `Recall`: it joins what is kept of a person to what Slack says of her.

    Args:
        reader: also knows who sees everyone, and so may tidy up what others saved for a channel.
        seconds: monotonic.
        compares: answers are compared with earlier ones; not where a made-up moment would come between them.
    """

    def __init__(
        self,
        store: MemoryStore,
        *,
        reader: Reader,
        clock: Callable[[], datetime],
        seconds: Callable[[], float],
        compares: bool = True,
    ) -> None:
        self._store = store
        self._reader = reader
        self._clock = clock
        self._seconds = seconds
        self._compares = compares
        self._grants = reader.settings.grants
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[PersonKept, float]] = OrderedDict()

    # --- who somebody is ---

    def known(self, person: Requester) -> Requester | None:
        """With what memory holds of her, for a listener, which must not wait; None: not read lately."""
        with self._lock:
            kept, at = self._known.get(person.id, (None, 0.0))
        return None if kept is None or self._seconds() - at > KNOWN_S else _joined(person, kept)

    def person(self, person: Requester) -> Requester:
        """With what the database holds of her.

        Raises:
            StoreError: it can't be read; without it nobody knows whose agent she is.
        """
        return _joined(person, self._read(person.id))

    def _read(self, person_id: str) -> PersonKept:
        kept = self._store.person(person_id)
        with self._lock:
            self._known[person_id] = (kept, self._seconds())
            self._known.move_to_end(person_id)
            while len(self._known) > _PEOPLE_KNOWN:
                self._known.popitem(last=False)
        return kept

    # --- choices and links ---

    def defaults(self, person_id: str) -> Defaults:
        """What she chose."""
        return self._read(person_id).defaults

    def set_defaults(self, person_id: str, defaults: Defaults) -> None:
        """Keep what she chose."""
        self._store.choose(person_id, defaults, self._clock())
        self._read(person_id)

    def set_link(self, person_id: str, agent_id: str | None, *, by: str) -> Link:
        """Keep who somebody is; None: nobody, although an address may be the same. Who may is decided before."""
        link = Link(person_id, agent_id, by, self._clock())
        self._store.link(link)
        self._read(person_id)
        return link

    # --- saved questions ---

    def saved(self, person_id: str, channel_id: str | None = None) -> tuple[Saved, ...]:
        """Hers by name, then the channel's."""
        owners = [person_id, *([channel_id] if channel_id else [])]
        found = self._store.saved(owners)
        return tuple(sorted(found, key=lambda s: (owners.index(s.owner_id), fold(s.name))))

    def find(self, requester: Requester, name: str, *, channel_id: str | None, for_channel: bool = False) -> Saved:
        """The question of that name: hers, else the channel's.

        Args:
            for_channel: the channel's alone.
        Raises:
            CommandError: there is none.
        """
        everything = self.saved(requester.id, channel_id)
        for saved in everything:
            if fold(saved.name) == fold(name) and (saved.for_channel or not for_channel):
                return saved
        names = ", ".join(f"“{saved.name}”" for saved in everything)
        raise CommandError(
            f"No saved question is called “{name}”.",
            hint=f"Saved: {names}" if names else "save morning yesterday team:Billing",
            code="unknown_saved",
        )

    def save(self, requester: Requester, name: str, question: str, *, channel_id: str | None = None) -> Saved:
        """Keep a question under a name, in the place of what had it.

        Args:
            channel_id: keep it for everybody there; None: for her alone.
        Raises:
            CommandError: it can't be read or saved, or the name is another's.
        """
        check_name(name)
        if len(question) > MAX_CHARACTERS:
            raise CommandError(f"A question has at most {MAX_CHARACTERS:,} characters.", code="too_long")
        check_question(question, self._reader.context(requester, now=self._clock()), parse)
        owner = channel_id or requester.id
        saved = Saved(name, question, owner, channel_id is not None, requester.id, self._clock())
        # In the same transaction: two people may save one name for a channel at one moment.
        kept = self._store.save(saved, most=MOST_SAVED, takes_over=channel_id is None or self._tidies(requester))
        if kept is None:
            self._check_tidy(requester, owner, name)
        if not kept:
            raise CommandError(
                f"{MOST_SAVED} questions are saved {'here' if channel_id else 'by you'}, and no more can be.",
                hint="saved lists them; unsave <name> forgets one",
                code="too_many_saved",
            )
        return saved

    def unsave(self, requester: Requester, name: str, *, channel_id: str | None = None) -> None:
        """Forget a question: hers, or the channel's.

        Raises:
            CommandError: there is none of that name, or it is another's.
        """
        self.find(requester, name, channel_id=channel_id, for_channel=channel_id is not None)
        if channel_id is not None:
            self._check_tidy(requester, channel_id, name)
        self._store.unsave(channel_id or requester.id, name)

    def _tidies(self, requester: Requester) -> bool:
        """Whether she may change what others saved for a channel."""
        return vision(requester, self._grants, None).everything

    def _check_tidy(self, requester: Requester, channel_id: str, name: str) -> None:
        """What somebody saved for a channel is changed by her, or by those who see everyone."""
        there = [s for s in self._store.saved([channel_id]) if fold(s.name) == fold(name)]
        if there and there[0].by != requester.id and not self._tidies(requester):
            raise NotAllowedError(
                f"“{there[0].name}” was saved by somebody else, who alone may change it.",
                hint=f'Choose another name, or keep one of your own: save "{name}" {there[0].question}'[:300],
            )

    # --- what was asked and shown ---

    def last_questions(self, person_id: str, limit: int = 5) -> tuple[Asked, ...]:
        """What she asked last, the newest first."""
        return tuple(self._store.last_questions(person_id, limit))

    def last_question(self, requester: Requester) -> str:
        """What she asked last.

        Raises:
            CommandError: nothing yet.
        """
        last = self.last_questions(requester.id, 1)
        if not last:
            raise CommandError(
                "There is no question of yours to ask again.",
                hint="Type it: yesterday by interval",
                code="nothing_to_repeat",
            )
        return last[0].text

    def expand(self, query: Query, requester: Requester, *, channel_id: str | None) -> tuple[str, bool] | None:
        """The text behind `again` and `saved <name>`, and whether she may mean its `share`; None for another question.

        What she saved with `share` is posted each time. She never typed what others saved for a channel, and asks
        again perhaps where others read along than before.

        Raises:
            CommandError: there is nothing behind it.
        """
        if query.verb is Verb.AGAIN:
            return self.last_question(requester), False
        memo = query.memo
        if memo is None or memo.verb is not Verb.SAVED or not memo.name:
            return None
        saved = self.find(requester, memo.name, channel_id=channel_id, for_channel=memo.for_channel)
        return saved.question, saved.by == requester.id

    def compared(self, query: Query, requester: Requester, answer: Answer) -> Answer:
        """The answer with what moved since she asked the same; an answer stands without it, so no failure is one."""
        from bot.core.changes import changes, question_key, snapshot_from_bytes

        if not self._compares:
            return answer
        try:
            content = self._store.snapshot(requester.id, question_key(query), self._clock())
        except StoreError as error:
            log.warning("snapshot_not_read", person=requester.id, code=error.code)
            return answer
        before = snapshot_from_bytes(content) if content is not None else None
        return replace(answer, changes=changes(before, answer)) if before is not None else answer

    def remember(self, query: Query, requester: Requester, answer: Answer | None = None) -> None:
        """Keep what she asked and what she was shown; best effort, after the answer was worked out."""
        try:
            snapshot = self._snapshot(query, answer) if answer is not None and self._compares else None
            asked = Asked(query.text, self._clock())
            self._store.remember(requester.id, asked, snapshot, most=MOST_REMEMBERED)
        except StoreError as error:
            log.warning("question_not_remembered", person=requester.id, code=error.code)

    def _snapshot(self, query: Query, answer: Answer) -> KeptSnapshot | None:
        from bot.core.changes import life_of, question_key, snapshot_of, snapshot_to_bytes

        snapshot = snapshot_of(answer)
        if snapshot is None:
            return None
        now = self._clock()
        return KeptSnapshot(
            question_key(query), snapshot.known_at, now + life_of(answer, now), snapshot_to_bytes(snapshot)
        )

    def purge(self) -> int:
        """Forget what is old; how many rows."""
        now = self._clock()
        return self._store.purge(now, asked_before=now - ASKED_LIFE)


class KeptPeople:
    """`People` where Slack can't be asked: all that is known of somebody is what is kept of her."""

    def __init__(self, memory: MemoryService) -> None:
        self._memory = memory

    def requester(self, slack_id: str) -> Requester:
        """The person, as the database has her."""
        return self._memory.person(Requester(slack_id))


def _joined(person: Requester, kept: PersonKept) -> Requester:
    link = kept.link
    return replace(
        person,
        defaults=kept.defaults,
        agent_id=link.agent_id if link else None,
        unlinked=link is not None and link.agent_id is None,
    )
