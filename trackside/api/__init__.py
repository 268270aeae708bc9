"""The unit's door, served.

Here is no rule of the race."""
