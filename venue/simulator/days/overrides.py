"""Put something else in the place of a function or class attribute for the length of a block."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

Override = tuple[Any, str, Any]
"""(module or class, name of the attribute, what stands there instead)"""


@contextlib.contextmanager
def overridden(overrides: Sequence[Override]) -> Iterator[None]:
    """Apply the overrides in order and take them back at the end."""
    former = []
    for owner, name, replacement in overrides:
        former.append((owner, name, owner.__dict__[name]))
        setattr(owner, name, replacement)
    try:
        yield
    finally:
        for owner, name, original in reversed(former):
            setattr(owner, name, original)
