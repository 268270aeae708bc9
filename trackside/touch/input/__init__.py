"""Fingers, keys, the control socket, and what a tap changes.

Here are no pixels."""
