"""What a trackside unit is told: who it is, which event it serves, where it keeps and offers things."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pitboard.doors.door import Port, check_door, check_interfaces, check_url
from pitboard.program.config import Config, OptionalKey, Url, known_event_key, load_config
from pitboard.race.bodies.body import Id, KeyHex, Name


class ApiConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Unix socket for this unit's own programs."""

    socket: Path


class LanConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The venue's network; `port` 0 lets the system choose, since displays find the unit by mDNS.

    `units` are other units' addresses, for a network that lets no mDNS through.
    """

    host: str = "0.0.0.0"  # noqa: S104 - displays on the venue's LAN read the board here
    port: Port = 8441
    tls: bool = True
    mdns: bool = True
    mdns_interfaces: tuple[str, ...] = ()
    units: tuple[Url, ...] = ()

    def __post_init__(self) -> None:
        check_door(self.host, tls=self.tls)
        check_interfaces(self.mdns_interfaces)
        for url in self.units:
            check_url(url)


class TracksideConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`event_key` is the event's root public key; absent where the unit was enrolled.

    `tracks` are further tracks that this unit times; `track_units` the keys of other units at its tracks,
    such as one at the start gate.
    """

    name: Name
    event_key: OptionalKey = ""
    key_file: Path
    journal: Path
    api: ApiConfig
    track: Id = "1"
    tracks: tuple[Id, ...] = ()
    track_units: tuple[KeyHex, ...] = ()
    lan: LanConfig = LanConfig()

    @classmethod
    def load(cls, path: Path) -> TracksideConfig:
        """Return the config in the file, its event key known; raises ConfigRefused."""
        config = load_config(cls, path)
        event_key = known_event_key(path, config.event_key, config.journal)
        return msgspec.structs.replace(config, event_key=event_key)
