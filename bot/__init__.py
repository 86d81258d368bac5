"""Utilization Bot: how busy each agent was, asked in Slack, answered from Genesys Cloud."""
