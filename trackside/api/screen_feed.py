"""What the official's touchscreen shows, as one value that is asked for and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import NamedTuple

import msgspec

from pitboard.clock import happened
from pitboard.errors import ActRefused, QueryRefused
from pitboard.journal.folding.fold import Fold
from pitboard.journal.replica import Replica
from pitboard.journal.views.competitor_search import CompetitorSearch
from pitboard.journal.views.run_views import RunView, view_run, view_run_detail
from pitboard.journal.views.stage_view import StageView, view_stages
from pitboard.journal.views.views import BoardView, EntriesKept, EntryView, view_board
from pitboard.race.names import clean_name, fold_name
from pitboard.race.roll import Roll, alike
from pitboard.race.runs.run import Run as RaceRun
from pitboard.race.scene_names import WHOLE_VENUE
from pitboard.unit_api.screen_state import (
    ClassName,
    Competitor,
    ContactSeal,
    DisplayNode,
    Entry,
    Light,
    Likeness,
    MachineLine,
    Official,
    QueueAsk,
    QueueEntry,
    Run,
    RunDetail,
    ScreenState,
    SensorLine,
    Stage,
    SystemsLine,
    TrackSigns,
)
from trackside.api.put_right import consequence, done_acts, strays
from trackside.timing.lights import Lights
from trackside.timing.run_control import RunControl
from trackside.timing.runs_left import class_runs, run_number

FAULTS = ("sensor", "disk")
"""The lights without which nobody should be sent onto the track."""


class _People(NamedTuple):
    """What of the screen is about people, and so another only when something is said about one of them or
    the board changes: hundreds of values that a lap on the track leaves as they are."""

    competitors: tuple[Competitor, ...]
    entries: tuple[Entry, ...]
    alike: tuple[Likeness, ...]


class _PeopleKept:
    """Makes them anew only where they may be others than the last time."""

    def __init__(self) -> None:
        self._made_of: tuple[Roll, int, list[EntryView]] | None = None
        self._people = _People((), (), ())

    def of(self, fold: Fold, view: BoardView) -> _People:
        roll = fold.race.roll
        made_of = (roll, len(roll.changes), view.entries)
        former = self._made_of
        if (
            former is None
            or former[0] is not roll
            or former[1] != made_of[1]
            or former[2] is not view.entries
        ):
            best = {entry.competitor_id: entry for entry in view.entries}
            self._people = _People(
                competitors=tuple(_competitors(fold, best)),
                entries=msgspec.convert(view.entries, type=tuple[Entry, ...], from_attributes=True),
                alike=tuple(
                    Likeness(alike_in=alike_in, competitor_id=one, other_id=other)
                    for alike_in, one, other in alike(roll.entered())
                ),
            )
            self._made_of = made_of
        return self._people


class ScreenFeed:
    """Makes the screen when asked; `version` grows whenever it may look different."""

    def __init__(self, replica: Replica, run_control: RunControl, lights: Lights, *, unit: str) -> None:
        self._replica = replica
        self._run_control = run_control
        self._lights = lights
        self._unit = unit
        self._displays: list[DisplayNode] = []
        self._version = 1
        self._changed = asyncio.Event()
        self._software = version("pitboard")
        self._machine: tuple[MachineLine, ...] = ()
        self._last_lights: list[Light] = []
        self._last_sensors: tuple[SensorLine, ...] = ()
        self._last_systems: tuple[SystemsLine, ...] = ()
        self._search = CompetitorSearch(replica.fold)
        self._entries = EntriesKept()
        self._people = _PeopleKept()

    def bump(self) -> None:
        """Something changed: wake whoever waits."""
        self._version += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def watch_lights(self) -> None:
        """Bump if a light, or the level of a beam, looks different from the last time."""
        lights, sensors = self._lights.all(), self._lights.sensor_lines()
        systems = tuple(self._run_control.checks.lines())
        if (sensors, systems) != (self._last_sensors, self._last_systems) or [
            (light.state, light.detail) for light in lights
        ] != [(light.state, light.detail) for light in self._last_lights]:
            self._last_lights, self._last_sensors, self._last_systems = lights, sensors, systems
            self.bump()

    @property
    def displays(self) -> list[DisplayNode]:
        """The displays, each with what was assigned to it last."""
        return [_with_assigned(self._replica.fold, one) for one in self._displays]

    def show_displays(self, displays: list[DisplayNode]) -> None:
        if displays != self._displays:
            self._displays = displays
            self.bump()

    def show_machine(self, lines: Sequence[MachineLine]) -> None:
        self._machine = tuple(lines)
        self.bump()

    async def wait(self, after: int, wait_s: float) -> ScreenState:
        """Return the screen as soon as its version differs from `after`, at the latest after `wait_s`."""
        if self._version == after:
            await happened(self._changed, wait_s)
        return self.now()

    async def signs(self, after: int, wait_s: float) -> TrackSigns:
        """Return what the box beside the track shows, as soon as it may differ from version `after`."""
        if self._version == after:
            await happened(self._changed, wait_s)
        run = self._run_control.run
        now = None if run is None else self._run_control.now(run)
        mono_ns = self._replica.clock.mono_ns()
        clock_ns = None
        if run is not None and now is not None:
            limit_ms = run.armed.value.timing.run_ms
            if now.remaining_ns is not None:
                clock_ns = now.remaining_ns
            elif limit_ms and now.started_mono_ns is None:
                clock_ns = limit_ms * 1_000_000
            else:
                clock_ns = 0 if now.started_mono_ns is None else max(0, mono_ns - now.started_mono_ns)
        return TrackSigns(
            version=self._version,
            phase=self._run_control.phase,
            mono_ns=mono_ns,
            is_fault=any(one.state == "bad" and one.light in FAULTS for one in self._lights.all()),
            clock_ns=clock_ns,
            counts_down=run is None or bool(run.armed.value.timing.run_ms),
            is_ticking=now is not None and now.phase == "running" and now.started_mono_ns is not None,
        )

    def now(self) -> ScreenState:
        fold = self._replica.fold
        view = view_board(fold, kept=self._entries)
        people = self._people.of(fold, view)
        run = self._run_control.run
        return ScreenState(
            version=self._version,
            unit=self._unit,
            event=view.event.name,
            resolution_ns=view.event.resolution_ns,
            phase=self._run_control.phase,
            run=None if run is None else self._run(run),
            competitors=people.competitors,
            entries=people.entries,
            lights=tuple(self._lights.all()),
            displays=tuple(self.displays),
            contact_seal=self._contact_seal(),
            runs=tuple(self._run(one) for one in self._shown_runs()),
            tracks=self._run_control.tracks,
            queue=tuple(self._queue(fold)),
            asked=tuple(self._asked(fold)),
            joins_by_phone=fold.race.programme.join_code() is not None,
            officials=tuple(
                Official(official_id=one.official_id, name=one.name) for one in fold.race.roll.officials()
            ),
            alike=people.alike,
            acts=tuple(done_acts(fold, self._run_control.unit_key, run)),
            classes=tuple(
                ClassName(race_class=one.race_class, name=one.name) for one in fold.race.programme.classes()
            ),
            formats=tuple(fold.race.programme.formats()),
            sensors=self._lights.sensor_lines(),
            systems=tuple(self._run_control.checks.lines()),
            machine=self._machine,
            software=self._software,
            stages=tuple(_stage(fold, one) for one in view_stages(fold)),
            strays=strays(fold, self._run_control, self._replica.clock, self._run_control.unit_key),
        )

    def run_detail(self, run_id: str) -> RunDetail:
        """Return a run of this unit with its raw passings and acts. Raises ActRefused where it is unknown."""
        fold = self._replica.fold
        run = fold.race.runs.get(run_id)
        if run is None:
            raise ActRefused(code="unknown-run", reason="This run is not known on this unit.")
        detail = view_run_detail(fold, run)
        return RunDetail(
            run=self._run(run),
            raw_passings=detail.raw_passings,
            acts=detail.acts,
        )

    def search(self, query: str) -> dict[str, list[str]]:
        """Return the ids of the competitors whose names fit best. Raises ActRefused where nothing can fit."""
        try:
            found = self._search.find(query).competitors
        except QueryRefused as error:
            raise ActRefused(code=error.code, reason=str(error)) from error
        return {"competitor_ids": found}

    def _contact_seal(self) -> ContactSeal | None:
        fold = self._replica.fold
        contact_key = fold.race.contact_key.value
        return None if contact_key is None else ContactSeal(contact_key=contact_key, event_key=fold.root_key)

    def _shown_runs(self) -> list[RaceRun]:
        """The runs under way, those reopened, and those that have changed since they were confirmed."""
        race = self._replica.fold.race
        under_way = self._run_control.runs()
        known = {run.run_id for run in under_way}
        waiting = race.waiting_for_a_person()
        others = [run for run in waiting if run.run_id not in known and self._run_control.is_own(run)]
        return [*under_way, *others]

    def _queue(self, fold: Fold) -> Iterator[QueueEntry]:
        for track in self._run_control.tracks:
            for one in fold.race.programme.queue(track):
                its = class_runs(fold, one.competitor_id)
                yield QueueEntry(
                    entry_id=one.entry_id,
                    track=one.track,
                    competitor_id=one.competitor_id,
                    name=fold.race.name_of(one.competitor_id),
                    state=one.state,
                    race_class=its.race_class,
                    runs_left=its.left,
                )

    def _asked(self, fold: Fold) -> Iterator[QueueAsk]:
        """Yield who asks by phone to wait for one of our tracks, under a name that can be shown."""
        roll, names = fold.race.roll, set[str]()
        asked = [
            one
            for one in fold.race.programme.asked()
            if not one.track or one.track in self._run_control.tracks
        ]
        if asked:
            names = {fold_name(one.name) for one in roll.entered()}
        for one in asked:
            known = fold.race.competitors.get(roll.now(one.competitor_id) or one.competitor_id)
            name = clean_name(one.name) if known is None else fold.race.name_of(known.competitor_id)
            if name:
                yield QueueAsk(
                    entry_id=one.entry_id,
                    name=name,
                    race_class=one.race_class if known is None else known.race_class,
                    is_known=known is not None,
                    is_alike=known is None and fold_name(name) in names,
                )

    def _run(self, run: RaceRun) -> Run:
        view: RunView = view_run(self._replica.fold, run, with_offers=True)
        now = self._run_control.now(run)
        clock = view.clock
        number, runs_max = run_number(self._replica.fold, run)
        return Run(
            run_id=view.run_id,
            competitor_id=view.competitor_id,
            name=view.name,
            run_ms=0 if clock is None else clock.run_ms,
            started_mono_ns=now.started_mono_ns,
            laps=view.laps,
            best_ns=view.best_ns,
            phase=now.phase,
            track=view.track,
            places=view.places,
            pauses=() if clock is None else clock.pauses,
            remaining_ns=now.remaining_ns,
            acts=now.acts,
            has_changed=view.has_changed,
            changed_places=view.changed_places,
            armed_mono_ns=None if clock is None else clock.armed_mono_ns,
            would=consequence(self._replica.fold, run) if now.phase == "review" else None,
            stage_id=run.armed.value.stage_id,
            heat_id=run.armed.value.heat_id,
            clock=run.armed.value.timing.clock,
            interruption=self._run_control.time.interruption(run),
            offers=view.offers,
            number=number,
            runs_max=runs_max,
        )


def _with_assigned(fold: Fold, node: DisplayNode) -> DisplayNode:
    assigned = fold.race.programme.assigned({node.key, node.name, WHOLE_VENUE} - {""})
    if assigned is None:
        return node
    name = node.name if assigned.display == WHOLE_VENUE else assigned.name
    return msgspec.structs.replace(
        node,
        name=name,
        playlist=assigned.playlist,
        track=assigned.track,
        race_class=assigned.race_class,
        brightness_percent=assigned.brightness_percent,
        is_on=assigned.is_on,
        restart=assigned.restart,
    )


def _stage(fold: Fold, view: StageView) -> Stage:
    rules = fold.race.programme.format(view.format) or fold.boards.rules_of(view.race_class)
    stage = msgspec.convert(view, type=Stage, from_attributes=True)
    return msgspec.structs.replace(stage, told_by=rules.told_by)


def _competitors(fold: Fold, best: Mapping[str, EntryView]) -> Iterator[Competitor]:
    for one in fold.race.roll.entered():
        entry = best.get(one.competitor_id)
        yield Competitor(
            competitor_id=one.competitor_id,
            name=fold.race.name_of(one.competitor_id),
            best_ns=None if entry is None else entry.best_ns,
            calculated=() if entry is None else entry.calculated,
            number=one.number,
            race_class=one.race_class,
            transponders=one.transponders,
            team=one.team,
            flag=one.flag,
        )
