"""Passings at one track: by which clock, which are one, and whose they are.

No laps, and nothing of what a run is worth."""
