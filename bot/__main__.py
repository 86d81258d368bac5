"""Starts the bot: `python -m bot`; see `bot.cli` for the commands and `bot.wiring` for what is built."""

from bot.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
