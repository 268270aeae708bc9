"""What a trackside unit is told: who it is, which event it serves, where it keeps and offers things."""

from __future__ import annotations

from pathlib import Path

from pitboard.config import Config


class ApiConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Unix socket for this unit's own programs."""

    socket: Path


class LanConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The venue's network; `port` 0 lets the system choose, since displays find the unit by mDNS."""

    host: str = "0.0.0.0"  # noqa: S104 - displays on the venue's LAN read the board here
    port: int = 8441
    mdns: bool = True
    mdns_interfaces: tuple[str, ...] = ()


class TracksideConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`event_key` is the event's root public key, 64 hex digits."""

    name: str
    event_key: str
    key_file: Path
    journal: Path
    api: ApiConfig
    track: str = "1"
    lan: LanConfig = LanConfig()
