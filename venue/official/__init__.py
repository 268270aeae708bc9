"""A scripted official: eyes and a finger on the real touchscreen.

Here is no rule that the touchscreen has."""
