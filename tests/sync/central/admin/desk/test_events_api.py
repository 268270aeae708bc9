"""The event at the desk without a browser: what was before, what is planned, and what is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp

from pitboard.clock import SystemClock
from pitboard.doors.http_api import new_app, serve_tcp
from pitboard.journal.replica import Replica
from pitboard.trust.identity import Identity
from sync.central.admin.desk.events_api import PLANNED_MAX_COUNT, EventsApi
from sync.central.admin.desk.former_events import FormerEvent, former_events
from sync.enrolling.hand_over import HandOver, hand_overs_beside, past_folder, save_hand_overs
from tests.race_story import ROOT


def test_former_events_are_listed_by_their_hand_overs_the_latest_first(tmp_path: Path) -> None:
    journal = tmp_path / "central.db"
    roots = [Identity.from_seed(bytes([number]) * 32) for number in (1, 2, 3)]
    assert former_events(journal) == []
    made = [
        HandOver.make(roots[0], next_event="Summer Cup", next_key=roots[1].key, heads={}),
        HandOver.make(roots[1], next_event="Autumn Cup", next_key=roots[2].key, heads={}),
    ]
    save_hand_overs(hand_overs_beside(journal), made)
    folder = past_folder(journal, "Spring Cup!", roots[0].key)
    folder.mkdir(parents=True)
    (folder / "central.db").write_bytes(bytes(1_000))
    assert former_events(journal) == [
        FormerEvent(name="Summer Cup", key=roots[1].key),
        FormerEvent(name="spring-cup", key=roots[0].key, folder=str(folder), bytes=1_000),
    ]
    hand_overs_beside(journal).write_bytes(b"damaged")
    assert former_events(journal) == []


def test_what_the_desk_refuses_about_an_event(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Replica.open(tmp_path / "c.db", root_key=ROOT.key, clock=SystemClock()) as replica:
            app = new_app()
            EventsApi(await replica.open_stream(ROOT, "central"), list, None).add_to(app)
            async with serve_tcp(app, "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:

                async def say(path: str, body: dict[str, Any]) -> str:
                    url = f"http://127.0.0.1:{port}/v1/desk/events/{path}"
                    async with session.post(url, json=body) as answer:
                        return str((await answer.json()).get("error", "done"))

                assert await say("close", {"is_closed": True, "reason": " "}) == "reason-missing"
                assert await say("close", {"is_closed": False, "reason": "x"}) == "no-change"
                assert await say("plan", {"name": "Cup", "day": "2027-02-30"}) == "bad-day"
                assert await say("plan", {"name": "\u200b", "day": "2027-02-28"}) == "bad-name"
                for number in range(PLANNED_MAX_COUNT):
                    assert await say("plan", {"name": f"Cup {number}", "day": "2027-02-28"}) == "done"
                assert await say("plan", {"name": "One more", "day": "2027-02-28"}) == "too-many-planned"
                first = replica.fold.race.programme.planned()[0]
                moved = {"name": "Cup", "day": "2027-01-01", "event_id": first.event_id}
                assert await say("plan", moved) == "done"
                assert replica.fold.race.programme.planned()[0].name == "Cup"
                assert await say("unplan", {"event_id": first.event_id}) == "done"
                assert await say("unplan", {"event_id": first.event_id}) == "unknown-planned"
                assert await say("archive", {}) == "database"

    asyncio.run(scenario())
