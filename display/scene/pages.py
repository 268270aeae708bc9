"""Which entries a page shows: the top rows stay, the others turn by themselves.

A new result turns to its own page at once, so that it is never missed."""

from __future__ import annotations

from dataclasses import dataclass, replace

PINNED_COUNT = 3
PAGE_TURN_NS = 8_000_000_000
PAGE_TURN_OF_MANY_NS = 5_000_000_000
MANY_PAGES_COUNT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """The page being shown and since when."""

    page: int
    since_mono_ns: int

    def turned(self, *, now_mono_ns: int, page_count: int) -> Paging:
        """Return the paging for this moment, one page on where its time is over."""
        if self.page >= page_count:
            return Paging(page=0, since_mono_ns=now_mono_ns)
        if page_count == 1 or now_mono_ns < self.ends_mono_ns(page_count):
            return self
        return Paging(page=(self.page + 1) % page_count, since_mono_ns=now_mono_ns)

    def shown_at(self, page: int, *, now_mono_ns: int) -> Paging:
        """Return the paging that shows this page for its full time."""
        return replace(self, page=page, since_mono_ns=now_mono_ns)

    def ends_mono_ns(self, page_count: int) -> int:
        """Return when the next page is due; a board of many pages turns faster."""
        return self.since_mono_ns + (PAGE_TURN_NS if page_count <= MANY_PAGES_COUNT else PAGE_TURN_OF_MANY_NS)


def page_count(entry_count: int, row_count: int) -> int:
    """Return how many pages it takes to show every entry."""
    if entry_count <= row_count:
        return 1
    turning = max(1, row_count - PINNED_COUNT)
    return -(-(entry_count - PINNED_COUNT) // turning)


def entries_on(page: int, *, entry_count: int, row_count: int) -> list[int]:
    """Return the indices of the entries on a page from its first row down."""
    if entry_count <= row_count:
        return list(range(entry_count))
    turning = max(1, row_count - PINNED_COUNT)
    first = PINNED_COUNT + page * turning
    return [*range(PINNED_COUNT), *range(first, min(first + turning, entry_count))]


def page_of(index: int, *, entry_count: int, row_count: int) -> int | None:
    """Return the page that shows this entry; None for one that is on every page."""
    if entry_count <= row_count or index < PINNED_COUNT:
        return None
    return (index - PINNED_COUNT) // max(1, row_count - PINNED_COUNT)
