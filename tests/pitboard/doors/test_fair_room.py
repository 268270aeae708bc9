"""Whoever holds most makes room, first with what has been idle longest."""

from __future__ import annotations

from pitboard.doors.fair_room import FairRoom, Place


class Guests:
    def __init__(self, room: FairRoom) -> None:
        self.room = room
        self.cut: list[str] = []

    def enter(self, source: str, name: str, amount: int = 1) -> Place | None:
        return self.room.enter(source, lambda: self.cut.append(name), amount=amount)


def test_one_who_takes_all_makes_room_for_a_newcomer() -> None:
    guests = Guests(FairRoom(4))
    for name in ("a1", "a2", "a3", "a4"):
        guests.enter("a", name)
    assert guests.enter("b", "b1") is not None
    assert guests.cut == ["a1"]
    guests.enter("a", "a5")
    assert guests.cut == ["a1", "a2"], "who wants more than there is loses of his own"
    assert guests.room.amount == 4


def test_among_equals_the_longest_idle_goes_and_nobody_takes_a_second_place_from_one_with_one() -> None:
    guests = Guests(FairRoom(3))
    places = {name: guests.enter(name, name) for name in ("a", "b", "c")}
    first = places["a"]
    assert first is not None
    guests.room.renew(first)
    guests.enter("d", "d")
    assert guests.cut == ["b"]
    guests.enter("d", "d2")
    assert guests.cut == ["b", "d"]


def test_what_is_at_work_is_never_cut() -> None:
    guests = Guests(FairRoom(2))
    places = [guests.enter("a", name) for name in ("a1", "a2")]
    for place in places:
        assert place is not None
        guests.room.pin(place)
    assert guests.enter("b", "b") is None
    assert places[1] is not None
    guests.room.renew(places[1])
    assert guests.enter("b", "b") is not None
    assert guests.cut == ["a2"]


def test_large_amounts_push_out_as_many_as_they_need_and_what_is_too_large_nobody() -> None:
    guests = Guests(FairRoom(10))
    for name in ("a1", "a2", "a3"):
        guests.enter("a", name, 3)
    guests.enter("b", "b", 4)
    assert guests.cut == ["a1"]
    assert guests.enter("c", "c", 11) is None
    assert guests.cut[0] == "a1"


def test_a_room_may_keep_a_sources_own_places() -> None:
    guests = Guests(FairRoom(2, cuts_own=False))
    guests.enter("a", "a1")
    guests.enter("a", "a2")
    assert guests.enter("a", "a3") is None
    assert guests.enter("b", "b1") is not None
    assert guests.cut == ["a1"]


def test_a_place_given_back_twice_counts_once() -> None:
    room = FairRoom(2)
    place = room.enter("a", lambda: None)
    assert place is not None
    room.leave(place)
    room.leave(place)
    assert (room.amount, room.share("a")) == (0, 0)
