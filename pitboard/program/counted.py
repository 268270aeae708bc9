"""A count with its noun, as a person says it: `1 record`, `3 records`."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
