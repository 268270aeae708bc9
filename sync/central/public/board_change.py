"""What changed between two live boards, so small that fifty thousand phones may have it each second.

A change is a merge patch as RFC 7396 has it: a key with null is gone, an object is merged, all else replaces.
Only a list of things with ids is told apart further: `{"gone": [ID…], "set": [[PLACE, PATCH]…]}` says whom to
take out, and then, in this order, at which place each one of `set` stands with what of it is new."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, TypeAlias, TypeGuard

Form: TypeAlias = dict[str, Any]
"""JSON without null, so that null can say that a key is gone."""
ID = "id"


def change_between(old: Form, new: Form) -> Form:
    """Return what makes `new` of `old`; empty where they are equal."""
    change: Form = {key: None for key in old if key not in new}
    for key, value in new.items():
        former = old.get(key)
        if former is value or former == value:
            continue
        if isinstance(former, dict) and isinstance(value, dict):
            change[key] = change_between(former, value)
        elif _has_ids(former) and _has_ids(value):
            change[key] = _list_change(former, value)
        else:
            change[key] = value
    return change


def changed(old: Form, change: Form) -> Form:
    """Return what the change makes of `old`, which stays as it is."""
    new = dict(old)
    for key, value in change.items():
        if value is None:
            new.pop(key, None)
        elif isinstance(value, dict) and isinstance(former := old.get(key, {}), dict):
            new[key] = changed(former, value)
        elif isinstance(value, dict):
            new[key] = _changed_list(former, value)
        else:
            new[key] = value
    return new


def _has_ids(value: object) -> TypeGuard[list[Form]]:
    """An empty list may be one of things with ids: as such it costs no more."""
    return isinstance(value, list) and all(isinstance(one, dict) and ID in one for one in value)


def _list_change(old: list[Form], new: list[Form]) -> Form:
    former = {one[ID]: (place, one) for place, one in enumerate(old)}
    stays = _in_order([former[one[ID]][0] if one[ID] in former else None for one in new])
    told: list[tuple[int, Form]] = []
    for place, one in enumerate(new):
        known = former.get(one[ID])
        if known is None:
            told.append((place, one))
            continue
        if place in stays and (known[1] is one or known[1] == one):
            continue
        told.append((place, {ID: one[ID], **change_between(known[1], one)}))
    ids = {one[ID] for one in new}
    gone = [one[ID] for one in old if one[ID] not in ids]
    return ({"gone": gone} if gone else {}) | ({"set": [list(one) for one in told]} if told else {})


def _in_order(places: list[int | None]) -> set[int]:
    """Return where in the new list those stand that keep their order: as many as can, the rest is moved."""
    tails: list[int] = []  # the least place that a row of so many can end with
    ends: list[int] = []  # and where in the new list it ends
    before: dict[int, int | None] = {}
    for at, place in enumerate(places):
        if place is None:
            continue
        length = bisect_left(tails, place)
        before[at] = ends[length - 1] if length else None
        tails[length : length + 1] = [place]
        ends[length : length + 1] = [at]
    stays: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        stays.add(last)
        last = before[last]
    return stays


def _changed_list(old: list[Form], change: Form) -> list[Form]:
    told = change.get("set", [])
    moved = {patch[ID] for _, patch in told}
    gone = set(change.get("gone", ()))
    former = {one[ID]: one for one in old}
    new = [one for one in old if one[ID] not in gone and one[ID] not in moved]
    for place, patch in told:
        new.insert(place, changed(former.get(patch[ID], {}), patch))
    return new
