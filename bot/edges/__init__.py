"""The thin outside: Slack, Genesys, the database, the web server."""
