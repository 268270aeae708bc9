"""Make the passings of a raw log again, with the very code that made them on the day."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click
import msgspec

from firmware_bridge.lap_replay import laps_between
from firmware_bridge.makers.device_kinds import Kind, make_maker
from firmware_bridge.makers.reading import HoldOff, PassingSource, lane_at
from firmware_bridge.spool.raw_log import (
    BRIDGE_STARTED,
    HOST_SLEPT,
    PORT_OPENED,
    SENSOR_SET,
    START_NAMED,
    RawRecord,
    read_raw_records,
)
from pitboard.errors import NOT_UNDERSTOOD, RawLogRefused
from pitboard.program.speech import say
from pitboard.unit_api.program_calls import Passing


class SensorSetting(msgspec.Struct, frozen=True, kw_only=True):
    """How a sensor was configured; noted in the raw log at each start, so that it explains itself."""

    gate: str
    hold_off_ms: int
    has_lanes: bool = False
    kind: Kind = "beamline"
    accept_unchecked: bool = False
    system: str = "A"

    def placed(self, passing: Passing) -> Passing:
        """Return the passing at this sensor's gate and of its system; a device may know its gates itself."""
        gate = passing.gate if self.gate == passing.sensor else self.gate
        lane = lane_at(gate, passing, has_lanes=self.has_lanes)
        return msgspec.structs.replace(passing, gate=gate, lane=lane, system=self.system)

    def as_detail(self) -> str:
        return msgspec.json.encode(self).decode()

    def is_same_device(self, other: SensorSetting) -> bool:
        return (self.kind, self.accept_unchecked) == (other.kind, other.accept_unchecked)

    def make_maker(self, *, sensor: str, hold_off: HoldOff) -> PassingSource:
        return make_maker(self.kind, sensor=sensor, hold_off=hold_off, accept_unchecked=self.accept_unchecked)


def make_passings(records: Iterable[RawRecord], makers: Mapping[str, PassingSource]) -> Iterator[Passing]:
    """Yield the passings in the records; the makers end up as they were then."""
    for record in records:
        if record.mark == BRIDGE_STARTED:
            for maker in makers.values():
                maker.open_port()
        maker_of = makers.get(record.sensor)
        if maker_of is None:
            continue
        if record.mark == PORT_OPENED:
            maker_of.open_port()
        elif record.mark == START_NAMED:
            maker_of.go_on(record.detail)
        elif record.mark == HOST_SLEPT and record.detail.isdecimal():
            maker_of.host_slept(int(record.detail))
        elif record.raw is not None:
            reading = maker_of.feed(record.data, received_mono_ns=record.mono_ns, boot_id=record.boot_id)
            yield from reading.passings


def replay(records: Iterable[RawRecord]) -> Iterator[Passing]:
    """Yield the passings in the records, configured as the records say; nothing else is needed.

    Raises RawLogRefused.
    """
    makers: dict[str, PassingSource] = {}
    settings: dict[str, SensorSetting] = {}
    gates: dict[tuple[str, str, int, bool], HoldOff] = {}
    for record in records:
        if record.mark == SENSOR_SET:
            setting = _read_setting(record.detail)
            gate = gates.setdefault(
                (setting.gate, setting.system, setting.hold_off_ms, setting.has_lanes),
                HoldOff(hold_off_ms=setting.hold_off_ms, has_lanes=setting.has_lanes),
            )
            before = settings.get(record.sensor)
            if before is None or not before.is_same_device(setting):
                makers[record.sensor] = setting.make_maker(sensor=record.sensor, hold_off=gate)
            settings[record.sensor] = setting
            makers[record.sensor].hold_off = gate
        for passing in make_passings([record], makers):
            yield settings[passing.sensor].placed(passing)


def _read_setting(detail: str) -> SensorSetting:
    try:
        return msgspec.json.decode(detail, type=SensorSetting)
    except NOT_UNDERSTOOD as error:
        raise RawLogRefused(reason=f"its sensor setting makes no sense: {error}") from error


@click.command("replay")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
)
@click.option("--laps", "shows_laps", is_flag=True, help="Print the laps between the passings instead.")
def replay_command(files: tuple[Path, ...], *, shows_laps: bool) -> None:
    """Print the passings of a bridge's raw log FILEs, oldest first, as on the day.

    With --laps each line is a lap of one car: `lap_ns` is null where no time can be stood by, and `flag` says
    why, or why an official should look at it. Exit status 1 means that there was none.
    """
    passings = replay(read_raw_records(files))
    count = 0
    for one in laps_between(passings) if shows_laps else passings:
        click.echo(msgspec.json.encode(one).decode())
        count += 1
    if not count:
        say("command.no-lap" if shows_laps else "command.no-passing", err=True)
        sys.exit(1)
