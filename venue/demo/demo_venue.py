"""The demo's folder: keys, ports and one TOML file a program, as a technician would have set them up."""

from __future__ import annotations

import json
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pitboard.program.config import display_key_beside
from pitboard.trust.certificate import Certificate, certificate_beside
from pitboard.trust.identity import Identity
from venue.demo.window_places import Windows, screen_size, windows_on

SENSOR = "beam-1"
LOOPBACK = "127.0.0.1"
RUN_MS = 12_000
LAP_MIN_MS = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoVenue:
    """Where everything of one demo lies."""

    folder: Path
    socket_folder: Path
    event_key: str
    public_port: int
    ingest_port: int
    unit_port: int
    display_port: int
    windows: Windows | None

    @classmethod
    def set_up(cls, folder: Path, *, has_windows: bool) -> DemoVenue:
        """Write keys and configs into a folder that holds no earlier demo's data."""
        folder.mkdir(parents=True, exist_ok=True)
        ports = _free_ports(4)
        root = Identity.load_or_create(folder / "keys" / "event.key")
        venue = cls(
            folder=folder,
            # A Unix socket's path has at most 107 bytes, whatever the length of the folder's.
            socket_folder=Path(tempfile.mkdtemp(prefix="pitboard-")),
            event_key=root.key,
            public_port=ports[0],
            ingest_port=ports[1],
            unit_port=ports[2],
            display_port=ports[3],
            windows=windows_on(screen_size()) if has_windows else None,
        )
        certificate = Certificate.load_or_create(certificate_beside(venue.journal("central")))
        unit = Identity.load_or_create(folder / "keys" / "unit.key")
        display = Identity.load_or_create(display_key_beside(venue.journal("display")))
        venue._write_configs(
            unit_key=unit.key, display_key=display.key, central_fingerprint=certificate.fingerprint
        )
        return venue

    @property
    def public_url(self) -> str:
        return f"http://{LOOPBACK}:{self.public_port}/"

    @property
    def control_socket(self) -> Path:
        return self.socket_folder / "touch-control.sock"

    @property
    def beam_link(self) -> Path:
        return self.socket_folder / SENSOR

    def config(self, program: str) -> str:
        return str(self.folder / f"{program}.toml")

    def journal(self, program: str) -> Path:
        return self.folder / "data" / f"{program}.db"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.jsonl"

    def _write_configs(self, *, unit_key: str, display_key: str, central_fingerprint: str) -> None:
        self._write_central(unit_key, display_key)
        self._write_unit(text(self.socket_folder / "trackside.sock"), central_fingerprint)
        board = (1_920, 1_080) if self.windows is None else self.windows.board[2:]
        self._write_display(json.dumps(board))

    def _write_central(self, unit_key: str, display_key: str) -> None:
        self._write(
            "central",
            f"""
            root_key_file = "keys/event.key"
            journal = "data/central.db"
            [event]
            name = "Pitboard demo"
            run_ms = {RUN_MS}
            lap_min_ms = {LAP_MIN_MS}
            [public]
            host = "{LOOPBACK}"
            port = {self.public_port}
            [ingest]
            host = "{LOOPBACK}"
            port = {self.ingest_port}
            [phone_queue]
            address = "{self.public_url}"
            [[unit]]
            name = "Track A"
            key = "{unit_key}"
            [[display]]
            name = "Grandstand"
            key = "{display_key}"
            """,
        )

    def _write_unit(self, api_socket: str, central_fingerprint: str) -> None:
        self._write(
            "trackside",
            f"""
            name = "Track A"
            event_key = "{self.event_key}"
            key_file = "keys/unit.key"
            journal = "data/trackside.db"
            [api]
            socket = {api_socket}
            [lan]
            host = "{LOOPBACK}"
            port = {self.unit_port}
            mdns_interfaces = ["{LOOPBACK}"]
            """,
        )
        self._write(
            "bridge",
            f"""
            spool_folder = "data/spool"
            [api]
            socket = {api_socket}
            [[sensor]]
            name = "{SENSOR}"
            port = {text(self.beam_link)}
            """,
        )
        self._write(
            "sync",
            f"""
            central = "https://{LOOPBACK}:{self.ingest_port}"
            central_fingerprint = "{central_fingerprint}"
            unit_socket = {api_socket}
            """,
        )
        self._write(
            "touch",
            f"""
            socket = {api_socket}
            control_socket = {text(self.control_socket)}
            width = {1_280 if self.windows is None else self.windows.touch.width}
            height = {800 if self.windows is None else self.windows.touch.height}
            """,
        )

    def _write_display(self, size: str) -> None:
        self._write(
            "display",
            f"""
            name = "Grandstand"
            event_key = "{self.event_key}"
            journal = "data/display.db"
            mdns_interfaces = ["{LOOPBACK}"]
            size = {size}
            phone_url = "{self.public_url}"
            sponsors = "sponsors"
            fullscreen = false
            status_host = "{LOOPBACK}"
            status_port = {self.display_port}
            frame_log = "logs/frames.jsonl"
            picture_path = "board.png"
            """,
        )

    def _write(self, program: str, lines: str) -> None:
        body = "\n".join(line.strip() for line in lines.strip().splitlines())
        (self.folder / f"{program}.toml").write_text(body + "\n", encoding="utf-8")


def text(path: Path) -> str:
    """Return the path as a TOML string."""
    return json.dumps(str(path))


def _free_ports(count: int) -> list[int]:
    """Return ports that nobody uses now, all different."""
    listeners = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports = [int(listener.getsockname()[1]) for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports
