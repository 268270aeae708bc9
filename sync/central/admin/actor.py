"""Who asks at one of the admin's doors, and where: stands in each act as `by` and `where`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import NamedTuple


class Actor(NamedTuple):
    by: str
    where: str


TERMINAL = Actor("admin", "terminal")
"""Who may open the admin's Unix socket: central's own user, whose name no record needs."""
_actor: ContextVar[Actor] = ContextVar("actor", default=TERMINAL)


@contextlib.contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Let what is done within be done by somebody who signed in."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def the_actor() -> Actor:
    """Return who signed in for this call, or the terminal."""
    return _actor.get()
