"""A display's door, also on a card that takes nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec

from display.config import DisplayConfig
from display.display_door import door_of

CONFIG = DisplayConfig(name="Stand", event_key="ab" * 32, journal=Path("/proc/self/display.db"))


def test_where_no_certificate_can_be_kept_the_display_serves_under_one_of_this_start() -> None:
    first, second = door_of(CONFIG), door_of(CONFIG)
    assert first.tls is not None
    assert len(first.label_key) == 64
    assert first.label_key != second.label_key


def test_a_damaged_certificate_darkens_no_display_and_a_kept_one_stays(tmp_path: Path) -> None:
    config = msgspec.structs.replace(CONFIG, journal=tmp_path / "display.db")
    assert door_of(config).label_key == door_of(config).label_key
    (tmp_path / "display.tls.pem").write_text("rubbish")
    renewed = door_of(config)
    assert renewed.tls is not None
    assert door_of(config).label_key == renewed.label_key
    plain = msgspec.structs.replace(config, status_tls=False, status_host="127.0.0.1")
    assert door_of(plain).tls is None
