"""The board by pages, by track and class, as CSV, and the document that describes the API."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp

from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.event_bodies import ClassSet
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.verdict_bodies import RunDecided
from sync.central.central_server import Central
from sync.central.joining.join_box import JoinBox
from sync.central.public.api_document import api_document
from sync.central.public.board_feed import BoardFeed
from sync.central.public.public_app import public_app, public_limits
from sync.central.public.race_reader import RaceReader
from tests.race_story import armed, finished, passing
from tests.sync.central.central_stage import TrackStory, central_at


class Reader:
    def __init__(self, central: Central, session: aiohttp.ClientSession) -> None:
        self._base = f"http://127.0.0.1:{central.public_port}"
        self._session = session

    async def ask(self, path: str) -> tuple[int, Any]:
        async with self._session.get(self._base + path) as answer:
            body = await answer.read()
            is_json = answer.content_type == "application/json"
            return answer.status, json.loads(body) if is_json else body.decode()


def many(count: int) -> TrackStory:
    story = TrackStory()
    for number in range(count):
        story.drives(f"c{number:03}", f"Driver {number:03}", 12.5 + number / 10)
    return story


def test_the_whole_board_is_read_page_by_page_and_as_a_table(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            await central.replica.accept(many(130).news())
            reader = Reader(central, session)
            seen: list[str] = []
            after, starts = "", []
            while True:
                _, page = await reader.ask(f"/api/v1/board?count=60&after={after}")
                assert page["total"] == 130
                starts.append(page["start"])
                seen += [entry["competitor_id"] for entry in page["entries"]]
                assert [entry["rank"] for entry in page["entries"]] == list(
                    range(page["start"] + 1, page["start"] + 1 + len(page["entries"]))
                )
                if (after := page["next"]) is None:
                    break
            assert starts == [0, 60, 120]
            assert seen == [f"c{number:03}" for number in range(130)]
            _, table = await reader.ask("/api/v1/board.csv")
            lines = table.splitlines()
            assert lines[0].lstrip("\ufeff").startswith("rank,name,best")
            assert [line.split(",")[0] for line in lines[1:]] == [str(number) for number in range(1, 131)]
            _, german = await reader.ask("/api/v1/board.csv?separator=semicolon")
            assert "0:12,500" in german.splitlines()[1]

    asyncio.run(story())


def test_what_is_asked_wrongly_is_refused_and_costs_no_board(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            await central.replica.accept(many(2).news())
            reader = Reader(central, session)
            for query, status, code in (
                ("count=201", 400, "bad-count"),
                ("after=nobody", 404, "unknown-competitor"),
                ("track=nix", 404, "unknown-track"),
                ("race_class=nix", 404, "unknown-class"),
            ):
                answered, refused = await reader.ask(f"/api/v1/board?{query}")
                assert (answered, refused["error"]) == (status, code)
            assert (await reader.ask("/api/v1/board.csv?track=nix"))[0] == 404
            assert (await reader.ask("/api/v1/board.csv?separator=tab"))[1]["error"] == "bad-separator"
            assert set(central.replica.fold.boards.ranked._boards) == {("", "")}

    asyncio.run(story())


def test_a_board_of_one_track_or_class_ranks_only_those(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            await central.replica.append(ClassSet(race_class="junior", name="Juniors"))
            track = many(3)
            track.teller.say(
                CompetitorRegistered(competitor_id="c001", name="Driver 001", race_class="junior")
            )
            track.teller.say(armed("on-b", "c002", s=900.0, track="B"))
            for seq, at_s in ((900, 901.0), (901, 921.0)):
                track.teller.say(passing(seq, s=at_s, track="B"))
            track.teller.say(finished("on-b", s=922.0))
            track.teller.say(RunDecided(run_id="on-b", decision="confirmed"))
            await central.replica.accept(track.news())
            reader = Reader(central, session)

            async def ranked(query: str) -> list[tuple[int, str]]:
                status, page = await reader.ask(f"/api/v1/board?{query}")
                assert status == 200, page
                return [(entry["rank"], entry["competitor_id"]) for entry in page["entries"]]

            assert await ranked("track=B") == [(1, "c002")]
            assert await ranked("race_class=junior") == [(1, "c001")]
            assert await ranked("track=1&race_class=junior") == [(1, "c001")]
            assert await ranked("track=B&race_class=junior") == []
            _, page = await reader.ask("/api/v1/board")
            assert page["tracks"] == ["1", "B"]
            assert page["classes"] == [{"race_class": "junior", "name": "Juniors"}]

    asyncio.run(story())


def test_every_call_stands_in_the_document_with_what_it_takes(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central, aiohttp.ClientSession() as session:
            await central.replica.accept(many(2).news())
            reader = Reader(central, session)
            _, document = await reader.ask("/api/v1/openapi.json")
            assert document == json.loads(json.dumps(api_document()))
            asked = {"competitor": "c001", "tag": "0", "q": "dri", "entry_id": "0" * 32, "stage": "none"}
            for path, calls in document["paths"].items():
                if path == "/api/v1/live":
                    continue
                needed = [one["name"] for one in calls["get"]["parameters"] if one["required"]]
                query = "&".join(f"{name}={asked[name]}" for name in needed if f"{{{name}}}" not in path)
                status, answer = await reader.ask(f"{path.format(**asked)}?{query}")
                assert str(status) in calls["get"]["responses"], path
                told = calls["get"]["responses"][str(status)]["content"]
                schema = next(iter(told.values()))["schema"]
                if "$ref" in schema and status == 200:
                    properties = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]][
                        "properties"
                    ]
                    assert set(answer) <= set(properties), path

    asyncio.run(story())


def test_the_document_names_every_call_of_the_door() -> None:
    fold = Fold("0" * 64)
    app = public_app(
        RaceReader(fold),
        BoardFeed(fold),
        JoinBox(),
        followers_max_count=1,
        limits=public_limits(1, calls_per_s=1),
    )
    served = {
        resource.canonical for resource in app.router.resources() if resource.canonical.startswith("/api/")
    }
    assert served == set(api_document()["paths"])
