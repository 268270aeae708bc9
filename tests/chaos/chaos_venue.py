"""The venue's folder: keys and configs of two units, two displays and central, one folder a machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pitboard.trust.certificate import Certificate, certificate_beside
from pitboard.trust.identity import Identity
from tests.chaos.network import CENTRAL, NODES
from venue.demo.demo_venue import LAP_MIN_MS, RUN_MS, text

TRACKS = ("a", "b")
DISPLAYS = ("display-1", "display-2")
REPLICAS = ("unit-a", "unit-b", *DISPLAYS, "central")
INGEST_PORT = 8441
SMALL_DISK_NODE = "unit-b"


@dataclass(frozen=True, slots=True)
class ChaosVenue:
    """Where everything of one run lies; `sockets` is a short path, for a socket's has at most 107 bytes."""

    folder: Path
    sockets: Path

    def config(self, node: str, program: str) -> Path:
        return self.folder / node / f"{program}.toml"

    def data(self, node: str) -> Path:
        return self.folder / node / "data"

    def journal(self, node: str) -> Path:
        return self.data(node) / "journal.db"

    def clock_file(self, node: str) -> Path:
        return self.folder / node / "clock"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.jsonl"

    def api_socket(self, track: str) -> Path:
        return self.sockets / f"trackside-{track}.sock"

    def touch_control(self, track: str) -> Path:
        return self.sockets / f"touch-{track}.sock"

    def beam_link(self, track: str) -> Path:
        return self.sockets / f"beam-{track}"

    @property
    def proxy_control(self) -> Path:
        return self.sockets / "proxy.sock"

    @property
    def admin_socket(self) -> Path:
        return self.sockets / "admin.sock"

    def set_up(self) -> None:
        """Write keys and configs, as a technician would have."""
        for node in REPLICAS:
            self.data(node).mkdir(parents=True, exist_ok=True)
            self.clock_file(node).write_text("+0\n")
        root = Identity.load_or_create(self.folder / "central" / "event.key")
        certificate = Certificate.load_or_create(certificate_beside(self.journal("central")))
        self._write("central", "central", self._central())
        for track in TRACKS:
            for program, lines in self._unit(track, root.key, certificate.fingerprint):
                self._write(f"unit-{track}", program, lines)
        for display in DISPLAYS:
            self._write(display, "display", self._display(display, root.key, certificate.fingerprint))

    def _central(self) -> str:
        units = "".join(
            f"""
            [[unit]]
            name = "Track {track.upper()}"
            key = "{Identity.load_or_create(self._unit_key(track)).key}"
            """
            for track in TRACKS
        )
        return f"""
            root_key_file = "event.key"
            journal = "data/journal.db"
            [event]
            name = "Chaos"
            run_ms = {RUN_MS}
            lap_min_ms = {LAP_MIN_MS}
            [public]
            host = "127.0.0.1"
            [ingest]
            host = "{CENTRAL}"
            port = {INGEST_PORT}
            [admin]
            socket = {text(self.admin_socket)}
            {units}
            """

    def _unit(self, track: str, event_key: str, fingerprint: str) -> Iterator[tuple[str, str]]:
        api_socket = text(self.api_socket(track))
        yield (
            "trackside",
            f"""
            name = "Track {track.upper()}"
            track = "{track}"
            event_key = "{event_key}"
            key_file = {text(self._unit_key(track))}
            journal = "data/journal.db"
            [api]
            socket = {api_socket}
            """,
        )
        yield (
            "bridge",
            f"""
            spool_folder = "data/spool"
            [api]
            socket = {api_socket}
            [[sensor]]
            name = "beam-{track}"
            port = {text(self.beam_link(track))}
            """,
        )
        yield (
            "sync",
            f"""
            unit_socket = {api_socket}
            central = "https://{NODES["gateway"]}:{INGEST_PORT}"
            central_fingerprint = "{fingerprint}"
            """,
        )
        yield (
            "touch",
            f"""
            socket = {api_socket}
            control_socket = {text(self.touch_control(track))}
            """,
        )

    def _display(self, name: str, event_key: str, fingerprint: str) -> str:
        return f"""
            name = "{name}"
            event_key = "{event_key}"
            journal = "data/journal.db"
            central = "https://{NODES["gateway"]}:{INGEST_PORT}"
            central_fingerprint = "{fingerprint}"
            size = [640, 360]
            frame_log = {text(self.log(f"frames-{name}"))}
            """

    def _unit_key(self, track: str) -> Path:
        # Outside the small disk: what is tested there is the journal.
        return self.folder / f"unit-{track}" / "unit.key"

    def _write(self, node: str, program: str, lines: str) -> None:
        body = "\n".join(line.strip() for line in lines.strip().splitlines())
        self.config(node, program).write_text(body + "\n", encoding="utf-8")
