"""What Prometheus is told is true, in its own form, and names no person; the board asks for nothing else."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import aiohttp
import msgspec

from pitboard.clock import SystemClock
from sync.central.central_server import Central, open_central
from sync.central.config import CentralConfig, MetricsConfig
from sync.central.metrics.exposition import Sample, by_label, family, text_of
from tests.sync.central.central_stage import TrackStory, central_config
from venue.set_up.node_folders import make_node_folders
from venue.set_up.venue_file import VenueFile

DEPLOY = Path(__file__).parents[4] / "deploy"
LINE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[0-9.e+-]+)\Z')


def samples(text: str) -> dict[str, float]:
    """Return {name with its labels: value}, and see that each line has the form."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = LINE.match(line)
            assert match is not None, line
            found[line.rpartition(" ")[0]] = float(match[3])
    return found


def told(folder: Path, story: object) -> None:
    async def run() -> None:
        config = msgspec.structs.replace(central_config(folder), metrics=MetricsConfig(port=0))
        async with open_central(config, SystemClock()) as central, aiohttp.ClientSession() as session:
            await story(central, session)  # type: ignore[operator]

    asyncio.run(run())


async def ask(session: aiohttp.ClientSession, port: int | None, path: str) -> str:
    async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
        assert answer.status == 200
        return await answer.text()


def test_the_metrics_are_true_and_name_nobody(tmp_path: Path) -> None:
    async def story(central: Central, session: aiohttp.ClientSession) -> None:
        await central.replica.accept(TrackStory().drives("c1", "Anna Berg", 12.5).news())
        await ask(session, central.public_port, "/api/v1/board")
        async with session.get(f"http://127.0.0.1:{central.public_port}/no/such") as lost:
            assert lost.status == 404
        text = await ask(session, central.metrics_port, "/metrics")
        assert "Anna" not in text
        seen = samples(text)
        assert seen["pitboard_competitors"] == 1
        assert seen["pitboard_board_entries"] == 1
        assert seen['pitboard_runs{decision="confirmed"}'] == 1
        assert seen['pitboard_calls_total{door="public",status="2xx"}'] == 1
        assert seen['pitboard_calls_total{door="public",status="4xx"}'] == 1
        assert seen['pitboard_call_seconds_bucket{door="public",le="+Inf"}'] == 2
        assert seen['pitboard_call_seconds_count{door="public"}'] == 2
        assert seen['pitboard_unit_silent{unit="Track A"}'] == 1
        assert seen["pitboard_records_total"] == central.replica.version
        assert seen["process_resident_memory_bytes"] > 10_000_000
        assert "pitboard_followers" in seen
        assert "pitboard_loop_late_seconds" in seen

    told(tmp_path, story)


def test_who_asks_whether_central_lives_is_answered_at_every_door(tmp_path: Path) -> None:
    async def story(central: Central, session: aiohttp.ClientSession) -> None:
        for port in (central.metrics_port, central.public_port, central.ingest_port):
            assert json.loads(await ask(session, port, "/healthz"))["status"] == "ok"

    told(tmp_path, story)


def test_labels_hold_any_name() -> None:
    text = text_of([by_label("pitboard_x", "gauge", "A\nb.", "unit", {'say "x"\\\n': 1.5})])
    assert text == (
        '# HELP pitboard_x A\\nb.\n# TYPE pitboard_x gauge\npitboard_x{unit="say \\"x\\"\\\\\\n"} 1.5\n'
    )
    assert samples(text)
    assert family("a", "counter", "b", 2).samples == (Sample(value=2),)


def test_the_grafana_board_asks_for_metrics_that_there_are(tmp_path: Path) -> None:
    board = json.loads((DEPLOY / "grafana" / "pitboard-board.json").read_text())
    asked = {
        name
        for panel in board["panels"]
        for target in panel["targets"]
        for name in re.findall(r"(?:pitboard|process)_[a-z_]+", target["expr"])
    }
    assert len(asked) > 12

    async def story(central: Central, session: aiohttp.ClientSession) -> None:
        text = await ask(session, central.metrics_port, "/metrics")
        there = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
        assert {name.removesuffix("_bucket") for name in asked} <= there

    told(tmp_path, story)


VENUE = """
[event]
name = "Test cup"
[network]
central = "https://192.0.2.7:9081"
[central]
host = "central"
in_containers = true
[[unit]]
host = "track-a"
name = "Track A"
track = "1"
[[unit.sensor]]
kind = "beam"
"""


def test_a_venues_central_in_containers_has_what_the_compose_file_expects(tmp_path: Path) -> None:
    (tmp_path / "venue.toml").write_text(VENUE)
    make_node_folders(VenueFile.load(tmp_path / "venue.toml"), tmp_path / "out")
    config = CentralConfig.load(tmp_path / "out" / "central" / "etc" / "central.toml")
    compose = (DEPLOY / "compose.yaml").read_text()
    nginx = (DEPLOY / "nginx" / "pitboard.conf").read_text()
    assert f"server {config.public.host}:{config.public.port};" in nginx
    assert f"alias {config.public.files}/" in nginx
    assert f":{config.ingest.port}\n" in compose
    assert f":{config.admin.port}\n" in compose
    assert config.metrics == MetricsConfig()
    assert config.journal is not None
    assert f"/data:{config.journal.parent}\n" in compose
    assert (tmp_path / "out" / "central" / "data" / config.root_key_file.name).is_file()


def test_the_compose_file_names_what_is_there() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    for file in re.findall(r"- (\./\S+?):/", text):
        assert (DEPLOY / file).is_file(), file
    assert (DEPLOY.parent / re.findall(r"dockerfile: (\S+)", text)[0]).is_file()
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    targets = re.findall(r"target: (\S+)", text)
    assert sorted(targets) == sorted(re.findall(r"^FROM \S+ AS (\S+)$", dockerfile, re.MULTILINE))
    # Our configuration names a module that nginx's own image lacks: it is Debian's, as in the tests.
    assert "brotli_static" in (DEPLOY / "nginx" / "pitboard.conf").read_text()
    assert "nginx libnginx-mod-http-brotli-static" in dockerfile
    assert not re.search(r"image: nginx", text)
    assert f"127.0.0.1:{MetricsConfig().port}/healthz" in text
    assert f"127.0.0.1:{MetricsConfig().port}" in (DEPLOY / "grafana" / "prometheus.yml").read_text()
