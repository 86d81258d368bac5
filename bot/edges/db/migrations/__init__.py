"""Alembic's scripts: one file a step, applied in order by `bot.edges.db.migrate`."""
