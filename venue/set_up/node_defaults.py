"""A node without a venue's file: sensible defaults, and a sentence for each thing that was assumed."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from pitboard.trust.identity import write_secret
from venue.set_up.installation import NodeFiles
from venue.set_up.node_configs import CENTRAL_JOURNAL, DISPLAY_KEY, ROOT_KEY, UNIT_KEY, Role, config_files
from venue.set_up.node_folders import DATA_FOLDER, make_node_folders
from venue.set_up.venue_file import (
    CentralPart,
    DisplayPart,
    EventPart,
    NetworkPart,
    SensorPart,
    UnitPart,
    VenueFile,
)

ALL_IN_ONE = "all-in-one"
SECRETS = (
    UNIT_KEY.name,
    ROOT_KEY.name,
    DISPLAY_KEY.name,
    CENTRAL_JOURNAL.with_suffix(".tls.pem").name,
)
_ELSEWHERE = NetworkPart(central="https://central.local:8081")


def default_node(role: Role | str, host: str, *, kept: Mapping[str, bytes]) -> tuple[NodeFiles, list[str]]:
    """Return what a node of the role gets, and what was assumed.

    Central and all-in-one get keys, but for those `kept` that the machine has already {file name: content}.
    """
    unit = UnitPart(host=host, name=host, sensor=(SensorPart(kind="beam"),))
    display = DisplayPart(host=host, name=f"{host} board")
    if role in ("trackside", "display"):
        venue = VenueFile(
            event=EventPart(name="Pitboard"),
            network=_ELSEWHERE,
            unit=(unit,) if role == "trackside" else (),
            display=(display,) if role == "display" else (),
        )
        configs = {name: text.encode() for name, text in config_files(venue, host, enrolled=[]).items()}
        node = NodeFiles(
            host=host, roles=["trackside" if role == "trackside" else "display"], configs=configs, data={}
        )
        return node, _assumed(node, venue)
    venue = VenueFile(
        event=EventPart(name="Pitboard"),
        central=CentralPart(host=host),
        unit=(unit,) if role == ALL_IN_ONE else (),
        display=(display,) if role == ALL_IN_ONE else (),
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, content in kept.items():
            write_secret(Path(folder) / host / DATA_FOLDER / name, content)
        made = make_node_folders(venue, Path(folder))
        node = NodeFiles.of_folder(made[0].folder)
    return node, _assumed(node, venue)


def _assumed(node: NodeFiles, venue: VenueFile) -> list[str]:
    lines = []
    if "central" in node.roles:
        event = venue.event
        lines.append(
            f"the event is called {event.name}, a run takes {event.run}, "
            f"and a lap below {event.shortest_lap} is flagged (central.toml)"
        )
    if "trackside" in node.roles:
        lines.append(f"the unit is called {node.host} and times track 1 (trackside.toml)")
        lines.append("one sensor of ours is plugged in by USB (bridge.toml)")
    if "display" in node.roles:
        lines.append(f"the display is called {node.host} board and has the screen's own size (display.toml)")
    if "central" not in node.roles:
        config = "trackside" if "trackside" in node.roles else "display"
        flag = "" if config == "trackside" else " --display"
        lines.append(
            f"it is enrolled afterwards: sudo pitboard enrol --config /etc/pitboard/{config}.toml{flag}"
        )
    return lines
