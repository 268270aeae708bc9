"""The desk's forms as an OpenAPI document: what each sends, and what is answered where somebody was faster.

Made of the very values that they are read into. The pages' other calls are the pages' own and may change."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from pitboard.doors.http_api import json_response
from pitboard.errors import ChangedField
from sync.central.admin.admin_act import AnyAct
from sync.central.admin.admin_acts import Done
from sync.central.admin.desk.events_api import PlanEvent, UnplanEvent
from sync.central.admin.desk.officials_api import AppointByPin
from sync.central.admin.display_desk import SteerDisplay
from sync.central.admin.official_desk import DismissOfficial
from sync.central.admin.programme.rule_acts import AnyRuleAct
from sync.central.admin.said import Told
from sync.central.admin.sponsor_desk import RemoveSponsor, ShowSponsor

PATH = "/v1/desk/openapi.json"
VERSION = "1.0.0"
FORMS: dict[str, tuple[Any, type[Told], str]] = {
    "/v1/admin/acts": (AnyAct, Done, "An act on a lap, a run or a competitor."),
    "/v1/admin/rules": (AnyRuleAct, Told, "A format, a class, a stage, the plan, or the event's format."),
    "/v1/admin/displays": (SteerDisplay, Told, "What a display shows, or all of them."),
    "/v1/admin/sponsors": (ShowSponsor, Told, "A sponsor's picture."),
    "/v1/admin/sponsors/remove": (RemoveSponsor, Told, "A sponsor is shown no more."),
    "/v1/desk/officials": (AppointByPin, Told, "An official is appointed, or has another PIN."),
    "/v1/admin/officials/dismiss": (DismissOfficial, Told, "An official may no longer sign in."),
    "/v1/desk/events/plan": (PlanEvent, Told, "An event to come, or another name or day of it."),
    "/v1/desk/events/unplan": (UnplanEvent, Told, "An event to come is not held."),
}
_MEANINGS = {
    "400": "What is asked is not understood.",
    "401": "Nobody is signed in.",
    "403": "The account may not, or `X-Pitboard-CSRF` is not the session's.",
    "409": "It cannot be done as things stand: `error` says why. `changed-by-another` says that somebody"
    " changed a field of `seen` meanwhile, and `changed` which, by whom and when. Sent again with what is"
    " told as `now` in `seen`, it is saved over that.",
    "429": "Too many calls; come back after `retry_after_ms`.",
}


class RefusedForm(msgspec.Struct, frozen=True):
    """`error` is stable, `detail` is a sentence and is not."""

    error: str
    detail: str
    changed: list[ChangedField] = []
    retry_after_ms: int = 0


def desk_document() -> dict[str, Any]:
    """Return the document."""
    wanted = [form for form, _, _ in FORMS.values()]
    schemas, components = msgspec.json.schema_components(
        (*wanted, Done, Told, RefusedForm), ref_template="#/components/schemas/{name}"
    )
    asked = dict(zip(FORMS, schemas, strict=False))
    answered = {Done: schemas[-3], Told: schemas[-2]}
    refused = {code: _content(says, schemas[-1]) for code, says in _MEANINGS.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pitboard's desk",
            "version": VERSION,
            "description": "For who signed in. `seen` is what a form was read from, field by field.",
        },
        "paths": {
            path: {
                "post": {
                    "summary": summary,
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": asked[path]}},
                    },
                    "responses": {"200": _content("It is done and durable.", answered[answer]), **refused},
                }
            }
            for path, (_, answer, summary) in FORMS.items()
        },
        "components": {"schemas": components},
    }


def _content(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def add_desk_document(app: web.Application) -> None:
    document = desk_document()

    async def tell(request: web.Request) -> web.Response:
        return json_response(document)

    app.router.add_get(PATH, tell)
