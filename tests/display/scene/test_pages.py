"""Pages that turn by themselves."""

from __future__ import annotations

from display.scene.pages import PAGE_TURN_NS, PAGE_TURN_OF_MANY_NS, Paging, entries_on, page_count, page_of

START = Paging(page=0, since_mono_ns=1_000)


def test_a_page_turns_when_its_time_is_over_and_comes_round_again() -> None:
    early = START.turned(now_mono_ns=1_000 + PAGE_TURN_NS - 1, page_count=2)
    assert early == START
    second = START.turned(now_mono_ns=1_000 + PAGE_TURN_NS, page_count=2)
    assert second == Paging(page=1, since_mono_ns=1_000 + PAGE_TURN_NS)
    assert second.turned(now_mono_ns=1_000 + 2 * PAGE_TURN_NS, page_count=2).page == 0


def test_many_pages_turn_faster() -> None:
    assert START.turned(now_mono_ns=1_000 + PAGE_TURN_OF_MANY_NS, page_count=29).page == 1


def test_a_board_that_shrank_starts_again_at_its_first_page() -> None:
    assert Paging(page=7, since_mono_ns=0).turned(now_mono_ns=5, page_count=2).page == 0


def test_one_page_never_turns() -> None:
    assert START.turned(now_mono_ns=10 * PAGE_TURN_NS, page_count=1) == START


def test_pages_share_out_all_entries_without_doubling() -> None:
    for entry_count in (0, 1, 10, 11, 17, 18, 200):
        pages = page_count(entry_count, 10)
        turning = [
            index
            for page in range(pages)
            for index in entries_on(page, entry_count=entry_count, row_count=10)
            if pages == 1 or index >= 3
        ]
        assert turning == list(range(0 if pages == 1 else 3, entry_count))


def test_the_page_of_an_entry_shows_it() -> None:
    for index in range(3, 200):
        page = page_of(index, entry_count=200, row_count=10)
        assert page is not None
        assert index in entries_on(page, entry_count=200, row_count=10)
    assert page_of(2, entry_count=200, row_count=10) is None
    assert page_of(9, entry_count=10, row_count=10) is None
