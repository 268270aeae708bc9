"""The rules of a race, pure: words said, attribution, laps, board.

Here is no clock, no I/O, no signing."""
