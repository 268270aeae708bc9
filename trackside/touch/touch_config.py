"""What `touch.toml` may hold; `docs/touch.md` explains each key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from pitboard.program.config import Config, load_config


class TouchConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    socket: Path  # the local API of `trackside`
    width: Annotated[int, msgspec.Meta(ge=800, le=7680)] = 1280
    height: Annotated[int, msgspec.Meta(ge=480, le=4320)] = 800
    fullscreen: bool = False
    control_socket: Path | None = None  # for a scripted official and for tests; absent at a venue

    @classmethod
    def load(cls, path: Path) -> TouchConfig:
        return load_config(cls, path)
