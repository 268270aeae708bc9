"""Who takes part: competitors and officials, each field by its last word; who is alike, and who is one
person.

Erasing a person takes the name out of all that is derived here; it cannot be withdrawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pitboard.race.bodies.body import Transponder
from pitboard.race.bodies.people_bodies import (
    CompetitorChanged,
    CompetitorJudged,
    CompetitorRegistered,
    CompetitorsJoined,
    Disqualification,
    OfficialAppointed,
)
from pitboard.race.names import clean_name, fold_name
from pitboard.race.words.word import LastWord, Statement, Statements

ERASED_NAME = "Erased"
_REGISTRATIONS = (CompetitorRegistered, CompetitorChanged)
_FIELDS = ("name", "number", "race_class", "transponders", "team", "flag")


@dataclass(frozen=True, slots=True, kw_only=True)
class Competitor:
    """`name` is empty while no registration has arrived; `joined_into` is who this person is as well."""

    competitor_id: str
    name: str = ""
    number: str = ""
    race_class: str = ""
    transponders: tuple[Transponder, ...] = ()
    team: str = ""
    flag: str = ""
    disqualification: Disqualification | None = None
    joined_into: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Official:
    official_id: str
    name: str
    pin: str = ""
    pin_box: str = ""
    pin_keys: Mapping[str, str] = field(default_factory=dict)


class Roll:
    """Derives people from what stands of what was said about them."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self.competitors: dict[str, Competitor] = {}
        self._joined_to: dict[str, set[str]] = {}  # competitor -> those said to be this person as well
        self.erased: set[str] = set()
        self._officials: set[str] = set()  # who ever was appointed, as far as records tell
        self.changes: list[str] = []
        """Whom something was said about, in the order in which it came; an index follows it."""

    def look_again(self, competitor_id: str) -> set[str]:
        """Derive a competitor anew; return whose entries may be others now."""
        self.changes.append(competitor_id)
        # Who was joined into this one goes with it, wherever it goes.
        touched = {*self._joined_into(competitor_id), self.now(competitor_id) or competitor_id}
        heard = self._statements.in_force(("competitor", competitor_id))
        former = self.competitors.get(competitor_id)
        if former is not None and former.joined_into is not None:
            self._joined_to[former.joined_into].discard(competitor_id)
        if heard or (competitor_id in self.erased and competitor_id not in self._officials):
            self.competitors[competitor_id] = _competitor(
                competitor_id, heard, is_erased=competitor_id in self.erased
            )
            joined_into = self.competitors[competitor_id].joined_into
            if joined_into is not None:
                self._joined_to.setdefault(joined_into, set()).add(competitor_id)
        else:
            self.competitors.pop(competitor_id, None)
        return touched | {self.now(competitor_id) or competitor_id}

    def erase(self, person_id: str) -> None:
        """Forget the name for good; a competitor stays known by it even where no registration arrived."""
        self.erased.add(person_id)
        self.look_again(person_id)

    def take_for_official(self, person_id: str) -> set[str]:
        """Note that the person was appointed once; return whose entries may be others now.

        Where nothing but an erasure speaks of an official, there is no competitor behind it.
        """
        if person_id in self._officials:
            return set()
        self._officials.add(person_id)
        return self.look_again(person_id) if person_id in self.erased else set()

    def now(self, competitor_id: str | None) -> str | None:
        """Return who the competitor is now, joins followed; in a circle of joins the one asked for."""
        seen: set[str] = set()
        one = competitor_id
        while one is not None and one not in seen:
            seen.add(one)
            known = self.competitors.get(one)
            if known is None or known.joined_into is None:
                return one
            one = known.joined_into
        return competitor_id

    def same_person(self, competitor_id: str) -> list[str]:
        """Return all ids that are this competitor now, in order."""
        found = self._joined_into(competitor_id)
        return sorted(one for one in found if one in self.competitors and self.now(one) == competitor_id)

    def _joined_into(self, competitor_id: str) -> set[str]:
        """Return this id and all that were joined into it, or into one of those."""
        found, to_look_at = {competitor_id}, [competitor_id]
        while to_look_at:
            fresh = self._joined_to.get(to_look_at.pop(), set()) - found
            found |= fresh
            to_look_at += fresh
        return found

    def name_of(self, competitor_id: str) -> str:
        """Return the display name, or a stand-in while none has arrived or once it was erased."""
        one = self.now(competitor_id) or competitor_id
        if one in self.erased:
            return ERASED_NAME
        known = self.competitors.get(one)
        return (known.name if known is not None else "") or f"#{one[:6]}"

    def is_disqualified(self, competitor_id: str) -> bool:
        return any(
            self.competitors[one].disqualification == "disqualified"
            for one in self.same_person(competitor_id)
        )

    def entered(self) -> Iterator[Competitor]:
        """Yield everybody once, in the order in which they became known here."""
        for one in self.competitors.values():
            if self.now(one.competitor_id) == one.competitor_id:
                yield one

    def officials(self) -> list[Official]:
        """Return who may act as an official now, by id."""
        found = []
        for subject in sorted(self._statements.subjects("official")):
            heard = self._statements.in_force(subject)
            last = heard[-1].body if heard else None
            if isinstance(last, OfficialAppointed):
                found.append(
                    Official(
                        official_id=last.official_id,
                        name=self._official_name(last),
                        pin=last.pin,
                        pin_box=last.pin_box,
                        pin_keys=last.pin_keys,
                    )
                )
        return found

    def official_name(self, official_id: str) -> str | None:
        """Return the name of whoever acted under this id, dismissed or not; None if nobody was appointed."""
        heard = self._statements.in_force(("official", official_id))
        last = next((one.body for one in reversed(heard) if isinstance(one.body, OfficialAppointed)), None)
        return None if last is None else self._official_name(last)

    def _official_name(self, appointed: OfficialAppointed) -> str:
        return ERASED_NAME if appointed.official_id in self.erased else clean_name(appointed.name)


def _competitor(competitor_id: str, heard: Sequence[Statement], *, is_erased: bool) -> Competitor:
    fields: dict[str, LastWord[object]] = {}
    disqualification: LastWord[Disqualification] = LastWord()
    joined: LastWord[str] = LastWord()
    for one in heard:
        body = one.body
        if isinstance(body, _REGISTRATIONS):
            for name in _FIELDS:
                value = getattr(body, name)
                is_said = value is not None if isinstance(body, CompetitorChanged) else bool(value)
                if is_said:
                    fields.setdefault(name, LastWord()).say(value, one.word)
        elif isinstance(body, CompetitorJudged):
            disqualification.say(body.disqualification, one.word)
        elif isinstance(body, CompetitorsJoined) and body.into_id != competitor_id:
            joined.say(body.into_id, one.word)
    said = {name: field.value for name, field in fields.items() if field.value is not None}
    name = clean_name(str(said.pop("name", "")))
    if is_erased:
        name, said = "", {key: value for key, value in said.items() if key not in ("team", "flag")}
    return Competitor(
        competitor_id=competitor_id,
        name=name,
        disqualification=disqualification.value,
        joined_into=joined.value,
        **said,  # type: ignore[arg-type]
    )


Likeness = Literal["name", "number", "transponder"]


def alike(competitors: Iterable[Competitor]) -> list[tuple[Likeness, str, str]]:
    """Return (in what, one id, the other's) of every two that may be one person, or carry the same thing.

    Names are compared without case and accents; a number only within a class.
    """
    seen: dict[tuple[Likeness, object], str] = {}
    found: list[tuple[Likeness, str, str]] = []
    for one in competitors:
        marks: list[tuple[Likeness, object]] = []
        if folded := fold_name(one.name):
            marks.append(("name", folded))
        if one.number:
            marks.append(("number", (one.race_class, one.number)))
        marks += [("transponder", transponder) for transponder in dict.fromkeys(one.transponders)]
        for mark in marks:
            other = seen.setdefault(mark, one.competitor_id)
            if other != one.competitor_id:
                found.append((mark[0], other, one.competitor_id))
    return found
