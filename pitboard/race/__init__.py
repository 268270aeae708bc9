"""The rules of a race, pure: `race_state.py` holds its steps together, a room for each, and people's names.

Here is no clock, no I/O, no signing."""
