"""The status lights: sensor, central, disk; each a word, a sentence and no guess.

A program that has said nothing for 3 s is shown as gone, whatever it said last."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from pitboard.clock import Clock
from pitboard.journal.disk.disk_fault import DiskFault
from pitboard.journal.replica import Replica
from pitboard.journal.streams.stream_watch import SILENT_AFTER_MS, Notice
from pitboard.race.names import clean_name
from pitboard.sentences.language import Sentence, language
from pitboard.unit_api.program_calls import NOT_TRIED, BridgeReport, Report, SyncReport
from pitboard.unit_api.screen_state import Light, LightState, SensorLine
from pitboard.unit_api.sensor_sentences import QUIET_NOTES, note_said, sensor_says
from pitboard.unit_api.unit_status import SensorState, SensorStatus
from sync.exchanging.freshness import Answerer
from sync.exchanging.venue_clocks import CENTRAL, VenueClocks

SHOWN_NS = 60_000_000_000
WARNINGS_MAX_COUNT = 16
SAYS_MAX_COUNT = 3
"""Of troubles in one light: more than a person can do at once, and a screen shows."""
ANSWERER_CODES = {
    Answerer.UNPROVEN: "light.stranger.unproven",
    Answerer.STRANGER: "light.stranger.stranger",
    Answerer.REVOKED: "light.stranger.revoked",
}


class TrustWarnings:
    """Keeps the last warnings, by whom they are about; bounded, the oldest gives way."""

    def __init__(self, replica: Replica, clock: Clock) -> None:
        self._replica = replica
        self._clock = clock
        self._said: dict[str, tuple[int, Sentence]] = {}  # about whom -> when, what
        self._refused_count = replica.strangers.refused_count

    def see(self, name: str, address: str, answerer: Answerer) -> None:
        """Take note of how a node on the network stands; a proven one is no longer warned of."""
        if answerer == Answerer.PROVEN:
            self._said.pop(address, None)
            return
        who = f"{clean_name(name)[:40] or 'a box'} at {clean_name(address)}"
        self._say(address, Sentence(ANSWERER_CODES[answerer], {"who": who}))

    def current(self) -> Sentence | None:
        """Return the last warning that still holds."""
        strangers = self._replica.strangers
        if strangers.refused_count != self._refused_count:
            self._refused_count = strangers.refused_count
            self._say("damaged", Sentence("light.damaged"))
        oldest_mono_ns = self._clock.mono_ns() - SHOWN_NS
        self._said = {about: said for about, said in self._said.items() if said[0] > oldest_mono_ns}
        if self._said:
            return list(self._said.values())[-1][1]
        if not strangers.turned_away:
            return None
        key, why = next(reversed(strangers.turned_away.items()))
        return Sentence(f"light.turned-away.{why}", {"key": key[:8]})

    def _say(self, about: str, sentence: Sentence) -> None:
        self._said.pop(about, None)
        self._said[about] = (self._clock.mono_ns(), sentence)
        if len(self._said) > WARNINGS_MAX_COUNT:
            del self._said[next(iter(self._said))]


LightName = Literal["sensor", "central", "disk"]

SILENCE_MAX_NS = 3_000_000_000
DISK_WARNING_BYTES = 500 * 1_024 * 1_024
DISK_BAD_BYTES = 50 * 1_024 * 1_024


def light_of(light: LightName, state: LightState, *says: Sentence) -> Light:
    return Light(light, state, language().tell(says), says)


class Lights:
    """Keeps the last report of each program and turns them into lights."""

    def __init__(
        self,
        replica: Replica,
        clock: Clock,
        *,
        unit_key: str,
        journal_folder: Path,
        own_stream: Callable[[], str] = str,
    ) -> None:
        self._replica = replica
        self._unit_key = unit_key
        self._own_stream = own_stream
        self._clock = clock
        self._journal_folder = journal_folder
        self.clocks = VenueClocks(clock)
        self._places: Mapping[str, Sequence[str]] = {}
        self._own_key_at: tuple[str, ...] = ()
        self._opened_utc_ms = clock.utc_ms()
        self.trust = TrustWarnings(replica, clock)
        self._bridge: tuple[int, BridgeReport] | None = None
        self._sync: tuple[int, SyncReport] | None = None

    def take(self, report: Report) -> None:
        """Remember what a program says of itself."""
        if isinstance(report, BridgeReport):
            self._bridge = (self._clock.mono_ns(), report)
        else:
            self._sync = (self._clock.mono_ns(), report)
            if report.central.state == "ok" and report.central.ahead_ms is not None:
                self.clocks.hear(CENTRAL, self._clock.utc_ms() + report.central.ahead_ms)

    def central_url(self) -> str:
        """Return where sync reaches central now, empty where it does not."""
        if self._sync is None or not self._is_fresh(self._sync):
            return ""
        central = self._sync[1].central
        return central.url if central.state == "ok" else ""

    def waiting_count(self) -> int:
        """Return how many records central lacked when sync told last; 0 where it says nothing."""
        return self._sync[1].central.waiting_count if self._sync is not None else 0

    def backlog(self) -> int | None:
        """Return `waiting_count`, None on a unit whose sync program never spoke."""
        return None if self._sync is None else self.waiting_count()

    def see_places(self, places: Mapping[str, Sequence[str]]) -> None:
        """Take the addresses that each key announced and signed: they tell people which box is meant."""
        self._places = places

    def see_own_key_at(self, hosts: Sequence[str]) -> None:
        """Take where another machine answers with this unit's own key: a copied card."""
        self._own_key_at = tuple(hosts)

    def all(self) -> list[Light]:
        return [self._sensor(), self._central(), self._disk()]

    def sensors(self) -> Sequence[SensorStatus]:
        """Return what the bridge last said of each sensor; nothing where it is silent."""
        return self._bridge[1].sensors if self._bridge is not None and self._is_fresh(self._bridge) else ()

    def sensor_lines(self) -> tuple[SensorLine, ...]:
        """Return the sensors for the screen, with the level of the beam and the last passing's strength."""
        return tuple(
            SensorLine(
                sensor=one.sensor,
                state=one.state,
                says=tuple(sensor_says(one)),
                blocked=None if one.blocked is None else tuple(one.blocked),
                strength=one.strength,
                passings_per_min=one.passings_per_min,
            )
            for one in self.sensors()
        )

    def _is_fresh(self, said: tuple[int, object] | None) -> bool:
        return said is not None and self._clock.mono_ns() - said[0] <= SILENCE_MAX_NS

    def _sensor(self) -> Light:
        if self._bridge is None or not self._is_fresh(self._bridge):
            return light_of("sensor", "bad", Sentence("light.sensor.no-answer"))
        sensors = self._bridge[1].sensors
        if not sensors:
            return light_of("sensor", "bad", Sentence("light.sensor.none"))
        broken = [sensor for sensor in sensors if sensor.state != SensorState.OK]
        if broken:
            return light_of("sensor", "bad", *sensor_says(broken[0]))
        # Something is wrong beside a state that is well: it must be looked at, the race goes on.
        doubtful = [sensor for sensor in sensors if any(n.code not in QUIET_NOTES for n in sensor.notes)]
        if doubtful:
            return light_of("sensor", "warning", *sensor_says(doubtful[0]))
        if self._bridge[1].note is not None:
            return light_of("sensor", "warning", note_said(self._bridge[1].note))
        return light_of("sensor", "ok", *sensor_says(sensors[0]))

    def _central(self) -> Light:
        """Return all that is not well, the worst first: nothing of it hides the rest."""
        light = self._central_itself()
        bad: list[Sentence] = []
        warnings: list[Sentence] = []
        for notice in self._replica.notices():
            said = notice_sentence(notice, own_stream=self._own_stream(), places=self._places)
            (bad if notice.kind == "two-machines" else warnings).append(said)
        if self._own_key_at and not any(one.code == "light.two-machines.here" for one in bad):
            fields = {"places": ", ".join(self._own_key_at), "since": _moment(self._opened_utc_ms)}
            bad.insert(0, Sentence("light.own-key-elsewhere", {**fields}))
        warnings += [one for one in (self.trust.current(), self._clock_sentence()) if one is not None]
        says = [*bad, *warnings]
        if light.state == "bad":
            return light_of("central", "bad", *light.says, *says[:SAYS_MAX_COUNT])
        if not says:
            return light
        says = says[:SAYS_MAX_COUNT]
        return light_of(
            "central", "bad" if bad else "warning", *says, *([] if light.state == "ok" else light.says)
        )

    def _clock_sentence(self) -> Sentence | None:
        note = self.clocks.note()
        if note is None:
            return None
        return Sentence(f"light.clock.{note.way}", {"gap": note.gap, "who": note.who or "central"})

    def _central_itself(self) -> Light:
        if self._replica.fold.roster.is_revoked(self._unit_key):
            return light_of("central", "bad", Sentence("light.central.revoked"))
        if self._unit_key not in self._replica.fold.roster.enrolled():
            return light_of("central", "bad", Sentence("light.central.not-enrolled"))
        if self._sync is None or not self._is_fresh(self._sync):
            return light_of("central", "warning", Sentence("light.central.no-answer"))
        central = self._sync[1].central
        if central.state == "ok":
            return light_of("central", "ok", Sentence("light.central.ok"))
        if central.event:
            return light_of(
                "central", "warning", Sentence("light.central.other-event", {"event": central.event})
            )
        fields: dict[str, str | int] = {"why": central.why or NOT_TRIED, "count": central.waiting_count}
        code = "light.central.waiting" if central.waiting_count else "light.central.lost"
        return light_of("central", "warning", Sentence(code, fields))

    def _disk(self) -> Light:
        if self._replica.journal.trouble is not None:
            fault = self._replica.journal.fault
            return light_of("disk", "bad", Sentence(f"light.disk.{fault or DiskFault.FAULTY}"))
        if self._replica.alarms:
            alarm = next(iter(self._replica.alarms.values()))
            return light_of("disk", "bad", Sentence(f"light.alarm.{alarm.code}", dict(alarm.fields)))
        try:
            status = os.statvfs(self._journal_folder)
        except OSError as error:
            return light_of("disk", "bad", Sentence("light.disk.unreadable", {"text": error.strerror or ""}))
        free_bytes = status.f_bavail * status.f_frsize
        free = {"free": _size_text(free_bytes)}
        if free_bytes < DISK_BAD_BYTES:
            return light_of("disk", "bad", Sentence("light.disk.almost-full", {**free}))
        if free_bytes < DISK_WARNING_BYTES:
            return light_of("disk", "warning", Sentence("light.disk.filling", {**free}))
        return light_of("disk", "ok", Sentence("light.disk.ok", {**free}))


def notice_sentence(
    notice: Notice, *, own_stream: str = "", places: Mapping[str, Sequence[str]] | None = None
) -> Sentence:
    """Return a notice as a code with its fields, the machines by what people can see of them."""
    fields: dict[str, str | int] = {"unit": notice.unit, "count": notice.count}
    machines = sorted(notice.machines, key=lambda one: one.stream != own_stream)
    for number, machine in enumerate(machines[:2], start=1):
        fields[f"since{number}"] = _moment(machine.opened_utc_ms)
        fields[f"last{number}"] = _moment(machine.last_utc_ms)
        fields[f"key{number}"] = machine.key[:8]
    if notice.kind == "two-machines":
        heard_at = (places or {}).get(machines[0].key, ())
        fields |= {"places": ", ".join(heard_at) or "…", "minutes": SILENT_AFTER_MS // 60_000}
        is_here = machines[0].stream == own_stream
        return Sentence("light.two-machines.here" if is_here else "light.two-machines", fields)
    if notice.kind == "one-name-twice" and len(machines) < 2:
        return Sentence("light.one-name-twice.unheard", fields)
    return Sentence(f"light.{notice.kind}", fields)


def _moment(utc_ms: int) -> str:
    return f"{datetime.fromtimestamp(utc_ms / 1_000).astimezone():%d.%m. %H:%M}"


def _size_text(size_bytes: int) -> str:
    """Return a size as a person says it; whole GB where there are many, so that the light stays quiet."""
    megabytes = size_bytes // (1_024 * 1_024)
    return f"{megabytes // 1_024} GB" if megabytes >= 10 * 1_024 else f"{megabytes} MB"
