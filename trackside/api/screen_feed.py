"""What the official's touchscreen shows, as one value that is asked for and waited for."""

from __future__ import annotations

import asyncio

import msgspec

from pitboard.clock import happened
from pitboard.journal.replica import Replica
from pitboard.journal.views import EntryView, LapView, view_board, view_run
from trackside.timing.lights import Light, Lights
from trackside.timing.run_control import RunControl, UnitPhase


class ScreenRun(msgspec.Struct, frozen=True):
    run_id: str
    competitor_id: str
    name: str
    run_ms: int
    started_mono_ns: int | None
    laps: list[LapView]
    best_ns: int | None


class ScreenCompetitor(msgspec.Struct, frozen=True):
    competitor_id: str
    name: str
    best_ns: int | None


class ScreenDisplay(msgspec.Struct, frozen=True):
    name: str
    address: str


class ContactSeal(msgspec.Struct, frozen=True):
    """What a contact is sealed to; see docs/contacts.md."""

    contact_key: str
    event_key: str


class Screen(msgspec.Struct, frozen=True):
    version: int
    unit: str
    event: str
    resolution_ns: int
    phase: UnitPhase
    run: ScreenRun | None
    competitors: list[ScreenCompetitor]
    entries: list[EntryView]
    lights: list[Light]
    displays: list[ScreenDisplay]
    contact_seal: ContactSeal | None  # None: the event takes no contacts


class ScreenFeed:
    """Makes the screen when asked; `version` grows whenever it may look different."""

    def __init__(self, replica: Replica, run_control: RunControl, lights: Lights, *, unit: str) -> None:
        self._replica = replica
        self._run_control = run_control
        self._lights = lights
        self._unit = unit
        self._displays: list[ScreenDisplay] = []
        self._version = 1
        self._changed = asyncio.Event()
        self._last_lights: list[Light] = []

    def bump(self) -> None:
        """Something changed: wake whoever waits."""
        self._version += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def watch_lights(self) -> None:
        """Bump if a light looks different from the last time."""
        lights = self._lights.all()
        if [(light.state, light.detail) for light in lights] != [
            (light.state, light.detail) for light in self._last_lights
        ]:
            self._last_lights = lights
            self.bump()

    def show_displays(self, displays: list[ScreenDisplay]) -> None:
        if displays != self._displays:
            self._displays = displays
            self.bump()

    async def wait(self, after: int, wait_s: float) -> Screen:
        """Return the screen as soon as its version differs from `after`, at the latest after `wait_s`."""
        if self._version == after:
            await happened(self._changed, wait_s)
        return self.now()

    def now(self) -> Screen:
        fold = self._replica.fold
        view = view_board(fold)
        best = {entry.competitor_id: entry.best_ns for entry in view.entries}
        return Screen(
            version=self._version,
            unit=self._unit,
            event=view.event.name,
            resolution_ns=view.event.resolution_ns,
            phase=self._run_control.phase,
            run=self._run(),
            competitors=[
                ScreenCompetitor(competitor, fold.race.name_of(competitor), best.get(competitor))
                for competitor in fold.race.competitors
            ],
            entries=view.entries,
            lights=self._lights.all(),
            displays=self._displays,
            contact_seal=self._contact_seal(),
        )

    def _contact_seal(self) -> ContactSeal | None:
        fold = self._replica.fold
        contact_key = fold.race.contact_key.value
        return None if contact_key is None else ContactSeal(contact_key, fold.root_key)

    def _run(self) -> ScreenRun | None:
        run = self._run_control.run
        if run is None or run.armed is None:
            return None
        view = view_run(self._replica.fold, run)
        return ScreenRun(
            run_id=view.run_id,
            competitor_id=view.competitor_id,
            name=view.name,
            run_ms=run.armed.value.run_ms,
            started_mono_ns=self._run_control.started_mono_ns(run),
            laps=view.laps,
            best_ns=view.best_ns,
        )
