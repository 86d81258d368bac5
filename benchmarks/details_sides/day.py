"""The day that everybody asks for; without an import, since the sides' own are measured."""

START_MS = 1_773_100_800_000
INTERVAL = "2026-03-10T00:00:00.000Z/2026-03-11T00:00:00.000Z"
