"""What is kept of people: their choices, questions and links, what their answers said, and who looked at whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.edges.db.tables import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables about people."""
    op.create_table(
        "choices",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_choices")),
    )
    op.create_table(
        "saved_questions",
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("for_channel", sa.Boolean(), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "name_key", name=op.f("pk_saved_questions")),
    )
    op.create_table(
        "links",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text()),
        sa.Column("linked_by", sa.Text(), nullable=False),
        sa.Column("linked_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_links")),
    )
    op.create_table(
        "asked_questions",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("text_key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "text_key", name=op.f("pk_asked_questions")),
    )
    op.create_index(op.f("ix_asked_questions_asked_at"), "asked_questions", ["asked_at"])
    op.create_table(
        "snapshots",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("question_key", sa.Text(), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("keep_until", Instant(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "question_key", name=op.f("pk_snapshots")),
    )
    op.create_index(op.f("ix_snapshots_keep_until"), "snapshots", ["keep_until"])
    op.create_table(
        "look_groups",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_look_groups")),
    )
    op.create_table(
        "look_agents",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest"], ["look_groups.digest"], name=op.f("fk_look_agents_digest_look_groups"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", "agent_id", name=op.f("pk_look_agents")),
    )
    op.create_index(op.f("ix_look_agents_agent_id"), "look_agents", ["agent_id"])
    op.create_table(
        "looks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("starts_at", Instant()),
        sa.Column("ends_at", Instant()),
        sa.ForeignKeyConstraint(["digest"], ["look_groups.digest"], name=op.f("fk_looks_digest_look_groups")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_looks")),
    )
    op.create_index(op.f("ix_looks_at"), "looks", ["at"])
    op.create_index(op.f("ix_looks_who_at"), "looks", ["who", "at"])
    op.create_index(op.f("ix_looks_digest_at"), "looks", ["digest", "at"])
