"""Whom to follow, how old it is, being found.

Here are no pixels."""
