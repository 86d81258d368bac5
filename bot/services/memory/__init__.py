"""What the bot remembers of people, and the commands about it."""

from __future__ import annotations

from bot.services.memory.keeping import Keeper
from bot.services.memory.linking import Linker
from bot.services.memory.service import KeptPeople, MemoryService

__all__ = ["Keeper", "KeptPeople", "Linker", "MemoryService"]
