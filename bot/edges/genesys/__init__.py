"""The ports `ActivitySource` and `DirectorySource` over `genesys_client`: its records in, the core's values out.

activity      durations        directory    people, teams, queues; the organisation
translation   its errors → ours
"""

from bot.edges.genesys.activity import GenesysActivity
from bot.edges.genesys.directory import GenesysDirectory, GenesysOrganization
from bot.edges.genesys.translation import translate

__all__ = ["GenesysActivity", "GenesysDirectory", "GenesysOrganization", "translate"]
