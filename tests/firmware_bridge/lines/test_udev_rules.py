"""The udev rules can be read by udev, and keep ModemManager from the adapters that sensors use.

udev itself was not to be had here: the grammar of a rule is checked, not what a kernel makes of it."""

from __future__ import annotations

import re
from pathlib import Path

from venue.set_up.venue_file import BEAM_PORT

RULES = Path(__file__).parents[3] / "systemd" / "udev" / "70-pitboard.rules"
_KEY = r'[A-Z]+(?:\{[A-Za-z_/]+\})?\s*(?:==|!=|\+=|=)\s*"[^"]*"'
_RULE = re.compile(rf"{_KEY}(?:,\s*{_KEY})*")


def rules() -> list[str]:
    lines = [line.strip() for line in RULES.read_text().splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_every_line_is_a_rule_and_every_label_is_there() -> None:
    assert [line for line in rules() if not _RULE.fullmatch(line)] == []
    text = "\n".join(rules())
    assert set(re.findall(r'GOTO="(\w+)"', text)) == set(re.findall(r'LABEL="(\w+)"', text))


def test_modem_manager_stays_away_from_what_sensors_are_plugged_in_by() -> None:
    (ignoring,) = [line for line in rules() if "ID_MM_DEVICE_IGNORE" in line]
    for maker in ("2e8a", "0403", "10c4", "1a86", "067b"):
        assert maker in ignoring


def test_ids_and_places_are_known_before_our_rules_and_modem_manager_comes_after() -> None:
    assert "60-serial.rules" < RULES.name < "77-mm-usb-device-blacklist.rules"


def test_our_own_sensor_is_where_a_venue_without_a_port_looks_for_it() -> None:
    (naming,) = [line for line in rules() if f'SYMLINK+="{BEAM_PORT.removeprefix("/dev/")}"' in line]
    assert 'ATTRS{idVendor}=="2e8a"' in naming
