"""The bot without credentials: a fake Slack, messages drawn in a terminal, and the two put together.

    python -m bot.demo        shows `/utilization yesterday` and one agent's half-hours, then ends
    python -m bot.demo try    keeps a prompt

`bot.demo.fake_slack` also serves the tests and the benchmarks.
"""
