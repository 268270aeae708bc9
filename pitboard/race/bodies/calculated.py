"""The mark of a time that no system of the line measured: calculated from which passing, and how sure.

After FIS, International Ski Competition Rules, article 611.3.4: such a time says so wherever it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta


class Calculated(msgspec.Struct, frozen=True, kw_only=True):
    """A passing that the first system missed, worked out from what `from_system` saw.

    `correction_ns` was taken from that stamp: the mean difference of so many pairs before it and after it.
    Fewer than ten pairs are fewer than the book asks for.
    """

    from_passing_id: str
    from_system: str
    correction_ns: int
    before_count: Annotated[int, Meta(ge=0)]
    after_count: Annotated[int, Meta(ge=0)]
    uncertainty_ns: int


SIGN = "≈"
"""Before a time that was calculated."""


def sure_ms(mark: Calculated) -> int:
    """Return how sure the time is, in whole milliseconds and never less than it is."""
    return -(-mark.uncertainty_ns // 1_000_000)


def mark_text(mark: Calculated) -> str:
    """Return the mark as a table has it, with the passing and the pairs behind it."""
    return (
        f"from {mark.from_system}, +-{sure_ms(mark)} ms, by {mark.before_count} pairs before and "
        f"{mark.after_count} after ({mark.from_passing_id})"
    )


def short_text(marks: Iterable[Calculated]) -> str:
    """Return the least sure of the marks in a few words, nothing where all was measured."""
    least_sure = max(marks, key=lambda mark: mark.uncertainty_ns, default=None)
    if least_sure is None:
        return ""
    return f"calculated from {least_sure.from_system}, ±{sure_ms(least_sure)} ms"
