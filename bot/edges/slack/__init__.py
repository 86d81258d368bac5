"""The bot in Slack: listeners by kind, who asks, who reads, and how an answer gets there.

commands, events, actions, options    one kind of delivery each: unpack, one call of the desk, hand back
desk                                  a question as it comes in: taken, refused, or answered by the ack
answering                             the jobs behind it: one answer, or one reason why not
drawing, files                        an answer as one place shows it; what is uploaded with it
reply                                 the way back to one person: response_url, channel, direct message
people, channels                      what Slack knows about who asks and who reads, cached
api                                   the one place that calls Slack
"""

from bot.edges.slack.app import Slack, build_app, build_people, build_slack
from bot.edges.slack.config import SlackSettings

__all__ = ["Slack", "SlackSettings", "build_app", "build_people", "build_slack"]
