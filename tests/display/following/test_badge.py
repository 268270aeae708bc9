"""What the badge says, and when it says something else."""

from __future__ import annotations

import pytest

from display.following.badge import Badge, Contact, age_text, badge_changes_ns, badge_for

SECOND_NS = 1_000_000_000
LABEL_UTC_MS = 1_764_000_000_000
CONTACT = Contact(boot_id="this boot", mono_ns=100 * SECOND_NS, utc_ms=LABEL_UTC_MS)


def badge_after(age_s: float, *, trouble: str | None = None, has_followed: bool = True) -> Badge:
    return badge_for(
        CONTACT,
        boot_id="this boot",
        now_mono_ns=CONTACT.mono_ns + round(age_s * SECOND_NS),
        trouble=trouble,
        has_followed=has_followed,
    )


def test_a_board_is_live_for_four_seconds_after_an_answer() -> None:
    assert badge_after(3.9).sentence == "Live"
    assert not badge_after(4).is_live


def test_an_old_board_says_how_old_and_why() -> None:
    assert (
        badge_after(12.9, trouble="Track A does not answer").sentence == "12 s old: Track A does not answer"
    )
    assert badge_after(200, trouble="no network").sentence == "3 min old: no network"


def test_a_restarted_display_is_not_live_before_a_source_answers_it() -> None:
    assert badge_after(2, has_followed=False).sentence == "2 s old: looking for a timing unit"


def test_after_a_reboot_no_age_is_claimed() -> None:
    badge = badge_for(CONTACT, boot_id="next boot", now_mono_ns=5, trouble="no network", has_followed=False)
    assert not badge.is_live
    assert badge.headline.startswith("Board of 24 Nov, ")
    assert badge.reason == "from before the power went off, no network"


def test_a_label_of_a_clock_that_nobody_set_is_not_shown() -> None:
    unset = Contact(boot_id="earlier boot", mono_ns=5, utc_ms=3_600_000)
    badge = badge_for(unset, boot_id="this boot", now_mono_ns=5, trouble=None)
    assert badge.sentence == "Age unknown: from before the power went off, looking for a timing unit"


def test_a_new_display_says_what_it_looks_for() -> None:
    assert badge_for(None, boot_id="b", now_mono_ns=5, trouble=None).sentence == "Looking for a timing unit"
    assert (
        badge_for(None, boot_id="b", now_mono_ns=5, trouble="Track A does not answer").sentence
        == "Looking for a timing unit: Track A does not answer"
    )


def test_a_board_without_any_note_of_its_age_says_so() -> None:
    badge = badge_for(None, boot_id="b", now_mono_ns=5, trouble=None, has_board=True)
    assert badge.sentence == "Age unknown: looking for a timing unit"


def test_central_as_source_is_said() -> None:
    badge = badge_for(
        CONTACT, boot_id="this boot", now_mono_ns=CONTACT.mono_ns, trouble=None, follows_central=True
    )
    assert badge.sentence == "Live: from central"


@pytest.mark.parametrize("age_s", [0, 1, 3.9, 4, 4.5, 59.2, 60, 61, 3_599, 3_700])
def test_the_badge_changes_exactly_when_it_is_said_to(age_s: float) -> None:
    now_mono_ns = CONTACT.mono_ns + round(age_s * SECOND_NS)
    in_ns = badge_changes_ns(CONTACT, boot_id="this boot", now_mono_ns=now_mono_ns)
    assert in_ns is not None
    assert badge_after(age_s + (in_ns - 1) / SECOND_NS) == badge_after(age_s)
    assert badge_after(age_s + in_ns / SECOND_NS) != badge_after(age_s)


def test_ages_are_told_in_units_that_people_use() -> None:
    ages = [0, 59, 60, 3_599, 3_600, 7_500, 47 * 3_600, 72 * 3_600]
    assert [age_text(age * SECOND_NS) for age in ages] == [
        "0 s",
        "59 s",
        "1 min",
        "59 min",
        "1 h 0 min",
        "2 h 5 min",
        "47 h 0 min",
        "3 days",
    ]
