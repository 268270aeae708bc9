"""`pitboard sync`: run the exchange between this unit and central."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from pitboard.doors.door import check_url
from pitboard.errors import ConfigRefused
from pitboard.program.config import Config, Fingerprint, Url, load_config, load_event_file
from pitboard.program.program import config_option, run_program
from sync.relay import run_relay


class SyncConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`central` is the base URL of central's ingest, `unit_socket` the unit's local API.

    `event_file` is what `pitboard enrol` wrote beside the unit's journal: it knows both of central.
    """

    unit_socket: Path
    central: Url | None = None
    central_fingerprint: Fingerprint | None = None
    event_file: Path | None = None

    def __post_init__(self) -> None:
        if self.central is not None:
            check_url(self.central)

    @classmethod
    def load(cls, path: Path) -> SyncConfig:
        """Return the config in the file, central filled in from the enrolment; raises ConfigRefused."""
        config = load_config(cls, path)
        told = None if config.event_file is None else load_event_file(config.event_file)
        if config.central is not None:
            if told is None or config.central_fingerprint is not None:
                return config
            # An address typed here is where that same central is now.
            return msgspec.structs.replace(config, central_fingerprint=told.central_fingerprint)
        if told is None:
            raise ConfigRefused(
                path=path,
                reason="central is not known; run pitboard enrol and name its 'event_file', or add 'central'",
            )
        return msgspec.structs.replace(
            config, central=told.central, central_fingerprint=told.central_fingerprint
        )


@click.command()
@config_option("TOML file with the keys 'central' and 'unit_socket'; see docs/sync.md.")
def sync(config_path: Path) -> None:
    """Carry records between this unit and central, live, with back-off while central is away."""
    config = SyncConfig.load(config_path)
    assert config.central is not None, "load knows it or refuses"
    central, pin, unit_socket = config.central, config.central_fingerprint, config.unit_socket
    run_program("sync", lambda stop: run_relay(central=central, pin=pin, unit_socket=unit_socket, stop=stop))
