"""An answer → Slack blocks, plain text, JSON and CSV. Pure: the same answer is drawn the same way behind any door."""
