"""Values in, values out: no clock, network, environment or Slack type in here."""
