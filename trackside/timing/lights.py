"""The status lights: sensor, central, disk; each a word, a sentence and no guess.

A program that has said nothing for 3 s is shown as gone, whatever it said last."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pitboard.clock import Clock
from pitboard.journal.replica import Replica
from pitboard.race.names import clean_name
from pitboard.unit_api.sensor_sentences import QUIET_NOTES, sensor_sentence
from pitboard.unit_api.unit_status import SensorState, SensorStatus
from sync.exchanging.freshness import Standing

SHOWN_NS = 60_000_000_000
WARNINGS_MAX_COUNT = 16
SENTENCES = {
    Standing.UNPROVEN: "A stranger's box offers records: {who}. None of them counts; find it.",
    Standing.STRANGER: "A unit that is not enrolled offers records: {who}. None of them counts.",
    Standing.REVOKED: "A revoked unit is on the network: {who}. Nothing new from it counts.",
}
DAMAGED = "Damaged or forged records arrive; none is taken. Call the technician."


class TrustWarnings:
    """Keeps the last warnings, by whom they are about; bounded, the oldest gives way."""

    def __init__(self, replica: Replica, clock: Clock) -> None:
        self._replica = replica
        self._clock = clock
        self._said: dict[str, tuple[int, str]] = {}  # about whom -> when, sentence
        self._refused_count = replica.strangers.refused_count

    def see(self, name: str, address: str, standing: Standing) -> None:
        """Take note of how a node on the network stands; a proven one is no longer warned of."""
        if standing == Standing.PROVEN:
            self._said.pop(address, None)
            return
        who = f"{clean_name(name)[:40] or 'a box'} at {clean_name(address)}"
        self._say(address, SENTENCES[standing].format(who=who))

    def current(self) -> str | None:
        """Return the last warning that still holds."""
        strangers = self._replica.strangers
        if strangers.refused_count != self._refused_count:
            self._refused_count = strangers.refused_count
            self._say("damaged", DAMAGED)
        oldest_mono_ns = self._clock.mono_ns() - SHOWN_NS
        self._said = {about: said for about, said in self._said.items() if said[0] > oldest_mono_ns}
        if self._said:
            return list(self._said.values())[-1][1]
        turned_away = list(strangers.turned_away.values())
        return f"{turned_away[-1]}. Call the technician." if turned_away else None

    def _say(self, about: str, sentence: str) -> None:
        self._said.pop(about, None)
        self._said[about] = (self._clock.mono_ns(), sentence)
        if len(self._said) > WARNINGS_MAX_COUNT:
            del self._said[next(iter(self._said))]


LightState = Literal["ok", "warning", "bad"]

SILENCE_MAX_NS = 3_000_000_000
DISK_WARNING_BYTES = 500 * 1_024 * 1_024
DISK_BAD_BYTES = 50 * 1_024 * 1_024


class CentralStatus(msgspec.Struct, frozen=True, kw_only=True):
    state: Literal["ok", "lost"]
    detail: Annotated[str, Meta(max_length=300)] = ""
    waiting_count: int = 0


class BridgeReport(msgspec.Struct, frozen=True, kw_only=True, tag_field="from", tag="bridge"):
    sensors: Annotated[list[SensorStatus], Meta(max_length=32)]
    warning: Annotated[str, Meta(max_length=300)] = ""


class SyncReport(msgspec.Struct, frozen=True, kw_only=True, tag_field="from", tag="sync"):
    central: CentralStatus


Report = BridgeReport | SyncReport


class Light(msgspec.Struct, frozen=True):
    light: Literal["sensor", "central", "disk"]
    state: LightState
    detail: str


class Lights:
    """Keeps the last report of each program and turns them into lights."""

    def __init__(self, replica: Replica, clock: Clock, *, unit_key: str, journal_folder: Path) -> None:
        self._replica = replica
        self._unit_key = unit_key
        self._clock = clock
        self._journal_folder = journal_folder
        self.trust = TrustWarnings(replica, clock)
        self._bridge: tuple[int, BridgeReport] | None = None
        self._sync: tuple[int, SyncReport] | None = None

    def take(self, report: Report) -> None:
        """Remember what a program says of itself."""
        if isinstance(report, BridgeReport):
            self._bridge = (self._clock.mono_ns(), report)
        else:
            self._sync = (self._clock.mono_ns(), report)

    def all(self) -> list[Light]:
        return [self._sensor(), self._central(), self._disk()]

    def sensors(self) -> Sequence[SensorStatus]:
        """Return what the bridge last said of each sensor; nothing where it is silent."""
        return self._bridge[1].sensors if self._bridge is not None and self._is_fresh(self._bridge) else ()

    def _is_fresh(self, said: tuple[int, object] | None) -> bool:
        return said is not None and self._clock.mono_ns() - said[0] <= SILENCE_MAX_NS

    def _sensor(self) -> Light:
        if self._bridge is None or not self._is_fresh(self._bridge):
            return Light("sensor", "bad", "The sensor program does not answer. Use Manual lap.")
        sensors = self._bridge[1].sensors
        if not sensors:
            return Light("sensor", "bad", "No sensor is configured. Use Manual lap.")
        broken = [sensor for sensor in sensors if sensor.state != SensorState.OK]
        if broken:
            return Light("sensor", "bad", sensor_sentence(broken[0]))
        # Something is wrong beside a state that is well: it must be looked at, the race goes on.
        doubtful = [sensor for sensor in sensors if any(n.code not in QUIET_NOTES for n in sensor.notes)]
        if doubtful:
            return Light("sensor", "warning", sensor_sentence(doubtful[0]))
        if self._bridge[1].warning:
            return Light("sensor", "warning", self._bridge[1].warning)
        return Light("sensor", "ok", sensor_sentence(sensors[0]))

    def _central(self) -> Light:
        light, warning = self._central_itself(), self.trust.current()
        if warning is None or light.state == "bad":
            return light
        return Light("central", "warning", warning if light.state == "ok" else f"{warning} {light.detail}")

    def _central_itself(self) -> Light:
        if self._replica.fold.roster.is_revoked(self._unit_key):
            return Light(
                "central", "bad", "This unit is revoked: nothing it records now counts. Call the admin."
            )
        if self._unit_key not in self._replica.fold.roster.enrolled():
            return Light(
                "central", "bad", "This unit is not enrolled. Connect it to central, call the admin."
            )
        notices = {notice.kind: notice.sentence for notice in self._replica.notices()}
        if "two-machines" in notices:
            return Light("central", "bad", notices["two-machines"])
        if self._sync is None or not self._is_fresh(self._sync):
            return Light("central", "warning", "The sync program does not answer. Results are kept here.")
        central = self._sync[1].central
        if central.state == "ok" and notices:
            return Light("central", "warning", next(iter(notices.values())))
        if central.state == "ok":
            return Light("central", "ok", central.detail or "Central has everything.")
        waiting = f" {central.waiting_count} records wait here." if central.waiting_count else ""
        return Light("central", "warning", f"{central.detail}.{waiting} Go on, nothing is lost.")

    def _disk(self) -> Light:
        if self._replica.journal.trouble is not None:
            return Light("disk", "bad", self._replica.journal.trouble)
        if self._replica.alarms:
            return Light("disk", "bad", next(iter(self._replica.alarms.values())) + ". Call the technician.")
        try:
            status = os.statvfs(self._journal_folder)
        except OSError as error:
            return Light("disk", "bad", f"The disk cannot be read ({error.strerror}). Call the technician.")
        free_bytes = status.f_bavail * status.f_frsize
        free = f"{_size_text(free_bytes)} free"
        if free_bytes < DISK_BAD_BYTES:
            return Light("disk", "bad", f"The disk is almost full ({free}). Free space now.")
        if free_bytes < DISK_WARNING_BYTES:
            return Light("disk", "warning", f"The disk is getting full ({free}).")
        return Light("disk", "ok", f"Saving works, {free}.")


def _size_text(size_bytes: int) -> str:
    """Return a size as a person says it; whole GB where there are many, so that the light stays quiet."""
    megabytes = size_bytes // (1_024 * 1_024)
    return f"{megabytes // 1_024} GB" if megabytes >= 10 * 1_024 else f"{megabytes} MB"
