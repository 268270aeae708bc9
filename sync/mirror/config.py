"""What `mirror.toml` may say."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pitboard.broker.broker_client import BrokerConfig
from pitboard.program.config import Config, load_config
from pitboard.race.bodies.body import KeyHex
from sync.central.config import PublicConfig


class MirrorConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`event_key` is the event's root public key, under which all that comes must be signed."""

    event_key: KeyHex
    journal: Path
    broker: BrokerConfig
    public: PublicConfig = msgspec.field(default_factory=PublicConfig)

    @classmethod
    def load(cls, path: Path) -> MirrorConfig:
        """Return the config in the file; raises ConfigRefused naming file, key and reason."""
        return load_config(cls, path)
