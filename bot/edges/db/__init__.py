"""What outlives a restart: schedules, the outbox of their posts, accepted commands; SQLite or Postgres, one code."""
