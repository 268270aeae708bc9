"""What `bridge.toml` may say; `docs/bridge.md` explains each key."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from firmware_bridge.lines.gpio_edge import Active, Backend, GpioSetting, Pull, WantedEdge
from firmware_bridge.lines.serial_port import Handshake, SerialSetting
from firmware_bridge.makers.device_kinds import KINDS, LANE_TIMERS, DeviceKind, Kind
from firmware_bridge.makers.reading import lane_at
from pitboard.errors import ConfigRefused
from pitboard.program.config import Config, load_config
from pitboard.unit_api.program_calls import Passing

HOLD_OFF_DEFAULT_MS = 300
GATE_DEFAULT = "finish"
SILENT_MIN_MS = 1_200
SPOOL_MIN_MB = 16
GPIO_CHANNELS_MAX_COUNT = 31
STATUS_FILE_NAME = "bridge-status.json"


HAND_UNCERTAINTY_NS = 100_000_000
"""A thumb or a foot: what published studies of hand timing call typical."""


class ApiConfig(Config, frozen=True, kw_only=True):
    socket: Path


class SensorConfig(Config, frozen=True, kw_only=True):
    """One device on one port; its passings belong to `gate`, by default one of the sensor's own name.

    They carry `gate` ("finish" where none is given), `track` (the unit's own where none is given) and
    `system`: "A", or "B" for a second, independent timing of the same cars. `port` is serial, `address`
    a host and port that we dial, or where we are dialled by `tns`.
    A `gpio` sensor has `pins` of this machine instead, and the keys after them.
    """

    name: str
    kind: Kind = "beamline"
    port: Path | None = None
    address: str = ""
    baud: Annotated[int, Meta(ge=300, le=4_000_000)] | None = None
    handshake: Handshake = "none"
    gate: Annotated[str, Meta(max_length=40)] = ""
    track: Annotated[str, Meta(max_length=80)] = ""
    system: Literal["A", "B", "hand"] = "A"
    silent_max_ms: int | None = None
    accept_unchecked: bool = False
    device_id: Annotated[str, Meta(max_length=32)] = ""
    pins: tuple[Annotated[int, Meta(ge=0)], ...] = ()
    active: Active = "high"
    pull: Pull = "up"
    edge: WantedEdge = "both"
    clear_ms: Annotated[int, Meta(ge=0, le=60_000)] = 20
    backend: Backend = "gpiod"
    chip: str = ""

    @property
    def gate_name(self) -> str:
        return self.gate or self.name

    @property
    def device(self) -> DeviceKind:
        return KINDS[self.kind]

    @property
    def silence_ms(self) -> int | None:
        """After how long without a good line it counts as silent; None where silence tells nothing."""
        return self.device.silent_max_ms if self.silent_max_ms is None else self.silent_max_ms

    @property
    def place(self) -> str:
        """Where it is plugged in, for a person."""
        if self.pins:
            return f"GPIO {', '.join(map(str, self.pins))}"
        return str(self.port) if self.port is not None else self.address

    @property
    def serial_setting(self) -> SerialSetting:
        return SerialSetting(baud=self.baud or self.device.baud, handshake=self.handshake)

    @property
    def gpio_setting(self) -> GpioSetting:
        return GpioSetting(
            pins=self.pins,
            active=self.active,
            pull=self.pull,
            edge=self.edge,
            clear_ms=self.clear_ms,
            backend=self.backend,
            chip=self.chip,
        )

    @property
    def host_and_port(self) -> tuple[str, int] | None:
        """The two parts of `address`; the port may be left out where the protocol has its own."""
        host, colon, port = self.address.rpartition(":")
        if not colon or port.endswith("]"):
            host, port = self.address, str(self.device.tcp_port or "")
        if not port.isdecimal() or not 1 <= int(port) <= 65_535:
            return None
        return host.strip("[]"), int(port)

    @property
    def line(self) -> tuple[str, str, str]:
        """Which line across which track it watches, and for which system."""
        return (self.track or "", self.gate or GATE_DEFAULT, self.system)

    def placed(self, passing: Passing, *, has_lanes: bool = False) -> Passing:
        """Return the passing at this sensor's gate, track and system; a device may know its gates itself."""
        gate = self.gate or passing.gate
        uncertainty_ns = passing.uncertainty_ns
        if self.system == "hand":  # the pin's stamp is exact, and what it stamps is a finger
            uncertainty_ns = max(uncertainty_ns, HAND_UNCERTAINTY_NS)
        return msgspec.structs.replace(
            passing,
            gate=gate,
            lane=lane_at(gate, passing, has_lanes=has_lanes),
            track=self.track or passing.track,
            system=self.system,
            uncertainty_ns=uncertainty_ns,
        )

    def find_fault(self) -> str:
        """Return what is wrong across the sensor's keys as one sentence, or nothing."""
        if self.kind == "gpio":
            return self._find_gpio_fault()
        if self.kind in LANE_TIMERS and self.gate:
            return f"key 'sensor.gate': '{self.name}' tells start from finish itself; take the key out"
        if self.pins:
            return (
                f"key 'sensor.pins': sensor '{self.name}' is of kind '{self.kind}'; pins are for kind 'gpio'"
            )
        if (self.port is None) == (not self.address):
            return f"key 'sensor.port': sensor '{self.name}' needs either a port or an address"
        if self.device.dials_us and self.port is not None:
            return (
                f"key 'sensor.port': a sensor of kind '{self.kind}' dials us; give the address to listen on"
            )
        if self.address and self.host_and_port is None:
            return f"key 'sensor.address': '{self.address}' is not host:port"
        if self.silent_max_ms is not None and self.silent_max_ms < SILENT_MIN_MS:
            return (
                f"key 'sensor.silent_max_ms': less than {SILENT_MIN_MS} ms, but a heartbeat comes each second"
            )
        if self.device_id and self.kind != "beamline":
            return f"key 'sensor.device_id': only a sensor of kind 'beamline' says its id, not '{self.kind}'"
        if self.accept_unchecked and self.kind not in ("p3", "amb-text"):
            return f"key 'sensor.accept_unchecked': kind '{self.kind}' has no records without a checksum"
        return ""

    def _find_gpio_fault(self) -> str:
        if self.device_id:
            return "key 'sensor.device_id': pins have none; it is for kind 'beamline'"
        if self.port is not None or self.address:
            return f"key 'sensor.port': sensor '{self.name}' is on pins; it has neither port nor address"
        if not 1 <= len(self.pins) <= GPIO_CHANNELS_MAX_COUNT:
            return (
                f"key 'sensor.pins': sensor '{self.name}' needs 1 to {GPIO_CHANNELS_MAX_COUNT} GPIO numbers"
            )
        if len(set(self.pins)) < len(self.pins):
            return f"key 'sensor.pins': sensor '{self.name}' names a pin twice"
        return ""


class GateConfig(Config, frozen=True, kw_only=True):
    """One line across the track. What comes within `hold_off_ms` of a passing is evidence, not another one.

    With `lanes` each channel of a sensor there is a lane, and has a hold-off of its own.
    """

    name: str
    hold_off_ms: int = HOLD_OFF_DEFAULT_MS
    lanes: bool = False


PinNumber = Annotated[int, Meta(ge=0, le=255)]


class BoxConfig(Config, frozen=True, kw_only=True):
    """What hangs beside the track, each on a GPIO number: lamps of the start light, a buzzer, and a clock for
    the racer on two pins (its clock wire, its data wire). All optional."""

    armed_pin: PinNumber | None = None
    go_pin: PinNumber | None = None
    time_up_pin: PinNumber | None = None
    fault_pin: PinNumber | None = None
    buzzer_pin: PinNumber | None = None
    clock_pins: tuple[PinNumber, PinNumber] | None = None
    chip: str = ""

    @property
    def pins(self) -> list[int]:
        """Return every pin that is named, twice where it is named twice."""
        single = [self.armed_pin, self.go_pin, self.time_up_pin, self.fault_pin, self.buzzer_pin]
        return [*(one for one in single if one is not None), *(self.clock_pins or ())]


class BridgeConfig(Config, frozen=True, kw_only=True):
    api: ApiConfig
    spool_folder: Path
    spool_max_mb: Annotated[int, Meta(ge=SPOOL_MIN_MB)] = 512
    status_file: Path | None = None
    sensors: tuple[SensorConfig, ...] = msgspec.field(name="sensor")
    gates: tuple[GateConfig, ...] = msgspec.field(name="gate", default=())
    box: BoxConfig = BoxConfig()

    @classmethod
    def load(cls, path: Path) -> BridgeConfig:
        """Return the config at `path`. Raises ConfigRefused naming file, key and reason."""
        config = load_config(cls, path)
        reason = config.find_fault()
        if reason:
            raise ConfigRefused(path=path, reason=reason)
        return config

    @property
    def status_path(self) -> Path:
        """Where `pitboard sensors` looks: beside trackside's socket, which is in memory on a unit."""
        return self.status_file or self.api.socket.parent / STATUS_FILE_NAME

    def hold_off_ms(self, gate_name: str) -> int:
        return next((gate.hold_off_ms for gate in self.gates if gate.name == gate_name), HOLD_OFF_DEFAULT_MS)

    def has_lanes(self, gate_name: str) -> bool:
        return any(gate.lanes for gate in self.gates if gate.name == gate_name)

    def find_fault(self) -> str:
        """Return what is wrong across keys as one sentence, or nothing."""
        names = [sensor.name for sensor in self.sensors]
        if not names:
            return "key 'sensor': no sensor is configured; add a [[sensor]] with name and port"
        if len(set(names)) < len(names):
            return "key 'sensor.name': two sensors have the same name"
        shared = _two_at_one_port(self.sensors)
        if shared:
            return shared
        taken = [pin for sensor in self.sensors for pin in sensor.pins] + self.box.pins
        twice = next((pin for pin in taken if taken.count(pin) > 1), None)
        if twice in self.box.pins:
            return f"key 'box': pin {twice} is named twice"
        used = {sensor.gate_name for sensor in self.sensors}
        for gate in self.gates:
            if gate.name not in used:
                return f"key 'gate.name': no sensor belongs to the gate '{gate.name}'"
            if gate.hold_off_ms < 0:
                return f"key 'gate.hold_off_ms': {gate.hold_off_ms} is negative"
        return next((fault for sensor in self.sensors if (fault := sensor.find_fault())), "")


def _two_at_one_port(sensors: Sequence[SensorConfig]) -> str:
    """Return what to do where two sensors are to read one port: each would get a part of the bytes."""
    reads: dict[str, SensorConfig] = {}
    for sensor in sensors:
        if sensor.port is None:
            continue
        before = reads.setdefault(os.path.realpath(sensor.port), sensor)
        if before is not sensor:
            return (
                f"key 'sensor.port': '{before.name}' and '{sensor.name}' read the same port ({sensor.port}). "
                "Two adapters of one name lie apart in /dev/serial/by-path; `pitboard sensors` lists both"
            )
    return ""
