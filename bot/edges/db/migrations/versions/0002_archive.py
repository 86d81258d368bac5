"""Conversations of days that are over, and what several processes do once between them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.edges.db.tables import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the archive's tables."""
    op.create_table(
        "archive_days",
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("fetched_at", Instant(), nullable=False),
        sa.Column("conversations", sa.Integer(), nullable=False),
        sa.Column("running", sa.Boolean(), nullable=False),
        sa.Column("codec", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "day", name=op.f("pk_archive_days")),
    )
    op.create_index(op.f("ix_archive_days_day"), "archive_days", ["day"])
    op.create_table(
        "chores",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("done", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease_until", Instant()),
        sa.Column("not_before", Instant()),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chores")),
    )
