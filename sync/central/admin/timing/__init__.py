"""Timing at the desk: what a timekeeper types becomes records of a unit that has no hardware.

Here is no rule of the race, and no contact in the clear."""
