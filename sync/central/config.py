"""What `central.toml` may say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from pitboard.broker.broker_client import PublishingConfig
from pitboard.doors.door import Port, check_door
from pitboard.doors.door_limits import LOCAL_PROXIES
from pitboard.errors import ConfigRefused
from pitboard.program.config import Config, Fingerprint, Url, admin_socket_beside, load_config
from pitboard.program.event_rules import EventRules
from pitboard.race.bodies.body import KeyHex, Name
from pitboard.race.bodies.event_bodies import EventRunMs
from pitboard.race.bodies.formats import FormatName, LapMinMs, ResolutionNs

DatabaseUrl = Annotated[str, Meta(pattern=r"^postgres(ql)?://\S+\Z", max_length=500)]
Door = Literal["public", "ingest", "admin"]
DOORS: tuple[Door, ...] = get_args(Door)
_IN_FOLDER = "central.db"


class EventConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The event's name and rules, as every node will learn them from the journal.

    `format` names the event's format. Without one the three numbers change the default rules; what the file
    does not say is as in `DEFAULT_FORMAT`.
    """

    name: Name
    format: FormatName = ""
    resolution_ns: ResolutionNs | None = None
    run_ms: EventRunMs | None = None
    lap_min_ms: LapMinMs | None = None

    @property
    def own_numbers(self) -> list[str]:
        """Return the keys of the rules that the file gives beside a format."""
        return [key for key in ("resolution_ns", "run_ms", "lap_min_ms") if getattr(self, key) is not None]


class PublicConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where phones knock.

    In the folder `files` the board is kept as files, for a server in front; `push` is that server's socket,
    where it is the one that tells each change to the phones. `followers_max_count` bounds the open live
    streams, `calls_per_s` in all what costs something. Of what `trusted_proxies` bring, the address that they
    name last in X-Forwarded-For is the caller's.
    """

    host: str = "127.0.0.1"
    port: Port = 8080
    files: Path | None = None
    push: Path | None = None
    followers_max_count: Annotated[int, Meta(ge=1, le=100_000)] = 5_000
    calls_per_s: Annotated[int, Meta(ge=1, le=100_000)] = 2_000
    trusted_proxies: tuple[str, ...] = LOCAL_PROXIES

    def __post_init__(self) -> None:
        if self.push is not None and self.files is None:
            raise ValueError("push needs files: phones that missed a change ask for them")


class IngestConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where units and displays exchange records.

    `address` is how they reach it (default: https, host and port); `fingerprint` is of the certificate that a
    proxy in front shows instead of ours. Ours is the file `certificate`, beside the journal if absent.
    `mdns` announces the door in the venue, on the addresses `mdns_interfaces` or on all.
    """

    host: str = "127.0.0.1"
    port: Port = 8081
    tls: bool = True
    certificate: Path | None = None
    address: Url | None = None
    fingerprint: Fingerprint | None = None
    mdns: bool = True
    mdns_interfaces: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = LOCAL_PROXIES

    def __post_init__(self) -> None:
        check_door(self.host, tls=self.tls)


class AdminConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Unix socket for the admin's commands; `admin.sock` beside the journal where the file is silent.

    `ingest_socket` is where an ingest door in a process of its own asks the admin's, `join_socket` where a
    public one hands on who wants to join the queue; only then are they there.
    The desk's pages are served at `host` and `port`, and not at all where no port is given. `address` is how
    a browser reaches them (default: https, host and port).
    """

    socket: Path | None = None
    ingest_socket: Path | None = None
    join_socket: Path | None = None
    host: str = "127.0.0.1"
    port: Port | None = None
    tls: bool = True
    address: Url | None = None
    trusted_proxies: tuple[str, ...] = LOCAL_PROXIES

    def __post_init__(self) -> None:
        check_door(self.host, tls=self.tls)


class PhoneQueueConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Racers join the queue by phone: at `address`, by a code on the displays, another every `code_min`.

    At most `asked_max_count` may wait for the official's word. `refused_words` is a file with words that no
    name may have, in place of ours.
    """

    address: Url
    code_min: Annotated[int, Meta(ge=2, le=240)] = 10
    asked_max_count: Annotated[int, Meta(ge=1, le=150)] = 60
    refused_words: Path | None = None


class MetricsConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where Prometheus asks; of three processes the public one has this port, ingest the next, admin the one
    after."""

    host: str = "127.0.0.1"
    port: Port = 9108


class UnitConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trackside unit, or a display, to enrol."""

    name: Name
    key: KeyHex


class CentralConfig(EventRules, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `central.toml`.

    The journal is the file `journal`, or in `database`; then `folder` holds what is not in it.
    """

    name: Name = "Central"
    event: EventConfig
    root_key_file: Path
    journal: Path | None = None
    database: DatabaseUrl | None = None
    folder: Path | None = None
    public: PublicConfig = msgspec.field(default_factory=PublicConfig)
    ingest: IngestConfig = msgspec.field(default_factory=IngestConfig)
    admin: AdminConfig = msgspec.field(default_factory=AdminConfig)
    mqtt: PublishingConfig | None = None
    phone_queue: PhoneQueueConfig | None = None
    metrics: MetricsConfig | None = None
    unit: list[UnitConfig] = msgspec.field(default_factory=list)
    display: list[UnitConfig] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        if (self.journal is None) == (self.database is None):
            raise ValueError("say either 'journal' or 'database'")
        if (self.folder is None) != (self.database is None):
            raise ValueError("'folder' and 'database' go together: say where central keeps its own files")

    @property
    def beside(self) -> Path:
        """Return the path that central's own files are named after."""
        if self.journal is not None:
            return self.journal
        assert self.folder is not None
        return self.folder / _IN_FOLDER

    @property
    def admin_socket(self) -> Path:
        return self.admin.socket or admin_socket_beside(self.beside)

    @property
    def ingest_socket(self) -> Path:
        return self.admin.ingest_socket or self.admin_socket.with_name("ingest.sock")

    @property
    def join_socket(self) -> Path:
        return self.admin.join_socket or self.admin_socket.with_name("join.sock")

    @classmethod
    def load(cls, path: Path) -> CentralConfig:
        """Return the config in the file; raises ConfigRefused naming file, key and reason."""
        config = load_config(cls, path)
        faults = [*config.rule_faults(config.event.format)]
        if config.event.format and config.event.own_numbers:
            told = " and ".join(f"event.{key}" for key in config.event.own_numbers)
            faults.append(
                f"{told} and event.format exclude each other; write the number in the format's table"
            )
        if faults:
            raise ConfigRefused(path=path, reason="\n  ".join(faults))
        taken = set[str]()
        for kind, nodes in (("unit", config.unit), ("display", config.display)):
            for index, node in enumerate(nodes):
                if node.key in taken:
                    raise ConfigRefused(
                        path=path, reason=f"key '{kind}[{index}].key': two nodes share it; keep one"
                    )
                taken.add(node.key)
        return config
