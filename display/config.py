"""What a display is told: its name, its event, where it keeps its replica and whom it may ask."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.broker.broker_client import BrokerConfig
from pitboard.doors.door import Port, check_door, check_interfaces, check_url
from pitboard.drawing.panel import OVERSCAN_MAX_PERCENT, Turn
from pitboard.program.config import (
    Config,
    Fingerprint,
    OptionalKey,
    Url,
    event_file_beside,
    known_event_key,
    load_config,
    load_event_file,
)
from pitboard.race.bodies.body import Name
from pitboard.race.scene_names import SCENE_NAMES, HallSound
from pitboard.sentences.language import LanguageCode

SceneName = Annotated[str, Meta(pattern=f"^({'|'.join(SCENE_NAMES)})\\Z")]
Pixels = Annotated[int, Meta(ge=240, le=8_192)]


class DisplayConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`event_key` is the event's root public key; it and central are known by themselves once enrolled.

    `broker` is where it follows central from afar, while neither a unit nor central itself answers.
    `size` absent means the size of the screen. `hall_m` is how far away the last who reads it stands,
    `sponsors` a folder of pictures, `phone_url` what the QR scene leads to; `scenes` are shown while nobody
    assigned any, `sounds` are heard over HDMI.
    """

    name: Name
    event_key: OptionalKey = ""
    journal: Path
    units: tuple[Url, ...] = ()
    central: Url | None = None
    central_fingerprint: Fingerprint | None = None
    broker: BrokerConfig | None = None
    mdns: bool = True
    mdns_interfaces: tuple[str, ...] = ()
    size: tuple[Pixels, Pixels] | None = None
    fullscreen: bool = True
    theme: str = "dark-hall"
    rotate: Turn = 0
    overscan_percent: Annotated[int, Meta(ge=0, le=OVERSCAN_MAX_PERCENT)] = 0
    language: LanguageCode = "en"
    hall_m: Annotated[int, Meta(ge=1, le=100)] | None = None
    phone_url: str = ""
    sponsors: Path | None = None
    status_host: str = "0.0.0.0"  # noqa: S104 - officials' touchscreens on the venue's LAN ask here
    status_port: Port = 0
    status_tls: bool = True
    frame_log: Path | None = None
    picture_path: Path | None = None
    picture_always: bool = False
    scenes: tuple[SceneName, ...] = ()
    sounds: tuple[HallSound, ...] = ()
    volume_percent: Annotated[int, Meta(ge=0, le=100)] = 60

    def __post_init__(self) -> None:
        check_door(self.status_host, tls=self.status_tls)
        check_interfaces(self.mdns_interfaces)
        for url in (*self.units, *([self.central] if self.central else [])):
            check_url(url)

    @classmethod
    def load(cls, path: Path) -> DisplayConfig:
        """Return the config in the file, with what this display was told at its enrolment filled in."""
        config = load_config(cls, path)
        event_key = known_event_key(path, config.event_key, config.journal)
        config = msgspec.structs.replace(config, event_key=event_key)
        told = load_event_file(event_file_beside(config.journal))
        if told is None or config.central is not None or told.event_key != event_key:
            return config
        return msgspec.structs.replace(
            config, central=told.central, central_fingerprint=told.central_fingerprint
        )
