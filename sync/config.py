"""What the sync process is told: its unit's socket and where central listens."""

from __future__ import annotations

from pathlib import Path

from pitboard.config import Config


class SyncConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`central` is the base URL of central's ingest, `unit_socket` the unit's local API."""

    central: str
    unit_socket: Path
