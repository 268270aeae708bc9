"""What central's config adds to the journal: the event, its rules, the units that may write, and the
displays that belong to it.

What a person changed afterwards stands until the file itself says something new: the file is heard when it
differs from what it said last."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import DisplayEnrolled, UnitEnrolled
from pitboard.race.bodies.body import Act, Body
from pitboard.race.bodies.event_bodies import ClassSet, EventConfigured, FormatSet, StageSet
from pitboard.race.bodies.formats import DEFAULT_FORMAT
from pitboard.race.words.subjects import subject_of
from pitboard.race.words.word import Authority, Subject
from sync.central.config import CentralConfig, EventConfig, UnitConfig

THE_FILE = "central.toml"
"""Where the acts of the config say they were done."""


def bodies_to_say(fold: Fold, config: CentralConfig) -> list[Body]:
    """Return the bodies that make the fold agree with the config, a format before whatever names it."""
    bodies: list[Body] = list(_rules_to_say(fold, config))
    event = _event(config)
    if fold.race.event_of_file.value != event:
        bodies.append(event)
    bodies += [UnitEnrolled(key=unit.key, name=unit.name) for unit in config.unit if _is_new(fold, unit)]
    revoked, known = fold.roster.revoked_displays(), fold.roster.displays()
    bodies += [
        DisplayEnrolled(key=one.key, name=one.name)
        for one in config.display
        if one.key not in revoked and known.get(one.key) != one.name
    ]
    return bodies


def _event(config: CentralConfig) -> EventConfigured:
    """Return the event; where it names a format the numbers are that format's."""
    event: EventConfig = config.event
    rules = config.format_named(event.format) if event.format else DEFAULT_FORMAT
    return EventConfigured(
        name=event.name,
        resolution_ns=event.resolution_ns or rules.resolution_ns,
        run_ms=event.run_ms or rules.run_ms or DEFAULT_FORMAT.run_ms,
        lap_min_ms=rules.lap_min_ms if event.lap_min_ms is None else event.lap_min_ms,
        format=event.format,
    )


def _rules_to_say(fold: Fold, config: CentralConfig) -> Iterator[Act]:
    wanted = {subject_of(act, ""): act for act in config.acts(config.event.format, where=THE_FILE)}
    for subject, act in wanted.items():
        if subject is not None and _said_by_file(fold, subject) != act:
            yield act
    gone = [
        subject
        for kind in ("stage", "class", "format")
        for subject in sorted(fold.race.statements.subjects(kind))
        if subject not in wanted
    ]
    for subject in gone:
        last = _last_said(fold, subject)
        if last is not None and last.where == THE_FILE and (farewell := _without(last)) != last:
            yield farewell


def _said_by_file(fold: Fold, subject: Subject) -> Act | None:
    """Return what the file said last about the subject, whatever a person said since."""
    acts = [one.body for one in fold.race.statements.in_force(subject) if isinstance(one.body, Act)]
    return next((act for act in reversed(acts) if act.where == THE_FILE), None)


def _last_said(fold: Fold, subject: Subject) -> Act | None:
    standing = fold.race.statements.in_force(subject)
    body = standing[-1].body if standing else None
    return body if isinstance(body, Act) else None


def _without(act: Act) -> Act:
    """Return the act that takes away what this one set."""
    if isinstance(act, FormatSet):
        return msgspec.structs.replace(act, format=None)
    if isinstance(act, ClassSet | StageSet):
        return msgspec.structs.replace(act, is_gone=True)
    return act


def _is_new(fold: Fold, unit: UnitConfig) -> bool:
    known_name = fold.roster.name_of(unit.key)
    if known_name is None:
        return fold.roster.authority(unit.key) == Authority.NOBODY
    return known_name != unit.name
