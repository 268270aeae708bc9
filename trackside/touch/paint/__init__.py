"""Widgets as pixels.

Here is nothing that decides what is shown."""
