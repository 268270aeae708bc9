"""One file makes the configs of every machine, and says all that is wrong with it at once."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from display.config import DisplayConfig
from firmware_bridge.config import BridgeConfig
from pitboard.errors import ConfigRefused
from pitboard.program.config import load_config, load_event_file
from pitboard.trust.identity import Identity
from sync.central.config import CentralConfig
from sync.command import SyncConfig
from trackside.config import TracksideConfig
from trackside.touch.command import TouchConfig
from venue.set_up.command import venue
from venue.set_up.node_configs import toml_text
from venue.set_up.venue_file import VenueFile, duration_ms

EXAMPLE = """
[event]
name = "Sommer-Cup «2026» ✓"
run = "90 s"
shortest_lap = "2.5 s"
show = "1/100 s"

[central]
host = "central"

[[unit]]
host = "track-a"
name = "Track A"
touch = "800x480"
[[unit.sensor]]
kind = "beam"
[[unit.sensor]]
kind = "gpio"
pins = [17]
system = "B"

[[unit]]
host = "track-b"
name = "Track B"
track = "2"
touch = "none"
[[unit.sensor]]
kind = "p3"
address = "192.168.1.50"

[[display]]
host = "grandstand"
name = "Grandstand"
size = "1920x1080"

[[display]]
host = "track-b"
name = "Track B board"
"""


@pytest.fixture
def venue_path(tmp_path: Path) -> Path:
    path = tmp_path / "venue.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    return path


def made(venue_path: Path, out: Path) -> Path:
    outcome = CliRunner().invoke(venue, ["make", str(venue_path), "--out", str(out)])
    assert outcome.exit_code == 0, outcome.output
    return out


def test_every_config_that_is_made_loads(venue_path: Path, tmp_path: Path) -> None:
    out = made(venue_path, tmp_path / "stick")
    central = CentralConfig.load(out / "central" / "etc" / "central.toml")
    assert (central.event.name, central.event.run_ms, central.event.lap_min_ms) == (
        "Sommer-Cup «2026» ✓",
        90_000,
        2_500,
    )
    assert central.event.resolution_ns == 10_000_000
    stands = Identity.load_or_create(out / "grandstand" / "data" / "display.key")
    assert central.display[0].key == stands.key
    assert [one.name for one in central.display] == ["Grandstand", "Track B board"]
    configs = out / "track-a" / "etc"
    event_key = central_root_key(out)
    bridge = BridgeConfig.load(configs / "bridge.toml")
    assert [(one.name, one.kind, one.gate, one.system) for one in bridge.sensors] == [
        ("beam-1", "beamline", "finish", "A"),
        ("gpio-2", "gpio", "finish", "B"),
    ]
    touch = TouchConfig.load(configs / "touch.toml")
    assert (touch.width, touch.height, touch.fullscreen) == (800, 480, True)
    p3 = BridgeConfig.load(out / "track-b" / "etc" / "bridge.toml").sensors[0]
    assert p3.address == "192.168.1.50"
    assert not (out / "track-b" / "etc" / "touch.toml").exists()
    for host, config_type, name in (
        ("track-a", TracksideConfig, "trackside.toml"),
        ("grandstand", DisplayConfig, "display.toml"),
        ("track-b", DisplayConfig, "display.toml"),
        ("track-b", SyncConfig, "sync.toml"),
    ):
        here = on_its_machine(out / host, name)
        config = config_type.load(here)
        assert isinstance(config, SyncConfig) or config.event_key == event_key
        assert isinstance(config, TracksideConfig) or str(config.central) == "https://central.local:8081"


def on_its_machine(folder: Path, name: str) -> Path:
    """Return the config with its data folder as it would be on the machine, but below the test's folder."""
    text = (folder / "etc" / name).read_text(encoding="utf-8")
    path = folder / name
    path.write_text(text.replace("/var/lib/pitboard", str(folder / "data")), encoding="utf-8")
    return path


def central_root_key(out: Path) -> str:
    return Identity.load_or_create(out / "central" / "data" / "root.key").key


def test_central_knows_each_unit_by_its_key_and_each_node_knows_central(
    venue_path: Path, tmp_path: Path
) -> None:
    out = made(venue_path, tmp_path / "stick")
    central = CentralConfig.load(out / "central" / "etc" / "central.toml")
    keys = {
        host: Identity.load_or_create(out / host / "data" / "unit.key").key for host in ("track-a", "track-b")
    }
    assert {unit.name: unit.key for unit in central.unit} == {
        "Track A": keys["track-a"],
        "Track B": keys["track-b"],
    }
    told = load_event_file(out / "grandstand" / "data" / "event.toml")
    assert told is not None
    assert (told.event_key, told.name) == (central_root_key(out), "Grandstand")


def test_made_again_the_keys_stay_and_a_config_that_is_no_longer_meant_goes(
    venue_path: Path, tmp_path: Path
) -> None:
    out = made(venue_path, tmp_path / "stick")
    before = {path: path.read_bytes() for path in out.rglob("*.key")}
    venue_path.write_text(
        EXAMPLE.replace('kind = "p3"', 'kind = "amb-text"').replace('touch = "800x480"', 'touch = "none"')
    )
    made(venue_path, out)
    assert {path: path.read_bytes() for path in out.rglob("*.key")} == before
    assert len(before) == 5  # of the event, two units and two displays
    assert not (out / "track-a" / "etc" / "touch.toml").exists()
    assert BridgeConfig.load(out / "track-b" / "etc" / "bridge.toml").sensors[0].kind == "amb-text"


def test_keys_are_for_their_owner_only(venue_path: Path, tmp_path: Path) -> None:
    out = made(venue_path, tmp_path / "stick")
    secrets = [*out.rglob("*.key"), *out.rglob("*.pem")]
    assert secrets
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}


def test_check_lists_the_machines(venue_path: Path) -> None:
    outcome = CliRunner().invoke(venue, ["check", str(venue_path)])
    assert outcome.exit_code == 0
    assert "track-b          trackside, display" in outcome.output


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "venue.toml"
    path.write_text(
        EXAMPLE.replace('run = "90 s"', 'run = "90"')
        .replace('show = "1/100 s"', 'show = "1/3 s"')
        .replace('name = "Track B"', 'name = "Track A"')
        .replace("pins = [17]", "pins = [17, 17]")
        .replace('host = "grandstand"', 'host = "track-b"')
    )
    with pytest.raises(ConfigRefused) as refused:
        VenueFile.load(path)
    text = str(refused.value)
    for part in (
        "key 'event.run': '90' is no duration; write it like 3 min, 90 s or 250 ms",
        "key 'event.show': '1/3 s' is no share of a second",
        "name: 'Track A' stands 2 times",
        "display.host: 'track-b' stands 2 times",
        "pins: '17' stands 2 times",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("text", "ms"),
    [("3 min", 180_000), ("90s", 90_000), ("2.5 s", 2_500), ("250 ms", 250), ("1 h", 3_600_000)],
)
def test_durations_are_read_as_people_write_them(text: str, ms: int) -> None:
    assert duration_ms(text) == ms


@pytest.mark.parametrize("text", ["", "3", "-3 s", "3 days", "1e3 s", "３ s\n", "0x10 s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        duration_ms(text)


def test_text_for_toml_reads_back_as_it_was() -> None:
    hostile = 'a "b" \\ \t\n[table]\n# é 漢 🚀'
    settings = {
        "name": hostile,
        "list": ["x", hostile],
        "in": {"n": 1, "b": True},
        "many": [{"x": hostile}, {"x": "2"}],
    }
    assert tomllib.loads(toml_text(settings)) == json.loads(json.dumps(settings))  # type: ignore[arg-type]


RULES = """
[formats.League]
preset = "DeepRacer, best lap"
run_ms = 120_000
[classes."kids & co"]
name = 'Kids "B"'
format = "Hill climb"
[stages.finals]
kind = "ladder"
race_class = "kids & co"
picked = ["c1", "c2"]
"""


def test_the_rules_of_the_race_reach_centrals_config_as_they_stand(venue_path: Path, tmp_path: Path) -> None:
    event = '[event]\nname = "Cup"\nformat = "League"\n'
    venue_path.write_text(event + RULES + EXAMPLE[EXAMPLE.index("[central]") :], encoding="utf-8")
    central = CentralConfig.load(made(venue_path, tmp_path / "stick") / "central" / "etc" / "central.toml")
    asked = VenueFile.load(venue_path)
    assert (central.formats, central.classes, central.stages) == (asked.formats, asked.classes, asked.stages)
    assert (central.event.format, central.event.run_ms) == ("League", None)


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ('run = "90 s"\nformat = "League"', "event.run and event.format exclude each other"),
        ('show = "1/10 s"\nformat = "League"', "event.show and event.format exclude each other"),
        ('format = "Leage"', 'there is no format "Leage"'),
    ],
)
def test_a_rule_that_cannot_be_is_said_before_anything_is_made(
    venue_path: Path, event: str, sentence: str
) -> None:
    rest = RULES + EXAMPLE[EXAMPLE.index("[central]") :]
    venue_path.write_text(f'[event]\nname = "Cup"\n{event}\n{rest}', encoding="utf-8")
    with pytest.raises(ConfigRefused) as refused:
        VenueFile.load(venue_path)
    assert sentence in str(refused.value)


def test_rules_without_a_central_of_this_venue_are_refused(venue_path: Path) -> None:
    text = EXAMPLE.replace('[central]\nhost = "central"', '[network]\ncentral = "https://192.0.2.7:8081"')
    venue_path.write_text(text + RULES, encoding="utf-8")
    with pytest.raises(ConfigRefused) as refused:
        VenueFile.load(venue_path)
    assert "write them in its central.toml" in str(refused.value)


def test_an_event_without_a_unit_is_centrals_desk_alone(venue_path: Path, tmp_path: Path) -> None:
    venue_path.write_text('[event]\nname = "Cup"\n[central]\nhost = "central"\n', encoding="utf-8")
    out = made(venue_path, tmp_path / "stick")
    central = CentralConfig.load(out / "central" / "etc" / "central.toml")
    assert (central.admin.host, central.admin.port, central.admin.tls) == ("0.0.0.0", 8082, True)
    assert central.unit == []
    assert [one.name for one in out.iterdir()] == ["central"]
    venue_path.write_text('[event]\nname = "Cup"\n[network]\ncentral = "https://192.0.2.7:8081"\n')
    with pytest.raises(ConfigRefused, match="neither \\[\\[unit\\]\\] nor \\[central\\]"):
        VenueFile.load(venue_path)


def test_a_device_that_tells_start_from_finish_keeps_saying_so(venue_path: Path, tmp_path: Path) -> None:
    text = EXAMPLE.replace('kind = "p3"\naddress = "192.168.1.50"', 'kind = "alge"\nport = "/dev/ttyUSB1"')
    venue_path.write_text(text, encoding="utf-8")
    out = made(venue_path, tmp_path / "stick")
    assert BridgeConfig.load(out / "track-b" / "etc" / "bridge.toml").sensors[0].gate == ""
    assert BridgeConfig.load(out / "track-a" / "etc" / "bridge.toml").sensors[0].gate == "finish"


def test_units_at_one_track_know_each_others_keys(venue_path: Path, tmp_path: Path) -> None:
    text = EXAMPLE.replace('name = "Track A"\n', 'name = "Track A"\nwith_units = ["track-b"]\n')
    venue_path.write_text(text.replace('track = "2"\n', ""), encoding="utf-8")
    out = made(venue_path, tmp_path / "stick")
    finish = load_config(TracksideConfig, out / "track-a" / "etc" / "trackside.toml")
    start = load_config(TracksideConfig, out / "track-b" / "etc" / "trackside.toml")
    assert finish.track_units == (Identity.load_or_create(out / "track-b" / "data" / "unit.key").key,)
    assert start.track_units == ()
    for wrong, sentence in (
        ("track-a", "no other unit has the host"),
        ("hall", "no other unit has the host"),
    ):
        venue_path.write_text(text.replace('["track-b"]', f'["{wrong}"]'), encoding="utf-8")
        with pytest.raises(ConfigRefused, match=sentence):
            VenueFile.load(venue_path)
    venue_path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigRefused, match="'track-b' is at another track, '2'"):
        VenueFile.load(venue_path)
