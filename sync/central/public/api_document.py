"""The public API as an OpenAPI document, made of the very values that it answers with."""

from __future__ import annotations

from typing import Any

import msgspec

from pitboard.journal.views.stage_view import StageView
from pitboard.journal.views.views import CompetitorView
from pitboard.race.ranking.score import ColumnKind
from sync.central.joining.join_calls import JoinAnswer, JoinAsk
from sync.central.public.race_reader import BoardPage, JoinInfo, JoinPlace, SearchView

VERSION = "1.0.0"
_REFERENCE = "#/components/schemas/{name}"
COUNT_MAX = 200
COMPETITOR_MAX_LENGTH = 80
_TAG = {"type": "string", "pattern": "^[0-9a-f]{1,40}$"}
_COUNT = {"type": "integer", "minimum": 0, "maximum": COUNT_MAX, "default": 100}
_TEXT = {"type": "string", "maxLength": COMPETITOR_MAX_LENGTH}


class Refused(msgspec.Struct, frozen=True):
    """A call that is not carried out: `error` is stable, `detail` is a sentence and is not."""

    error: str
    detail: str
    retry_after_ms: int = 0


class Health(msgspec.Struct, frozen=True):
    status: str
    followers: int
    event: str


class LiveEvent(msgspec.Struct, frozen=True):
    """`amounts` says of what kind each of an entry's amounts is; the last three are left out where empty."""

    id: str
    name: str
    resolution_ns: int
    amounts: list[ColumnKind]
    closed: bool = False
    next_name: str = ""
    next_day: str = ""


class LivePage(msgspec.Struct, frozen=True, kw_only=True):
    """The live board whole; entries and runs leave out what is null, false or empty."""

    tag: str
    at: int
    event: LiveEvent
    count: int
    entries: list[dict[str, Any]]
    on_track: list[dict[str, Any]]
    newest: str = ""


def api_document() -> dict[str, Any]:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pitboard",
            "version": VERSION,
            "description": "No login: one call asks, the others read. Times are cut to the resolution.",
        },
        "paths": _board_calls() | _live_calls() | _join_calls() | _calls_about_itself(),
        "components": {"schemas": _schemas()},
    }


def _schemas() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(
        (
            BoardPage,
            SearchView,
            CompetitorView,
            StageView,
            LivePage,
            Health,
            JoinInfo,
            JoinAsk,
            JoinAnswer,
            JoinPlace,
            Refused,
        ),
        ref_template=_REFERENCE,
    )
    schemas["LiveChange"] = {
        "type": "object",
        "description": "A merge patch, see the documentation; `from` is `to` where nothing changed.",
        "required": ["from", "to", "at"],
        "properties": {"from": {"type": "string"}, "to": {"type": "string"}, "at": {"type": "integer"}},
    }
    return schemas


def _board_calls() -> dict[str, Any]:
    """The board, a competitor and a stage, each as it stands."""
    return {
        "/api/v1/board": _call(
            "The board, by pages.",
            _json("BoardPage"),
            [
                _asked("count", _COUNT, "How many entries."),
                _asked("after", _TEXT, "`next` of the page before."),
                *_OF_BOARD,
            ],
            refusals=(400, 404),
        ),
        "/api/v1/board.csv": _call(
            "The whole board as CSV.",
            {"text/csv": {"schema": {"type": "string"}}},
            [
                *_OF_BOARD,
                _asked("separator", {"enum": ["comma", "semicolon"], "default": "comma"}, "Between cells."),
            ],
            refusals=(400, 404),
            is_kept=False,
        ),
        "/api/v1/search": _call(
            "Competitors by part of the name or number.",
            _json("SearchView"),
            [
                _asked(
                    "q",
                    {"type": "string", "pattern": r"\S", "maxLength": 80},
                    "What was typed, of the name or number; spaces alone are refused.",
                    is_needed=True,
                )
            ],
            refusals=(400,),
        ),
        "/api/v1/competitors/{competitor}": _call(
            "A competitor with runs and laps.",
            _json("CompetitorView"),
            [_in_path("competitor", {"type": "string", "minLength": 1, "maxLength": COMPETITOR_MAX_LENGTH})],
            refusals=(404,),
        ),
        "/api/v1/stages/{stage}": _call(
            "A stage: its heats, who drives in them, and what they gave.",
            _json("StageView"),
            [_in_path("stage", {"type": "string", "minLength": 1, "maxLength": COMPETITOR_MAX_LENGTH})],
            refusals=(404,),
        ),
    }


def _live_calls() -> dict[str, Any]:
    """The live board, followed or asked for."""
    return {
        "/api/v1/live": _call(
            "The live board as server-sent events: `board` once, then `change`.",
            {"text/event-stream": {"schema": {"type": "string"}}},
            [
                _asked("since", _TAG, "The board you have."),
                _asked("plain", {"type": "string"}, "Uncompressed."),
            ],
            refusals=(503,),
            is_kept=False,
        ),
        "/api/v1/live/page": _call("The live board whole.", _json("LivePage"), []),
        "/api/v1/live/since/{tag}": _call(
            "What changed since the live board with this tag.",
            _json("LiveChange"),
            [_in_path("tag", _TAG)],
            refusals=(404,),
            is_kept=False,
        ),
    }


def _join_calls() -> dict[str, Any]:
    """The queue that a racer joins by phone."""
    return {
        "/api/v1/join": _call(
            "Whether racers join the queue by phone, and what there is to choose.",
            _json("JoinInfo"),
            [],
            is_kept=False,
        )
        | {"post": _asked_by_phone()},
        "/api/v1/join/{entry_id}": _call(
            "How the wait stands that was asked for under this id.",
            _json("JoinPlace"),
            [_in_path("entry_id", {"type": "string", "pattern": "^[0-9a-f]{32}$"})],
            refusals=(400,),
            is_kept=False,
        ),
    }


def _calls_about_itself() -> dict[str, Any]:
    """Whether central serves, and what it answers."""
    return {
        "/api/v1/health": _call("Whether central serves.", _json("Health"), [], is_kept=False),
        "/api/v1/openapi.json": _call(
            "This document.", {"application/json": {"schema": {"type": "object"}}}, []
        ),
    }


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REFERENCE.format(name=name)}}}


def _call(
    summary: str,
    content: dict[str, Any],
    parameters: list[dict[str, Any]],
    *,
    refusals: tuple[int, ...] = (),
    is_kept: bool = True,
) -> dict[str, Any]:
    answers: dict[str, Any] = {"200": {"description": "The answer.", "content": content}}
    if is_kept:
        answers["304"] = {"description": "It is what `If-None-Match` names."}
    for status in (*refusals, 429):
        answers[str(status)] = {"description": _MEANINGS[status], "content": _json("Refused")}
    return {"get": {"summary": summary, "parameters": parameters, "responses": answers}}


def _asked_by_phone() -> dict[str, Any]:
    call: dict[str, Any] = _call(
        "Ask to join the queue; an official answers.",
        _json("JoinAnswer"),
        [],
        refusals=(400, 403, 409, 413, 503),
        is_kept=False,
    )["get"]
    return call | {"requestBody": {"required": True, "content": _json("JoinAsk")}}


_MEANINGS = {
    400: "What is asked is not understood.",
    403: "The code is not the one of the moment.",
    409: "It cannot be done as things stand.",
    413: "The request is too large.",
    404: "There is no such thing.",
    503: "Too many at once; come back later.",
    429: "Too many calls; come back after `retry_after_ms`.",
}


def _asked(name: str, schema: dict[str, Any], description: str, *, is_needed: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": is_needed, "description": description, "schema": schema}


def _in_path(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


_OF_BOARD = [
    _asked("track", _TEXT, "Only what was driven on this track."),
    _asked("race_class", _TEXT, "Only this class, by its format."),
]
