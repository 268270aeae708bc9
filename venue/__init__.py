"""Whole venues; on top, may import all.

Here is nothing that a real node needs."""
