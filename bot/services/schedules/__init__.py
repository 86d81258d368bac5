"""Schedules as people use them.

service      orders carried out       admission    what may be scheduled, and for which readers
transfer     all schedules as a file
"""

from bot.services.schedules.admission import Place, ScheduleSettings
from bot.services.schedules.service import SchedulesService, upcoming

__all__ = ["Place", "ScheduleSettings", "SchedulesService", "upcoming"]
