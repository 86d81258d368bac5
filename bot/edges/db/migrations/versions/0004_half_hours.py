"""The platform's aggregates of days that are over, by half-hours."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.edges.db.tables import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of half-hours."""
    op.create_table(
        "archive_half_hours",
        sa.Column("organisation_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("fetched_at", Instant(), nullable=False),
        sa.Column("codec", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "day", "side", name=op.f("pk_archive_half_hours")),
    )
    op.create_index(op.f("ix_archive_half_hours_day"), "archive_half_hours", ["day"])
