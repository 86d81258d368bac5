"""Text → Query and back: words, ranges, people; help and "did you mean" from the same data.

words        the phrases as data
text         typed text made even; Slack's wire form taken off
scanner      a place in the text
when         words of time, read          ranges   … and resolved on a day, in a zone
who          people, teams, queues        how      cut, order, thresholds
places       `in new york`
parser       all phrases together         formatting   the way back
topics       help, the README's table, completion
suggestions  which known word was meant
"""

from bot.core.grammar.context import GrammarContext
from bot.core.grammar.formatting import format_query
from bot.core.grammar.parser import parse
from bot.core.grammar.text import from_slack
from bot.core.grammar.topics import complete, help_text, readme_table

__all__ = ["GrammarContext", "complete", "format_query", "from_slack", "help_text", "parse", "readme_table"]
