"""Brackets: who meets whom, before anybody has driven.

A stage is a list of heats and who takes part in each: a seed, or a place in another heat. The best seeds have
the byes and meet as late as can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias


class Seed(NamedTuple):
    """The driver who was so far up in the qualifying, 1 for the best."""

    rank: int


class Place(NamedTuple):
    """Whoever comes to this place in the heat, 1 for the winner."""

    heat: str
    place: int


Source: TypeAlias = Seed | Place


class Heat(NamedTuple):
    """A heat of a stage; `round` counts from 1."""

    heat: str
    round: int
    slots: tuple[Source, ...]


class Stage(NamedTuple):
    """Heats in the order in which they can be run, and whose places make the final order, best first."""

    heats: tuple[Heat, ...]
    podium: tuple[Source, ...]


def knockout(count: int, *, has_small_final: bool = True) -> Stage:
    """Return a single elimination of pairs; the best seeds have the byes and meet as late as can be."""
    heats, sources, round_number = [], _bracket_order(count), 0
    losers: list[Source] = []
    while len(sources) > 1:
        round_number += 1
        is_final = len(sources) == 2
        if is_final and has_small_final and len(losers) == 2:
            heats.append(Heat("small-final", round_number, tuple(losers)))
        names = (
            ["final"]
            if is_final
            else [f"r{round_number}-{number + 1}" for number in range(len(sources) // 2)]
        )
        heats += _pairs(names, round_number, sources)
        losers = [Place(name, 2) for name in names]
        sources = [Place(name, 1) for name in names]
    podium: list[Source] = [Place("final", 1), Place("final", 2)]
    if any(heat.heat == "small-final" for heat in heats):
        podium += [Place("small-final", 1), Place("small-final", 2)]
    return Stage(tuple(heats), tuple(podium))


def double_elimination(count: int) -> Stage:
    """Return a knock-out with a repechage: who lost twice is out.

    The winner of the repechage meets the one who never lost in the final, which is one heat.
    """
    heats: list[Heat] = []
    sources, rest = _bracket_order(count), list[Source]()
    round_number = 0
    while len(sources) > 1:
        round_number += 1
        names = [f"w{round_number}-{number + 1}" for number in range(len(sources) // 2)]
        heats += _pairs(names, 2 * round_number - 1, sources)
        fallen: list[Source] = [Place(name, 2) for name in names]
        sources = [Place(name, 1) for name in names]
        if not rest:
            rest = fallen
        else:
            # Turned round, so that two who met do not meet again at once.
            rest = _repechage(heats, f"x{round_number}", 2 * round_number, _mixed(rest, fallen[::-1]))
        if len(rest) > 1 and len(rest) > len(sources) // 2:
            rest = _repechage(heats, f"y{round_number}", 2 * round_number, rest)
    heats.append(Heat("final", 2 * round_number + 1, (sources[0], *rest[:1])))
    last = [heat.heat for heat in heats if heat.heat[0] in "xy"]
    third: list[Source] = [Place(last[-1], 2)] if last else []
    return Stage(tuple(heats), (Place("final", 1), Place("final", 2), *third))


def heat_knockout(count: int, *, heat_size: int, advance: int) -> Stage:
    """Return rounds of heats of `heat_size` of which the first `advance` go on, until one heat is left."""
    heats: list[Heat] = []
    sources: list[Source] = [Seed(rank) for rank in range(1, count + 1)]
    round_number = 0
    while len(sources) > heat_size:
        round_number += 1
        number = -(-len(sources) // heat_size)
        slots = _snake(sources, number)
        names = [f"r{round_number}-{index + 1}" for index in range(number)]
        heats += [Heat(name, round_number, tuple(group)) for name, group in zip(names, slots, strict=True)]
        going_on = min(advance, (len(sources) - 1) // number)  # fewer than came, or it would never end
        sources = [Place(name, place) for place in range(1, going_on + 1) for name in names]
    heats.append(Heat("final", round_number + 1, tuple(sources)))
    return Stage(tuple(heats), tuple(Place("final", place) for place in range(1, len(sources) + 1)))


def ladder(count: int, *, heat_size: int, bump: int) -> Stage:
    """Return mains from the last to the A main; the first `bump` of each move up into the next one."""
    bump = min(bump, heat_size - 1)
    own = heat_size - bump
    cuts = [(0, count)]
    if count > heat_size:
        cuts = [(start, min(start + own, count)) for start in range(0, count, own)]
        if len(cuts) > 1 and cuts[-1][1] - cuts[-1][0] <= bump:
            cuts[-2:] = [(cuts[-2][0], count)]
    heats: list[Heat] = []
    podium: list[Source] = []
    for letter_index in range(len(cuts) - 1, -1, -1):
        start, end = cuts[letter_index]
        below = heats[-1].heat if heats else None
        slots: list[Source] = [Seed(rank) for rank in range(start + 1, end + 1)]
        if below is not None:
            slots += [Place(below, place) for place in range(1, bump + 1)]
        name = _main_name(letter_index)
        heats.append(Heat(name, len(cuts) - letter_index, tuple(slots)))
        first_that_stays = 1 if letter_index == 0 else bump + 1
        podium[:0] = [Place(name, place) for place in range(first_that_stays, len(slots) + 1)]
    return Stage(tuple(heats), tuple(podium))


def _bracket_order(count: int) -> list[Source]:
    """Return seeds such that neighbours meet first and 1 and 2 last; ranks above `count` are byes."""
    ranks = [1]
    while len(ranks) < count:
        total = 2 * len(ranks) + 1
        ranks = [one for rank in ranks for one in (rank, total - rank)]
    return [Seed(rank) for rank in ranks]


def _pairs(names: Sequence[str], round_number: int, sources: Sequence[Source]) -> list[Heat]:
    return [
        Heat(name, round_number, (sources[2 * index], sources[2 * index + 1]))
        for index, name in enumerate(names)
    ]


def _mixed(rest: Sequence[Source], fallen: Sequence[Source]) -> list[Source]:
    return [source for pair in zip(rest, fallen, strict=True) for source in pair]


def _repechage(heats: list[Heat], name: str, round_number: int, sources: Sequence[Source]) -> list[Source]:
    names = [f"{name}-{number + 1}" for number in range(len(sources) // 2)]
    heats += _pairs(names, round_number, sources)
    return [Place(one, 1) for one in names]


def _snake(sources: Sequence[Source], groups: int) -> list[list[Source]]:
    """Deal the sources out like cards, forth and back, so that the groups are alike."""
    dealt: list[list[Source]] = [[] for _ in range(groups)]
    for index, source in enumerate(sources):
        turn, position = divmod(index, groups)
        dealt[position if turn % 2 == 0 else groups - 1 - position].append(source)
    return dealt


def _main_name(index: int) -> str:
    return f"{chr(ord('A') + index)} main" if index < 26 else f"main {index + 1}"
