"""What a display is told: its name, its event, where it keeps its replica and whom it may ask."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from pitboard.bodies import KeyHex, Name
from pitboard.config import Config

Url = Annotated[str, Meta(pattern=r"^https?://[^/\s]+/?$")]
Pixels = Annotated[int, Meta(ge=240, le=8_192)]
Port = Annotated[int, Meta(ge=0, le=65_535)]


class DisplayConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`event_key` is the event's root public key; `size` absent means the size of the screen."""

    name: Name
    event_key: KeyHex
    journal: Path
    units: tuple[Url, ...] = ()
    central: Url | None = None
    mdns: bool = True
    mdns_interfaces: tuple[str, ...] = ()
    size: tuple[Pixels, Pixels] | None = None
    fullscreen: bool = True
    status_host: str = "0.0.0.0"  # noqa: S104 - officials' touchscreens on the venue's LAN ask here
    status_port: Port = 0
    frame_log: Path | None = None
    picture_path: Path | None = None
