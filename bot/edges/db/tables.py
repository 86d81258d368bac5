"""The tables, the same on SQLite and Postgres. The migrations beside this file must say the same; a test compares."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Time,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

_SQLITE_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


class Instant(TypeDecorator[datetime]):
    """An instant: aware in, UTC out. On Postgres `timestamptz`; on SQLite text of one length, which sorts by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """How the dialect at hand keeps it."""
        return dialect.type_descriptor(String(27) if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """To the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant has an offset")
        value = value.astimezone(UTC)
        return value.strftime(_SQLITE_FORM) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        instant: datetime = value
        return instant.astimezone(UTC)


_Json = JSON(none_as_null=True)  # Postgres: json, not jsonb, which would reorder the keys of frozen content

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

schedules = Table(
    "schedules",
    metadata,
    # The database counts, and never gives the number of a deleted schedule again: its log is still asked for by it.
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("recurrence", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("paused_until", Date),
    Column("reason", Text, nullable=False),
    Column("misfire", Text, nullable=False),
    Column("window_s", Integer, nullable=False),
    Column("wait_s", Integer, nullable=False),
    Column("least_coverage", Float, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("active_since", Instant),
    Column("told_at", Instant),
    Column("version", Integer, nullable=False),
    UniqueConstraint("id"),
    sqlite_autoincrement=True,
)

recipients = Table(
    "recipients",
    metadata,
    Column("schedule_id", Text, ForeignKey(schedules.c.id, ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("slack_id", Text, nullable=False),
    Column("slice", Text, nullable=False),
)

fires = Table(
    "fires",
    metadata,
    Column("key", Text, primary_key=True),
    Column("schedule_id", Text, nullable=False),  # no foreign key: the log outlives the schedule
    Column("destination_kind", Text, nullable=False),
    Column("destination_id", Text, nullable=False),
    Column("destination_slice", Text, nullable=False),
    Column("fire_at", Instant, nullable=False),
    Column("local_date", Date, nullable=False),
    Column("local_time", Time, nullable=False),
    Column("kind", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner", Text),
    Column("attempt", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("not_before", Instant),
    Column("first_sent_at", Instant),
    Column("channel", Text),
    Column("ts", Text),
    Column("error", Text),
    Column("reason", Text),
    Column("content", _Json),
    Column("late", Boolean, nullable=False),
    Column("incomplete", Boolean, nullable=False),
    Column("sweep_at", Instant),
    Column("sweeps", Integer, nullable=False),
    Column("taken_back", Integer, nullable=False),
    Column("changed_at", Instant),
    Index(None, "state", "fire_at"),
    Index(None, "schedule_id", "fire_at"),
    Index(None, "sweep_at"),
)

beats = Table(
    "beats",
    metadata,
    Column("process", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)

taken_keys = Table(
    "taken_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("token", Text, nullable=False),  # of the hand-in that took it: tells a repeated statement from a repeat
    Column("keep_until", Instant, nullable=False),
    Index(None, "keep_until"),
)

commands = Table(
    "commands",
    metadata,
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("requester_id", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("accepted_at", Instant, nullable=False),
    Column("answer_by", Instant, nullable=False),
    Column("owner", Text),
    Column("attempt", Integer, nullable=False),
    Column("lease_until", Instant),
    Index(None, "accepted_at"),
)

archive_days = Table(
    "archive_days",
    metadata,
    Column("organisation_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),  # of UTC, on which the conversations began
    Column("fetched_at", Instant, nullable=False),
    Column("conversations", Integer, nullable=False),
    Column("running", Boolean, nullable=False),
    Column("codec", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index(None, "day"),
)

archive_half_hours = Table(
    "archive_half_hours",
    metadata,
    Column("organisation_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),  # of UTC
    Column("side", Text, primary_key=True),  # posted or status
    Column("fetched_at", Instant, nullable=False),
    Column("codec", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index(None, "day"),
)

chores = Table(
    "chores",
    metadata,
    Column("name", Text, primary_key=True),
    Column("done", Text, nullable=False),  # what of it was done last; later turns sort after it
    Column("owner", Text),
    Column("attempt", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("not_before", Instant),
)

# Of people: each row is one person's own, by her Slack id.
choices = Table(
    "choices",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("words", JSON, nullable=False),  # setting → what one types for it
    Column("changed_at", Instant, nullable=False),
)

saved_questions = Table(
    "saved_questions",
    metadata,
    Column("owner_id", Text, primary_key=True),  # of a person or of a channel
    Column("name_key", Text, primary_key=True),  # the name as names are compared
    Column("name", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("for_channel", Boolean, nullable=False),
    Column("saved_by", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
)

links = Table(
    "links",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("agent_id", Text),  # none: she is nobody's agent, although an address may be the same
    Column("linked_by", Text, nullable=False),
    Column("linked_at", Instant, nullable=False),
)

asked_questions = Table(
    "asked_questions",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("text_key", Text, primary_key=True),  # a digest: Postgres indexes no text as long as a question may be
    Column("text", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Index(None, "asked_at"),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("question_key", Text, primary_key=True),
    Column("known_at", Instant, nullable=False),
    Column("keep_until", Instant, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index(None, "keep_until"),
)

# Looks at people's figures. The same group of agents is looked at again and again, so it is written once.
look_groups = Table(
    "look_groups",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
)

look_agents = Table(
    "look_agents",
    metadata,
    Column("digest", Text, ForeignKey(look_groups.c.digest, ondelete="CASCADE"), primary_key=True),
    Column("agent_id", Text, primary_key=True),
    Index(None, "agent_id"),
)

looks = Table(
    "looks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", Text, nullable=False),
    Column("digest", Text, ForeignKey(look_groups.c.digest), nullable=False),
    Column("kind", Text, nullable=False),
    Column("door", Text, nullable=False),
    Column("channel", Text),  # where everybody there could read it
    Column("starts_at", Instant),
    Column("ends_at", Instant),
    Index(None, "at"),
    Index(None, "who", "at"),
    Index(None, "digest", "at"),
)
