"""The unit: its config, its neighbours, its programs put together.

Here is no rule of its own."""
