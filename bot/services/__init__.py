"""Use cases: each takes values and ports, and gives values back."""
