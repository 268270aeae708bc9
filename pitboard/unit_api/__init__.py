"""A unit's own door, once: its calls as values and one client.

Here is no journal; nothing that serves the calls."""
