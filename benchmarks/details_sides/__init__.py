"""What `benchmarks.details` runs, each in a process of its own: the server, and those who ask it."""
