"""Schedules, what they owe, heartbeats, and accepted commands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.edges.db.tables import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "schedules",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("recurrence", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("paused_until", sa.Date()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("misfire", sa.Text(), nullable=False),
        sa.Column("window_s", sa.Integer(), nullable=False),
        sa.Column("wait_s", sa.Integer(), nullable=False),
        sa.Column("least_coverage", sa.Float(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("active_since", Instant()),
        sa.Column("told_at", Instant()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_schedules")),
        sa.UniqueConstraint("id", name=op.f("uq_schedules_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "recipients",
        sa.Column("schedule_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slack_id", sa.Text(), nullable=False),
        sa.Column("slice", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedules.id"], name=op.f("fk_recipients_schedule_id_schedules"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("schedule_id", "position", name=op.f("pk_recipients")),
    )
    op.create_table(
        "fires",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("schedule_id", sa.Text(), nullable=False),
        sa.Column("destination_kind", sa.Text(), nullable=False),
        sa.Column("destination_id", sa.Text(), nullable=False),
        sa.Column("destination_slice", sa.Text(), nullable=False),
        sa.Column("fire_at", Instant(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("local_time", sa.Time(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease_until", Instant()),
        sa.Column("not_before", Instant()),
        sa.Column("first_sent_at", Instant()),
        sa.Column("channel", sa.Text()),
        sa.Column("ts", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("content", sa.JSON(none_as_null=True)),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("incomplete", sa.Boolean(), nullable=False),
        sa.Column("sweep_at", Instant()),
        sa.Column("sweeps", sa.Integer(), nullable=False),
        sa.Column("taken_back", sa.Integer(), nullable=False),
        sa.Column("changed_at", Instant()),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_fires")),
    )
    op.create_index(op.f("ix_fires_state_fire_at"), "fires", ["state", "fire_at"])
    op.create_index(op.f("ix_fires_schedule_id_fire_at"), "fires", ["schedule_id", "fire_at"])
    op.create_index(op.f("ix_fires_sweep_at"), "fires", ["sweep_at"])
    op.create_table(
        "beats",
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_beats")),
    )
    op.create_table(
        "taken_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("keep_until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_taken_keys")),
    )
    op.create_index(op.f("ix_taken_keys_keep_until"), "taken_keys", ["keep_until"])
    op.create_table(
        "commands",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("requester_id", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("accepted_at", Instant(), nullable=False),
        sa.Column("answer_by", Instant(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease_until", Instant()),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_commands")),
    )
    op.create_index(op.f("ix_commands_accepted_at"), "commands", ["accepted_at"])
