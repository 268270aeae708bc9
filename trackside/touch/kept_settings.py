"""What the official set on this screen, kept in a small file so that a restart changes nothing."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.errors import NOT_UNDERSTOOD
from pitboard.sentences.language import LanguageCode

log = logging.getLogger(__name__)

Percent = Annotated[int, Meta(ge=0, le=100)]


class KeptSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """None: as the config says, or as the panel is."""

    language: LanguageCode | None = None
    volume_percent: Percent | None = None
    brightness_percent: Percent | None = None


def read_settings(file: Path | None) -> KeptSettings:
    """Return what is kept; a file that is missing or makes no sense keeps nothing."""
    if file is None:
        return KeptSettings()
    try:
        return msgspec.json.decode(file.read_bytes(), type=KeptSettings)
    except (OSError, *NOT_UNDERSTOOD):
        return KeptSettings()


def keep_settings(file: Path | None, settings: KeptSettings) -> None:
    """Replace the file in one step; where that fails, the settings hold until the next start."""
    if file is None:
        return
    fresh = file.with_name(f".{file.name}.new")
    try:
        fresh.write_bytes(msgspec.json.encode(settings))
        fresh.replace(file)
    except OSError as error:
        log.warning("settings not kept: file=%s reason=%s", file, error.strerror)
