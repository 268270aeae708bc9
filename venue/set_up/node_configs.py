"""From the venue's file to the config files of one machine, as text; pure.

Paths are the same on every machine: data below /var/lib/pitboard, sockets below /run/pitboard."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from pitboard.program.config import EVENT_FILE_NAME, display_key_beside
from pitboard.program.event_rules import EventRules
from venue.set_up.venue_file import NO_SCREEN, DisplayPart, UnitPart, VenueFile, sensor_config

Role = Literal["central", "trackside", "display"]

DATA = PurePosixPath("/var/lib/pitboard")
SOCKETS = PurePosixPath("/run/pitboard")
UNIT_SOCKET = SOCKETS / "trackside.sock"
UNIT_KEY = DATA / "unit.key"
DISPLAY_JOURNAL = DATA / "display.db"
DISPLAY_KEY = DATA / display_key_beside(Path(DISPLAY_JOURNAL)).name
ROOT_KEY = DATA / "root.key"
CENTRAL_JOURNAL = DATA / "central.db"
INGEST_PORT = 8081
DESK_PORT = 8082
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_WRITTEN = "# Written by `pitboard venue make`; change venue.toml and make it again.\n"

Value = str | int | bool | PurePosixPath | list[str] | list[int]
Settings = Mapping[str, "Value | Settings | list[Settings]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A unit or display that central knows from its first start: its name and its public key."""

    name: str
    key: str


def roles_of(venue: VenueFile, host: str) -> list[Role]:
    """Return what runs on the machine."""
    roles: list[Role] = []
    if venue.central is not None and venue.central.host == host:
        roles.append("central")
    if any(unit.host == host for unit in venue.unit):
        roles.append("trackside")
    if any(display.host == host for display in venue.display):
        roles.append("display")
    return roles


def central_address(venue: VenueFile) -> str | None:
    """Return where units and displays find central, None for a venue without one."""
    if venue.network.central:
        return venue.network.central.rstrip("/")
    return f"https://{venue.central.host}.local:{INGEST_PORT}" if venue.central else None


def config_files(
    venue: VenueFile, host: str, *, enrolled: list[Enrolled], displays: Sequence[Enrolled] = ()
) -> dict[str, str]:
    """Return {file name: text} of all that the machine's programs are told."""
    files: dict[str, Settings] = {}
    if venue.central is not None and venue.central.host == host:
        files["central.toml"] = _central(venue, enrolled, displays)
    for unit in venue.unit:
        if unit.host == host:
            hosts = {other.name: other.host for other in venue.unit}
            others = [one.key for one in enrolled if hosts.get(one.name) in unit.with_units]
            files |= _unit_files(unit, others, has_central=central_address(venue) is not None)
    for display in venue.display:
        if display.host == host:
            files["display.toml"] = _display(display)
    return {name: _WRITTEN + toml_text(settings) for name, settings in files.items()}


def _central(venue: VenueFile, enrolled: Sequence[Enrolled], displays: Sequence[Enrolled]) -> Settings:
    event = venue.event
    nodes: dict[str, list[Settings]] = {
        kind: [{"name": one.name, "key": one.key} for one in those]
        for kind, those in (("unit", enrolled), ("display", displays))
    }
    said = {"format": event.format or None, "resolution_ns": event.resolution_ns}
    said |= {"run_ms": event.run_ms, "lap_min_ms": event.lap_min_ms}
    rules = msgspec.to_builtins({key: getattr(venue, key) for key in EventRules.__struct_fields__})
    public: Settings = {"host": "0.0.0.0"}  # noqa: S104 - phones of the venue read the board here
    beside: Settings = {}
    desk: Settings = {"host": "0.0.0.0", "port": DESK_PORT}  # noqa: S104
    if venue.central is not None and venue.central.in_containers:
        public = {"host": "127.0.0.1", "files": "/run/pitboard-public/files"}  # nginx is in front
        beside = {"admin": desk, "metrics": {}}
    elif not venue.unit:
        beside = {"admin": desk}  # where runs are typed, by phones of the venue too
    return {
        "event": {"name": event.name, **{key: value for key, value in said.items() if value is not None}},
        **{key: tables for key, tables in rules.items() if tables},
        "root_key_file": ROOT_KEY,
        "journal": CENTRAL_JOURNAL,
        "public": public,
        "ingest": {"host": "0.0.0.0", "port": INGEST_PORT, "address": central_address(venue) or ""},  # noqa: S104
        **beside,
        **nodes,
    }


def _unit_files(unit: UnitPart, others: list[str], *, has_central: bool) -> dict[str, Settings]:
    files: dict[str, Settings] = {
        "trackside.toml": {
            "name": unit.name,
            "key_file": UNIT_KEY,
            "journal": DATA / "unit.db",
            "track": unit.track,
            "track_units": others,
            "api": {"socket": UNIT_SOCKET},
        }
    }
    if unit.sensor:
        files["bridge.toml"] = _bridge(unit)
    if unit.touch != NO_SCREEN:
        files["touch.toml"] = {
            "socket": UNIT_SOCKET,
            "fullscreen": True,
            "settings_file": DATA / "touch-settings.json",
            **_size_keys(unit.touch),
        }
    if has_central:
        files["sync.toml"] = {"unit_socket": UNIT_SOCKET, "event_file": DATA / EVENT_FILE_NAME}
    return files


def _bridge(unit: UnitPart) -> Settings:
    sensors: list[Settings] = []
    for number, sensor in enumerate(unit.sensor, start=1):
        config = sensor_config(sensor, number)
        told: dict[str, Value] = {"name": config.name, "kind": config.kind}
        told |= {"gate": config.gate} if config.gate else {}
        told |= {"port": PurePosixPath(config.port)} if config.port is not None else {}
        told |= {"address": config.address} if config.address else {}
        told |= {"track": config.track} if config.track else {}
        told |= {"system": config.system} if config.system != "A" else {}
        if config.pins:
            told |= {"pins": list(config.pins), "active": config.active, "pull": config.pull}
        sensors.append(told)
    return {"spool_folder": DATA / "raw", "api": {"socket": UNIT_SOCKET}, "sensor": sensors}


def _display(display: DisplayPart) -> Settings:
    size = display.size
    return {
        "name": display.name,
        "journal": DISPLAY_JOURNAL,
        **({"size": [int(part) for part in size.split("x")]} if size else {}),
    }


def _size_keys(size: str) -> dict[str, Value]:
    if not size:
        return {}
    width, height = size.split("x")
    return {"width": int(width), "height": int(height)}


def toml_text(settings: Settings, above: str = "") -> str:
    """Return the settings as TOML: plain values first, then tables, then lists of tables.

    `above` is where the settings stand in the file, with its last dot.
    """
    plain, tables = "", ""
    for key, value in settings.items():
        place = above + (key if _BARE_KEY.fullmatch(key) else _toml_value(key))
        if isinstance(value, Mapping):
            tables += f"\n[{place}]\n{toml_text(value, place + '.')}"
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            parts = (toml_text(one, place + ".") for one in value if isinstance(one, Mapping))
            tables += "".join(f"\n[[{place}]]\n{part}" for part in parts)
        elif not (isinstance(value, list) and not value):
            plain += f"{place.removeprefix(above)} = {_toml_value(value)}\n"
    return plain + tables


def _toml_value(value: object) -> str:
    if isinstance(value, PurePosixPath):
        value = str(value)
    # A JSON text is a TOML text but for DEL, which no name of ours has.
    return json.dumps(value, ensure_ascii=False)
