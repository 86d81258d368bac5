"""`MemoryStore` over the tables about people."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.defaults import NOTHING_CHOSEN, Defaults
from bot.core.grammar.choices import defaults_from_json, defaults_to_json
from bot.core.memos import Asked, Link, Saved
from bot.core.people import fold
from bot.edges.db.tables import asked_questions, choices, links, saved_questions, snapshots
from bot.ports import EverythingKept, PersonKept

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row, Table

    from bot.edges.db.engine import Database
    from bot.ports import KeptSnapshot

_PATIENCE_S = 5.0
"""How long it is tried to remember an answer: it is no loss for good if that fails."""


class SqlMemoryStore:
    """What is kept of people, in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = (postgresql if database.is_postgres else sqlite).insert

    # --- choices and links ---

    def person(self, person_id: str) -> PersonKept:
        """Her choices and her link."""
        chosen = select(choices.c.words).where(choices.c.person_id == person_id)
        linked = select(links).where(links.c.person_id == person_id)

        def work(connection: Connection) -> PersonKept:
            words, link = connection.scalar(chosen), connection.execute(linked).one_or_none()
            return PersonKept(_defaults(words), _link(link) if link else None)

        return self._database.read(work)

    def choose(self, person_id: str, defaults: Defaults, now: datetime) -> None:
        """Keep her choices."""
        self._database.write(lambda connection, _again: self._write_choices(connection, person_id, defaults, now))

    def _write_choices(self, connection: Connection, person_id: str, defaults: Defaults, now: datetime) -> None:
        if defaults == NOTHING_CHOSEN:
            connection.execute(delete(choices).where(choices.c.person_id == person_id))
            return
        self._put(connection, choices, person_id=person_id, words=defaults_to_json(defaults), changed_at=now)

    def link(self, link: Link) -> None:
        """Keep who somebody is, in the place of what was kept."""
        self._database.write(lambda connection, _again: self._put(connection, links, **_link_columns(link)))

    # --- saved questions ---

    def saved(self, owner_ids: Collection[str]) -> Sequence[Saved]:
        """The saved questions of these people and channels, by owner and name."""
        return self._database.read(lambda connection: _found(connection, owner_ids))

    def save(self, saved: Saved, *, most: int, takes_over: bool = True) -> bool | None:
        """Keep a question under its name, in the place of one of that name; False: the owner has as many as may be.

        Args:
            takes_over: also in the place of what somebody else saved; else that stays, and None says so.

        Two that are saved at one moment may pass the limit by one.
        """
        key = fold(saved.name)
        others = and_(saved_questions.c.owner_id == saved.owner_id, saved_questions.c.name_key != key)
        count = select(func.count()).select_from(saved_questions).where(others)

        hers = None if takes_over else saved_questions.c.saved_by == saved.by

        def work(connection: Connection, _again: bool) -> bool | None:
            if (connection.scalar(count) or 0) >= most:
                return False
            return self._put(connection, saved_questions, hers, **_saved_columns(saved)) or None

        return self._database.write(work)

    def unsave(self, owner_id: str, name: str) -> bool:
        """Forget a question; False: there was none of that name."""
        this = and_(saved_questions.c.owner_id == owner_id, saved_questions.c.name_key == fold(name))
        statement = delete(saved_questions).where(this)
        return self._database.write(lambda connection, again: connection.execute(statement).rowcount == 1 or again)

    # --- what was asked and shown ---

    def last_questions(self, person_id: str, limit: int) -> Sequence[Asked]:
        """What she asked last, the newest first."""
        statement = (
            select(asked_questions.c.text, asked_questions.c.asked_at)
            .where(asked_questions.c.person_id == person_id)
            .order_by(asked_questions.c.asked_at.desc(), asked_questions.c.text_key)
            .limit(limit)
        )
        rows = self._database.read(lambda connection: connection.execute(statement).all())
        return [Asked(row.text, row.asked_at) for row in rows]

    def remember(self, person_id: str, asked: Asked, snapshot: KeptSnapshot | None, *, most: int) -> None:
        """Keep what she asked, and what she was shown; the oldest beyond so many of each are forgotten."""

        def work(connection: Connection, _again: bool) -> None:
            key = hashlib.sha256(asked.text.encode()).hexdigest()
            self._put(
                connection, asked_questions, person_id=person_id, text_key=key, text=asked.text, asked_at=asked.at
            )
            _keep_newest(connection, asked_questions, asked_questions.c.asked_at, person_id, most)
            if snapshot is None:
                return
            self._put(
                connection,
                snapshots,
                person_id=person_id,
                question_key=snapshot.question_key,
                known_at=snapshot.known_at,
                keep_until=snapshot.keep_until,
                content=snapshot.content,
            )
            _keep_newest(connection, snapshots, snapshots.c.known_at, person_id, most)

        self._database.write(work, patience_s=_PATIENCE_S)

    def snapshot(self, person_id: str, question_key: str, now: datetime) -> bytes | None:
        """What she was shown when she asked the same before, while it is kept."""
        statement = select(snapshots.c.content).where(
            snapshots.c.person_id == person_id,
            snapshots.c.question_key == question_key,
            snapshots.c.keep_until > self._database.moment(now),
        )
        content = self._database.read(lambda connection: connection.scalar(statement))
        return None if content is None else bytes(content)

    def purge(self, now: datetime, *, asked_before: datetime) -> int:
        """Forget snapshots whose time is over, and questions asked before that moment; how many."""
        over = delete(snapshots).where(snapshots.c.keep_until <= self._database.moment(now))
        old = delete(asked_questions).where(asked_questions.c.asked_at < asked_before)
        return self._database.write(
            lambda connection, _again: connection.execute(over).rowcount + connection.execute(old).rowcount
        )

    # --- all of it ---

    def everything(self) -> EverythingKept:
        """All choices, saved questions and links."""

        def work(connection: Connection) -> EverythingKept:
            chosen = connection.execute(select(choices).order_by(choices.c.person_id)).all()
            linked = connection.execute(select(links).order_by(links.c.person_id)).all()
            return EverythingKept(
                defaults={row.person_id: _defaults(row.words) for row in chosen},
                saved=_found(connection, None),
                links=[_link(row) for row in linked],
            )

        return self._database.read(work)

    def bring_in(self, everything: EverythingKept, now: datetime) -> Mapping[str, tuple[int, int]]:
        """Bring the store up to these, all or nothing: by kind, how many were added and how many changed."""

        def work(connection: Connection, _again: bool) -> Mapping[str, tuple[int, int]]:
            there: dict[str, Mapping[Any, Any]] = {
                "settings": {row.person_id: _defaults(row.words) for row in connection.execute(select(choices))},
                "saved": {(s.owner_id, fold(s.name)): s for s in _found(connection, None)},
                "links": {row.person_id: _link(row) for row in connection.execute(select(links))},
            }
            wanted: dict[str, Mapping[Any, Any]] = {
                "settings": everything.defaults,
                "saved": {(s.owner_id, fold(s.name)): s for s in everything.saved},
                "links": {link.person_id: link for link in everything.links},
            }
            counts = {}
            for kind, entries in wanted.items():
                new = {key: entry for key, entry in entries.items() if there[kind].get(key) != entry}
                counts[kind] = (len(new.keys() - there[kind].keys()), len(new.keys() & there[kind].keys()))
                for key, entry in new.items():
                    match entry:
                        case Defaults():
                            self._write_choices(connection, key, entry, now)
                        case Saved():
                            self._put(connection, saved_questions, **_saved_columns(entry))
                        case Link():
                            self._put(connection, links, **_link_columns(entry))
            return counts

        return self._database.write(work)

    def _put(
        self, connection: Connection, table: Table, where: ColumnElement[bool] | None = None, **values: Any
    ) -> bool:
        """Write a row in the place of the one with the same key, if that is such a one; whether it was written."""
        new = self._insert(table).values(**values)
        key = [column.name for column in table.primary_key]
        changed = {name: new.excluded[name] for name in values if name not in key}
        put = new.on_conflict_do_update(index_elements=key, set_=changed, where=where)
        return connection.execute(put.returning(*table.primary_key)).first() is not None


def _keep_newest(connection: Connection, table: Table, at: ColumnElement[Any], person_id: str, most: int) -> None:
    """Forget what lies behind the newest so many of a person."""
    mine = table.c.person_id == person_id
    least = connection.scalar(select(at).where(mine).order_by(at.desc()).offset(most - 1).limit(1))
    if least is not None:
        connection.execute(delete(table).where(mine, at < least))


def _found(connection: Connection, owner_ids: Collection[str] | None) -> list[Saved]:
    statement = select(saved_questions).order_by(saved_questions.c.owner_id, saved_questions.c.name_key)
    if owner_ids is not None:
        statement = statement.where(saved_questions.c.owner_id.in_(sorted(owner_ids)))
    return [
        Saved(row.name, row.question, row.owner_id, row.for_channel, row.saved_by, row.saved_at)
        for row in connection.execute(statement)
    ]


def _saved_columns(saved: Saved) -> dict[str, Any]:
    return {
        "owner_id": saved.owner_id,
        "name_key": fold(saved.name),
        "name": saved.name,
        "question": saved.question,
        "for_channel": saved.for_channel,
        "saved_by": saved.by,
        "saved_at": saved.at,
    }


def _link_columns(link: Link) -> dict[str, Any]:
    return {"person_id": link.person_id, "agent_id": link.agent_id, "linked_by": link.by, "linked_at": link.at}


def _link(row: Row[Any]) -> Link:
    return Link(row.person_id, row.agent_id, row.linked_by, row.linked_at)


def _defaults(words: Mapping[str, str] | None) -> Defaults:
    """The choices as far as this version knows them: another may have written words that it doesn't."""
    known = {}
    for key, value in (words or {}).items():
        try:
            defaults_from_json({key: value})
        except ValueError:
            continue
        known[key] = value
    return defaults_from_json(known)
