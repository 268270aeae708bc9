"""Doors and sessions: HTTP, TLS, limits, sockets.

Here is nothing that knows what is said through them."""
