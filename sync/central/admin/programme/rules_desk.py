"""The rules at the admin's doors: what they are, what others would make of the board, and changing them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from pitboard.doors.caller import take_body
from pitboard.doors.http_api import json_response
from pitboard.journal.folding.fold import Fold
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.event_bodies import ClassSet, ScheduleItem, StageSet
from pitboard.race.bodies.formats import WORDS, Format
from pitboard.race.ranking.presets import PRESETS
from pitboard.race.ranking.score import RULES
from sync.central.admin.act_plan import signed
from sync.central.admin.actor import the_actor
from sync.central.admin.programme.ranking_preview import preview_of
from sync.central.admin.programme.rule_acts import AnyRuleAct, format_from, plan_rule, whole_format

SAVE_MAX_S = 10.0
PREVIEWS_AT_ONCE = 1
_decoder: msgspec.json.Decoder[AnyRuleAct] = msgspec.json.Decoder(AnyRuleAct)


class FormatView(msgspec.Struct, frozen=True, kw_only=True):
    """`table` is the format as central.toml would have it, `whole` with every key."""

    name: str
    table: dict[str, Any]
    whole: dict[str, Any]
    source: str = ""


class TrackView(msgspec.Struct, frozen=True, kw_only=True):
    """A track that runs were armed on; nobody sets tracks up, a unit names its own."""

    track: str
    runs: int
    units: list[str]


class RulesView(msgspec.Struct, frozen=True, kw_only=True):
    """`format` is the event's, empty for the usual rules; `rankings` says each ranking in a sentence."""

    event: str
    format: str
    formats: list[FormatView]
    presets: list[FormatView]
    classes: list[ClassSet]
    stages: list[StageSet]
    schedule: tuple[ScheduleItem, ...]
    tracks: list[TrackView]
    words: dict[str, tuple[str, ...]]
    rankings: dict[str, str]


class PreviewWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    table: dict[str, Any]
    race_class: Annotated[str, Meta(max_length=80)] = ""


class RulesDesk:
    """Serves the calls on central's replica."""

    def __init__(self, replica: WritingReplica) -> None:
        self._replica = replica
        self._fold = replica.fold
        self._acting = asyncio.Lock()
        self._previewing = asyncio.Semaphore(PREVIEWS_AT_ONCE)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/v1/admin/rules", self._list)
        app.router.add_post("/v1/admin/rules", self._say)
        app.router.add_post("/v1/admin/rules/preview", self._preview)

    async def _list(self, request: web.Request) -> web.Response:
        return json_response(rules_of(self._fold))

    async def _say(self, request: web.Request) -> web.Response:
        act = _decoder.decode(await take_body(request))
        async with self._acting, asyncio.timeout(SAVE_MAX_S):
            plan = plan_rule(act, self._fold)
            await self._replica.append(*signed(plan.bodies, the_actor(), ""))
        return json_response(plan.told)

    async def _preview(self, request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await take_body(request), type=PreviewWanted)
        rules = format_from(wanted.table)
        async with self._previewing:
            return json_response(await preview_of(self._fold, rules, wanted.race_class))


def rules_of(fold: Fold) -> RulesView:
    """Return the rules as they stand."""
    programme = fold.race.programme
    event = fold.race.event.value
    return RulesView(
        event="Pitboard" if event is None else event.name,
        format="" if event is None else event.format,
        formats=[_format_view(name, rules) for name, rules in programme.formats().items()],
        presets=[_format_view(one.rules.name, one.rules, one.source) for one in PRESETS],
        classes=programme.classes(),
        stages=programme.stages(),
        schedule=programme.schedule(),
        tracks=_tracks(fold),
        words=WORDS,
        rankings={name: rule.says for name, rule in RULES.items()},
    )


def _format_view(name: str, rules: Format, source: str = "") -> FormatView:
    table = msgspec.to_builtins(rules)
    whole = whole_format(name, rules)
    return FormatView(name=name, table={**table, "name": name}, whole=whole, source=source)


def _tracks(fold: Fold) -> list[TrackView]:
    runs: dict[str, int] = {}
    units: dict[str, set[str]] = {}
    for run in fold.race.runs.values():
        runs[run.track] = runs.get(run.track, 0) + 1
        units.setdefault(run.track, set()).add(fold.roster.name_of(run.unit) or run.unit[:8])
    return [TrackView(track=one, runs=runs[one], units=sorted(units[one])) for one in sorted(runs)]
