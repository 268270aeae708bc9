"""`venue.toml`: the whole venue in one file, written once, the same for every machine.

Host names tell the machines apart. What is the same everywhere (paths, ports, keys) is never typed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from firmware_bridge.config import SensorConfig
from firmware_bridge.lines.gpio_edge import Active, Pull
from firmware_bridge.makers.device_kinds import KINDS, Kind
from pitboard.errors import ConfigRefused
from pitboard.program.config import Config, load_config
from pitboard.program.event_rules import EventRules
from pitboard.race.bodies.body import Name
from pitboard.race.bodies.formats import FormatName
from pitboard.race.bodies.passing_bodies import FINISH

Host = Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")]
Size = Annotated[str, Meta(pattern=r"^([0-9]{3,4}x[0-9]{3,4}|none|)\Z")]
NO_SCREEN = "none"
Rotation = Literal[0, 90, 180, 270]
SensorWord = Literal["beam", "gpio", "p3", "amb-text", "alge", "fasttrack", "champ", "tns"]

BEAM_PORT = "/dev/pitboard-beam"
"""Where the udev rules put our own sensor when it is the only one plugged in."""
_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?) ?(ms|s|min|h)", re.ASCII)
_UNITS_MS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000}
_SHARE = re.compile(r"1/(1|10|100|1000|10000) ?s")


class EventPart(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`run` is how long a run lasts; a lap below `shortest_lap` is flagged; `show` is how fine times are.

    Either these three change the default rules, or `format` names the event's format.
    """

    name: Name
    format: FormatName = ""
    run: str | None = None
    shortest_lap: str | None = None
    show: str | None = None

    @property
    def run_ms(self) -> int | None:
        return None if self.run is None else duration_ms(self.run)

    @property
    def lap_min_ms(self) -> int | None:
        return None if self.shortest_lap is None else duration_ms(self.shortest_lap)

    @property
    def resolution_ns(self) -> int | None:
        if self.show is None:
            return None
        match = _SHARE.fullmatch(self.show)
        if match is None:
            raise ValueError(f"'{self.show}' is no share of a second; write it like 1/1000 s")
        return 1_000_000_000 // int(match[1])


class NetworkPart(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`central` is central's address, only where mDNS is blocked or central is not in the venue."""

    central: str = ""


class CentralPart(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`in_containers`: central runs as deploy/compose.yaml has it, with nginx and metrics."""

    host: Host
    in_containers: bool = False


class SensorPart(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sensor; `at` is the gate it looks at, and two sensors at one gate are one line across the track.

    Left out it is the finish, or what the device itself says where it tells start from finish.
    """

    kind: SensorWord
    name: str = ""
    port: str = ""
    address: str = ""
    pins: tuple[int, ...] = ()
    at: str = ""
    track: str = ""
    system: Literal["A", "B"] = "A"
    active: Active = "high"
    pull: Pull = "up"


class NodePart(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`host` is the machine's name on the network, `name` what people call the unit or display."""

    host: Host
    name: Name


class UnitPart(NodePart, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trackside Pi; without `touch` its screen's own size is taken, with `touch = "none"` it has none.

    `with_units` are the hosts of other units at its track, such as one at the start gate: it arms the runs
    and compares its clock with theirs.
    """

    track: str = "1"
    with_units: tuple[Host, ...] = ()
    touch: Size = ""
    sensor: tuple[SensorPart, ...] = ()


class DisplayPart(NodePart, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without `size` the screen's own is taken."""

    size: Size = ""


class VenueFile(EventRules, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `venue.toml`."""

    event: EventPart
    network: NetworkPart = NetworkPart()
    central: CentralPart | None = None
    unit: tuple[UnitPart, ...] = ()
    display: tuple[DisplayPart, ...] = ()

    @classmethod
    def load(cls, path: Path) -> VenueFile:
        """Return the venue in the file.

        Raises ConfigRefused for the first thing that cannot be read, else with all that is wrong.
        """
        venue = load_config(cls, path)
        faults = list(venue.faults())
        if faults:
            raise ConfigRefused(path=path, reason="\n  ".join(faults))
        return venue

    @property
    def nodes(self) -> list[NodePart]:
        """Displays, then units."""
        return [*self.display, *self.unit]

    @property
    def hosts(self) -> list[str]:
        """Every machine once, in the order of the file."""
        central = [self.central.host] if self.central else []
        return list(dict.fromkeys([*central, *(u.host for u in self.unit), *(d.host for d in self.display)]))

    def faults(self) -> Iterator[str]:
        """Yield all that is wrong across the keys, each as one sentence."""
        yield from _event_faults(self.event)
        yield from self.rule_faults(self.event.format)
        if self.central is None and (self.formats or self.classes or self.stages or self.event.format):
            yield "formats, classes, stages are central's; without [central] write them in its central.toml"
        if self.central is None and not self.network.central:
            yield "no machine is central; add [central] with its host, or name its address in network.central"
        if not self.unit and self.central is None:
            yield "there is neither [[unit]] nor [central]; without a unit runs are typed at central's desk"
        if self.network.central and not re.fullmatch(r"https://[^/\s]+", self.network.central):
            yield f"key 'network.central': '{self.network.central}' is not like https://192.0.2.7:8081"
        yield from _twice("unit.host", [unit.host for unit in self.unit], "one machine is one unit")
        names = [node.name for node in self.nodes]
        yield from _twice("name", names, "people tell them apart by name")
        yield from _twice("display.host", [one.host for one in self.display], "one machine drives one board")
        tracks = {unit.host: unit.track for unit in self.unit}
        for unit in self.unit:
            yield from _unit_faults(unit)
            for other in unit.with_units:
                if other == unit.host or other not in tracks:
                    yield f"unit '{unit.host}', with_units: no other unit has the host '{other}'"
                elif tracks[other] != unit.track:
                    yield f"unit '{unit.host}', with_units: '{other}' is at another track, '{tracks[other]}'"


def duration_ms(text: str) -> int:
    """Return the milliseconds of a text such as `3 min`, `90 s` or `250 ms`. Raises ValueError."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is no duration; write it like 3 min, 90 s or 250 ms")
    whole, _, decimals = match[1].partition(".")
    thousandths = int(whole) * 1_000 + int(decimals.ljust(3, "0") or 0)
    return thousandths * _UNITS_MS[match[2]] // 1_000


def sensor_config(sensor: SensorPart, number: int) -> SensorConfig:
    """Return the sensor as the bridge's config has it; `number` counts the unit's sensors from 1."""
    port = sensor.port or (BEAM_PORT if sensor.kind == "beam" and not sensor.address else "")
    kind: Kind = "beamline" if sensor.kind == "beam" else sensor.kind
    return SensorConfig(
        name=sensor.name or f"{sensor.kind}-{number}",
        kind=kind,
        port=Path(port) if port else None,
        address=sensor.address,
        pins=sensor.pins,
        active=sensor.active,
        pull=sensor.pull,
        gate=sensor.at or ("" if KINDS[kind].knows_its_gates else FINISH),
        track=sensor.track,
        system=sensor.system,
    )


def _event_faults(event: EventPart) -> Iterator[str]:
    for key, value, least_ms, most_ms, bounds in (
        ("run", event.run, 1_000, 86_400_000, "is not between 1 s and 24 h"),
        ("shortest_lap", event.shortest_lap, 0, 3_600_000, "is more than an hour"),
    ):
        if value is None:
            continue
        if event.format:
            yield f"event.{key} and event.format exclude each other; write the number in the format's table"
        try:
            if not least_ms <= duration_ms(value) <= most_ms:
                yield f"key 'event.{key}': '{value}' {bounds}"
        except ValueError as error:
            yield f"key 'event.{key}': {error}"
    if event.format and event.show is not None:
        yield "event.show and event.format exclude each other; write resolution_ns in the format's table"
    try:
        event.resolution_ns  # noqa: B018 - asked for its refusal
    except ValueError as error:
        yield f"key 'event.show': {error}"


def _unit_faults(unit: UnitPart) -> Iterator[str]:
    configs = [sensor_config(sensor, number) for number, sensor in enumerate(unit.sensor, start=1)]
    yield from _twice(f"unit '{unit.host}', sensor.name", [one.name for one in configs], "give each its own")
    places = [str(one.port or one.address) for one in configs if one.port or one.address]
    yield from _twice(f"unit '{unit.host}', sensor.port", places, "a port is read by one sensor only")
    pins = [str(pin) for one in configs for pin in one.pins]
    yield from _twice(f"unit '{unit.host}', sensor.pins", pins, "a pin is one beam's")
    for config in configs:
        if fault := config.find_fault():
            yield f"unit '{unit.host}', {fault}"


def _twice(key: str, values: list[str], why: str) -> Iterator[str]:
    for value, count in Counter(values).items():
        if count > 1:
            yield f"{key}: '{value}' stands {count} times; {why}"
