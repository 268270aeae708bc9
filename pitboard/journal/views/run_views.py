"""A run as every screen, page and export gets it: its places, laps, sectors, and what was said of it.

What is published comes from the sheet that was confirmed, all else from what is driven."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import KIND_OF
from pitboard.journal.records.record import stamp_utc_ms
from pitboard.race.bodies.body import Act
from pitboard.race.bodies.formats import Format
from pitboard.race.bodies.run_bodies import RunPlace
from pitboard.race.bodies.verdict_bodies import PlaceStatus, SeenLap
from pitboard.race.passings.attribution import TimedPassing
from pitboard.race.passings.missed import Offer as MissedPassing
from pitboard.race.ranking.score import Column, score
from pitboard.race.runs.phases import Phase
from pitboard.race.runs.published import PublishedPlace
from pitboard.race.runs.run import Run
from pitboard.race.runs.run_parts import Lap, Offer, Pause, Place, RawPassing, SaidAct, Sector
from pitboard.race.runs.verdicts import DrivenPlace
from pitboard.race.runs.verdicts import Lap as DrivenLap
from pitboard.race.words.word import Authority, Statement

NANOSECONDS_PER_MS = 1_000_000


class ClockView(msgspec.Struct, frozen=True, kw_only=True):
    """What a screen needs to count with the unit: stamps of its monotonic clock under `boot_id`.

    `started_mono_ns` is None before the start; `run_ms` 0 where there is no limit. `armed_utc_ms` labels
    `armed_mono_ns` by the unit's own wall clock.
    """

    boot_id: str
    armed_mono_ns: int
    armed_utc_ms: int
    started_mono_ns: int | None
    run_ms: int
    pauses: tuple[Pause, ...]


class RunView(msgspec.Struct, frozen=True):
    """A run with its places; `passings` counts its passings and `newest_passing_id` is the last one.

    `competitor_id`, `name`, `laps` and `best_ns` are those of the first place. A confirmed run shows what was
    confirmed; `has_changed` says that it would be another now, and `changed_places` which. `offers` are for
    officials, and left out elsewhere.
    """

    run_id: str
    unit: str
    track: str
    competitor_id: str | None
    name: str
    phase: Phase
    laps: tuple[Lap, ...]
    best_ns: int | None
    passings: int
    newest_passing_id: str | None
    places: tuple[Place, ...] = ()
    clock: ClockView | None = None
    format: str = ""
    stage_id: str = ""
    heat_id: str = ""
    has_changed: bool = False
    changed_places: tuple[Place, ...] = ()
    offers: tuple[Offer, ...] = ()


class RunDetailView(msgspec.Struct, frozen=True, kw_only=True):
    """A run with what it was made of, for the official's timeline and the audit trail."""

    run: RunView
    raw_passings: tuple[RawPassing, ...]
    acts: tuple[SaidAct, ...]


def view_run(fold: Fold, run: Run, *, with_offers: bool = False) -> RunView:
    """Return a run as it stands, or as it was confirmed; for officials with what the first system missed."""
    race = fold.race
    driven = race.driven(run.run_id)
    published = race.published(run)
    now = tuple(_driven_place(fold, run, place) for place in driven)
    places = now
    if published is not None:
        places = tuple(_published_place(fold, run, place, driven) for place in published)
    has_changed = race.has_changed(run)
    passings = [passing for segment in race.segments(run) for passing in segment.passings]
    armed = run.armed.value
    first = places[0]
    return RunView(
        run_id=run.run_id,
        unit=fold.roster.name_of(run.unit) or run.unit[:8],
        track=run.track,
        competitor_id=first.competitor_id,
        name=first.name,
        phase=race.phase(run),
        laps=first.laps,
        best_ns=first.best_ns,
        passings=len(passings),
        newest_passing_id=passings[-1].passing_id if passings else None,
        places=places,
        clock=_clock(run, driven),
        format=armed.format,
        stage_id=armed.stage_id,
        heat_id=armed.heat_id,
        has_changed=has_changed,
        changed_places=now if has_changed else (),
        offers=tuple(_offer(one) for one in race.offers(run, fold.resolution_ns)) if with_offers else (),
    )


def view_run_detail(fold: Fold, run: Run) -> RunDetailView:
    """Return the run with its raw passings by stamp and everything that persons said of it, in the order
    said."""
    race = fold.race
    raw = race.raw_passings(run)
    subjects = [("run", run.run_id), *(("passing", *passing.key) for passing in raw)]
    heard = [one for subject in subjects for one in race.statements.all_about(subject)]
    acts = [one for one in heard if isinstance(one.body, Act)]
    acts.sort(key=lambda one: one.word.moment)
    owners = {
        passing.key: place
        for place in run.places
        for segment in race.segments(run, place.place)
        for passing in segment.passings
    }
    return RunDetailView(
        run=view_run(fold, run, with_offers=True),
        raw_passings=tuple(_raw_passing(fold, run, passing, owners.get(passing.key)) for passing in raw),
        acts=tuple(view_act(fold, one) for one in acts),
    )


def view_act(fold: Fold, statement: Statement) -> SaidAct:
    """Return what a person said, with who and when, and whether it was withdrawn."""
    body = statement.body
    by = body.by if isinstance(body, Act) else ""
    is_admin = statement.word.authority == Authority.ADMIN
    return SaidAct(
        stream=statement.word.stream,
        seq=statement.word.seq,
        kind=KIND_OF[type(body)],
        by=by,
        by_name=fold.race.roll.official_name(by) or "",
        is_admin=is_admin,
        unit="" if is_admin else fold.roster.name_of(statement.unit) or statement.unit[:8],
        where=body.where if isinstance(body, Act) else "",
        utc_ms=stamp_utc_ms(statement.word.stamp),
        reason=body.reason if isinstance(body, Act) else "",
        is_withdrawn=not fold.race.statements.stands(statement),
        said=msgspec.to_builtins(body),
    )


def view_lap(fold: Fold, lap: DrivenLap) -> Lap:
    return Lap(
        lap_id=lap.lap_id,
        number=lap.number,
        lap_ns=fold.published_ns(lap),
        uncertainty_ns=lap.uncertainty_ns,
        is_short=lap.is_short,
        verdict=lap.verdict,
        counts=lap.counts,
        is_corrected=lap.is_corrected,
        place=lap.place,
        measured_ns=fold.rules.cut(lap.measured_ns),
        follows_void=lap.follows_void,
        waits_for_verdict=lap.waits_for_verdict,
        off_tracks=lap.off_tracks,
        penalty_ns=lap.penalty_ns,
        sectors=tuple(Sector(gate=gate, elapsed_ns=fold.rules.cut(ns)) for gate, ns in lap.sectors),
        flag=lap.flag,
        calculated=lap.calculated,
        sector_marks=lap.sector_marks,
    )


def _driven_place(fold: Fold, run: Run, driven: DrivenPlace) -> Place:
    rules = _rules_of(fold, run)
    drive = driven.drive(timing=run.armed.value.timing)
    return _place(
        fold,
        run,
        place=driven.place,
        competitor_id=fold.race.roll.now(driven.competitor_id),
        laps=tuple(view_lap(fold, lap) for lap in driven.laps),
        status=driven.status,
        penalty=(driven.penalty_ns, driven.penalty_laps),
        columns=score(drive, rules).columns,
        started_mono_ns=driven.started_mono_ns,
    )


def _published_place(fold: Fold, run: Run, published: PublishedPlace, driven: Sequence[DrivenPlace]) -> Place:
    known = {lap.lap_id: lap for place in driven if place.place == published.place for lap in place.laps}
    started = [place.started_mono_ns for place in driven if place.place == published.place]
    laps = tuple(
        _published_lap(fold, published, number, lap, known.get(lap.lap_id))
        for number, lap in enumerate(published.laps, start=1)
    )
    drive = published.drive(lambda lap_id: (0, "", 0), timing=run.armed.value.timing)
    return _place(
        fold,
        run,
        place=published.place,
        competitor_id=fold.race.roll.now(published.competitor_id),
        laps=laps,
        status=published.status,
        penalty=(published.penalty_ns, published.penalty_laps),
        columns=score(drive, _rules_of(fold, run)).columns,
        started_mono_ns=started[0] if started else None,
    )


def _published_lap(
    fold: Fold, published: PublishedPlace, number: int, seen: SeenLap, now: DrivenLap | None
) -> Lap:
    """Return the lap that was confirmed, with what is still known of how it was measured."""
    lap_ns = fold.rules.cut(seen.lap_ns)
    calculated = published.calculated.get(seen.lap_id, ())
    if now is None:
        return Lap(
            lap_id=seen.lap_id,
            number=number,
            lap_ns=lap_ns,
            uncertainty_ns=max((mark.uncertainty_ns for mark in calculated), default=0),
            is_short=False,
            verdict=None,
            counts=seen.counts,
            place=published.place,
            measured_ns=lap_ns,
            off_tracks=seen.off_tracks,
            penalty_ns=seen.penalty_ns,
            calculated=calculated,
        )
    return msgspec.structs.replace(
        view_lap(fold, now),
        number=number,
        lap_ns=lap_ns,
        counts=seen.counts,
        waits_for_verdict=False,
        off_tracks=seen.off_tracks,
        penalty_ns=seen.penalty_ns,
        calculated=calculated,
    )


def _place(
    fold: Fold,
    run: Run,
    *,
    place: int,
    competitor_id: str | None,
    laps: tuple[Lap, ...],
    status: PlaceStatus,
    penalty: tuple[int, int],
    columns: tuple[Column, ...],
    started_mono_ns: int | None,
) -> Place:
    armed = run.place_of(place) or RunPlace(place=place)
    return Place(
        place=place,
        competitor_id=competitor_id,
        name=fold.race.name_of(competitor_id),
        laps=laps,
        best_ns=min((lap.lap_ns for lap in laps if lap.counts), default=None),
        car=armed.car,
        lane=armed.lane,
        told_by=armed.told_by,
        status=status,
        penalty_ns=penalty[0],
        penalty_laps=penalty[1],
        columns=columns,
        started_mono_ns=started_mono_ns,
    )


def _rules_of(fold: Fold, run: Run) -> Format:
    """Return the format that the run's columns are made by: the one it was armed under, else the event's."""
    name = run.armed.value.format
    named = fold.race.programme.format(name) if name else None
    return named or fold.rules


def _clock(run: Run, driven: Iterable[DrivenPlace]) -> ClockView:
    armed = run.armed.value
    boot_id = run.openings[-1][0]
    started = [one.started_mono_ns for one in driven if one.started_mono_ns is not None]
    said = [one.mono_ns for one in run.started.values() if one.boot_id == boot_id]
    return ClockView(
        boot_id=boot_id,
        armed_mono_ns=armed.mono_ns,
        armed_utc_ms=stamp_utc_ms(run.armed.word.stamp),
        started_mono_ns=min([*started, *said], default=None),
        run_ms=0 if armed.timing.ends == "open" else armed.timing.run_ms,
        pauses=tuple(
            Pause(from_mono_ns=pause.from_mono_ns, to_mono_ns=pause.to_mono_ns)
            for pause in run.pauses
            if pause.boot_id == boot_id
        ),
    )


def _raw_passing(fold: Fold, run: Run, passing: TimedPassing, owner: RunPlace | None) -> RawPassing:
    word = fold.race.word_on(passing.key)
    body = passing.body
    run_id = run.run_id if owner is not None else word.run_id
    return RawPassing(
        passing_id=passing.passing_id,
        unit=passing.unit,
        boot_id=body.boot_id,
        mono_ns=passing.mono_ns,
        uncertainty_ns=passing.uncertainty_ns,
        gate=body.gate,
        system=body.system,
        channel=body.channel,
        lane=body.lane,
        transponder=body.transponder,
        flag=body.flag,
        is_inserted=passing.is_inserted,
        is_ignored=word.is_ignored,
        is_given=word.is_given,
        run_id=run_id,
        place=owner.place if owner is not None else word.place if run_id is not None else 0,
    )


def _offer(offer: MissedPassing) -> Offer:
    passing, time = offer.passing, offer.time
    return Offer(
        place=offer.place,
        gate=passing.body.gate,
        boot_id=offer.boot_id,
        mono_ns=time.mono_ns,
        seen_mono_ns=passing.mono_ns,
        is_by_the_book=time.is_by_the_book,
        mark=offer.mark,
    )
