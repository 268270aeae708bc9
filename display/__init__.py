"""The display node: its config, its programs put together.

Here is no rule of the race."""
