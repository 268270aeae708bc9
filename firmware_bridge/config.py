"""What `bridge.toml` may say; `docs/bridge.md` explains each key."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pitboard.config import Config, load_config
from pitboard.errors import ConfigRefused

HOLD_OFF_DEFAULT_MS = 300
SILENT_MAX_DEFAULT_MS = 2_500
SILENT_MIN_MS = 1_200


class ApiConfig(Config, frozen=True, kw_only=True):
    socket: Path


class SensorConfig(Config, frozen=True, kw_only=True):
    """One device on one port; its passings belong to `gate`, by default one of the sensor's own name."""

    name: str
    port: Path
    gate: str = ""
    silent_max_ms: int = SILENT_MAX_DEFAULT_MS

    @property
    def gate_name(self) -> str:
        return self.gate or self.name


class GateConfig(Config, frozen=True, kw_only=True):
    """One line across the track. A second trip within `hold_off_ms` is evidence, not a passing."""

    name: str
    hold_off_ms: int = HOLD_OFF_DEFAULT_MS


class BridgeConfig(Config, frozen=True, kw_only=True):
    api: ApiConfig
    spool_folder: Path
    sensors: tuple[SensorConfig, ...] = msgspec.field(name="sensor")
    gates: tuple[GateConfig, ...] = msgspec.field(name="gate", default=())

    @classmethod
    def load(cls, path: Path) -> BridgeConfig:
        """Return the config at `path`. Raises ConfigRefused naming file, key and reason."""
        config = load_config(cls, path)
        reason = config.find_fault()
        if reason:
            raise ConfigRefused(path=path, reason=reason)
        return config

    def hold_off_ms(self, gate_name: str) -> int:
        return next((gate.hold_off_ms for gate in self.gates if gate.name == gate_name), HOLD_OFF_DEFAULT_MS)

    def find_fault(self) -> str:
        """Return what is wrong across keys as one sentence, or nothing."""
        names = [sensor.name for sensor in self.sensors]
        if not names:
            return "key 'sensor': no sensor is configured; add a [[sensor]] with name and port"
        if len(set(names)) < len(names):
            return "key 'sensor.name': two sensors have the same name"
        used = {sensor.gate_name for sensor in self.sensors}
        for gate in self.gates:
            if gate.name not in used:
                return f"key 'gate.name': no sensor belongs to the gate '{gate.name}'"
            if gate.hold_off_ms < 0:
                return f"key 'gate.hold_off_ms': {gate.hold_off_ms} is negative"
        if any(sensor.silent_max_ms < SILENT_MIN_MS for sensor in self.sensors):
            return (
                f"key 'sensor.silent_max_ms': less than {SILENT_MIN_MS} ms, but a heartbeat comes each second"
            )
        return ""
