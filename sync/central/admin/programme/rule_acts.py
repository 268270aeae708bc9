"""What an organiser may say about the rules at the desk, as it travels to central, and the records it makes.

A format is a table with the keys of central.toml; what names a format or a class must name one that is
there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pitboard.errors import ActRefused
from pitboard.journal.folding.fold import Fold
from pitboard.program.event_rules import StageConfig, read_format
from pitboard.race.bodies.body import Act, Body
from pitboard.race.bodies.event_bodies import (
    ClassSet,
    EventConfigured,
    FormatSet,
    ScheduleItem,
    ScheduleSet,
    StageSet,
)
from pitboard.race.bodies.formats import DEFAULT_FORMAT, Format, FormatName
from pitboard.race.names import clean_name
from pitboard.race.ranking.presets import PRESETS, preset
from pitboard.race.words.word import Subject
from sync.central.admin.actor import the_actor
from sync.central.admin.admin_act import checked_reason
from sync.central.admin.said import Told, said_format, told
from sync.central.admin.seen import THE_EVENT, Seen, SeenCheck

Text = Annotated[str, Meta(max_length=80)]
ID_FORM = re.compile(r"[^\s/]{1,40}\Z")
DESK = "desk"


class RuleAct(msgspec.Struct, frozen=True, kw_only=True, tag_field="rule", forbid_unknown_fields=True):
    """Base; a reason is kept where one is given. `seen` is what the form was read from, see `_shown`."""

    reason: Annotated[str, Meta(max_length=4_000)] = ""
    seen: Seen = None


class UseFormat(RuleAct, frozen=True, kw_only=True, tag="event"):
    """The event is raced by this format: one of its own, or a preset that becomes one."""

    format: FormatName


class SetFormat(RuleAct, frozen=True, kw_only=True, tag="format"):
    name: Text
    table: dict[str, Any]


class RemoveFormat(RuleAct, frozen=True, kw_only=True, tag="no-format"):
    name: Text


class SetClass(RuleAct, frozen=True, kw_only=True, tag="class"):
    race_class: Text
    name: Text = ""
    format: FormatName = ""
    is_outside_awards: bool = False
    is_gone: bool = False


class SetStage(RuleAct, frozen=True, kw_only=True, tag="stage"):
    """`stage` is as a stage's table in central.toml."""

    stage_id: Text
    stage: StageConfig
    is_gone: bool = False


class SetSchedule(RuleAct, frozen=True, kw_only=True, tag="schedule"):
    items: Annotated[list[ScheduleItem], Meta(max_length=60)]


AnyRuleAct = UseFormat | SetFormat | RemoveFormat | SetClass | SetStage | SetSchedule


class RulePlan(msgspec.Struct, frozen=True):
    told: Told
    bodies: list[Body]


def format_from(table: dict[str, Any], name: str = "") -> Format:
    """Return the format of the table; raises ActRefused with the sentence that names the key."""
    try:
        return read_format(table, name)
    except ValueError as error:
        reason = f"{_capital(str(error))}."
        raise ActRefused(code="bad-format", reason=reason, fields={"reason": reason}) from error


def plan_rule(act: AnyRuleAct, fold: Fold) -> RulePlan:
    """Return what the act writes; raises ActRefused with nothing changed."""
    plan = _plan(act, fold)
    subject, standing = _standing(act, fold)
    SeenCheck(fold).check(act.seen, _shown(standing), subject, wanted=_shown(plan.bodies[-1]))
    return plan


def _standing(act: AnyRuleAct, fold: Fold) -> tuple[Subject, Body | None]:
    """Return what the act is about, and what stands of it."""
    programme = fold.race.programme
    match act:
        case UseFormat():
            return THE_EVENT, fold.race.event.value
        case SetFormat() | RemoveFormat():
            name = clean_name(act.name)
            rules = programme.format(name)
            return ("format", name), None if rules is None else FormatSet(name=name, format=rules)
        case SetClass():
            race_class = act.race_class.strip()
            classes = {one.race_class: one for one in programme.classes()}
            return ("class", race_class), classes.get(race_class)
        case SetStage():
            stage_id = act.stage_id.strip()
            stages = {one.stage_id: one for one in programme.stages()}
            return ("stage", stage_id), stages.get(stage_id)
        case SetSchedule():
            return ("schedule",), ScheduleSet(items=programme.schedule())


def _shown(body: Body | None) -> dict[str, Any]:
    """Return the fields by which the pages show it; none for what is not there, or is gone."""
    match body:
        case EventConfigured():
            return {"format": body.format}
        case FormatSet(format=Format() as rules):
            return whole_format(body.name, rules)
        case ClassSet(is_gone=False):
            return _whole(body)
        case StageSet(is_gone=False):
            return {**_whole(body), **body.settings}
        case ScheduleSet():
            return {"items": body.items}
        case _:
            return {}


def whole_format(name: str, rules: Format) -> dict[str, Any]:
    """Return every key of a format, those too that are as in any other."""
    return {**_whole(rules), "name": name}


def _whole(body: msgspec.Struct) -> dict[str, Any]:
    return {key: getattr(body, key) for key in body.__struct_fields__ if key not in Act.__struct_fields__}


def _plan(act: AnyRuleAct, fold: Fold) -> RulePlan:
    reason = checked_reason(act.reason, fold) if act.reason.strip() else ""
    match act:
        case UseFormat():
            return _use_format(act, fold, reason)
        case SetFormat():
            name = _name(act.name, "format")
            body = FormatSet(name=name, format=format_from({**act.table, "name": name}), reason=reason)
            if fold.race.programme.format(name) == body.format:
                raise _no_change()
            return RulePlan(told("desk.done-format", name=name), [body])
        case RemoveFormat():
            return _remove_format(act, fold, reason)
        case SetClass():
            return _set_class(act, fold, reason)
        case SetStage():
            return _set_stage(act, fold, reason)
        case SetSchedule():
            return _set_schedule(act, fold, reason)


def _use_format(act: UseFormat, fold: Fold, reason: str) -> RulePlan:
    now = fold.race.event.value or EventConfigured(name="Pitboard")
    if now.format == act.format:
        raise _no_change()
    rules = DEFAULT_FORMAT
    if act.format:
        rules = _known_format(act.format, fold)
    bodies = _with_format(act.format, fold, reason)
    bodies.append(
        EventConfigured(
            name=now.name,
            resolution_ns=rules.resolution_ns,
            run_ms=rules.run_ms or DEFAULT_FORMAT.run_ms,
            lap_min_ms=rules.lap_min_ms,
            format=act.format,
            where=DESK,
            by=the_actor().by,
        )
    )
    if not act.format:
        return RulePlan(told("desk.done-usual-rules"), bodies)
    return RulePlan(told("desk.done-raced-by", name=said_format(act.format)), bodies)


def _remove_format(act: RemoveFormat, fold: Fold, reason: str) -> RulePlan:
    programme = fold.race.programme
    if programme.format(act.name) is None:
        raise ActRefused(code="unknown-format", reason=f"There is no format {act.name}.")
    users = [one.name for one in programme.classes() if one.format == act.name]
    users += [one.name for one in programme.stages() if one.format == act.name]
    event = fold.race.event.value
    if event is not None and event.format == act.name:
        reason = "The event is raced by it; give that another first."
        raise ActRefused(code="format-of-event", reason=reason)
    if users:
        listed = _listed(users)
        raise ActRefused(
            code="format-in-use",
            reason=f"{_capital(listed)} is raced by it; give that another first.",
            fields={"users": listed},
        )
    return RulePlan(
        told("desk.done-format-gone", name=said_format(act.name)),
        [FormatSet(name=act.name, format=None, reason=reason)],
    )


def _gone(
    known: Mapping[str, ClassSet] | Mapping[str, StageSet], asked: str, kind: str, code: str, reason: str
) -> RulePlan:
    """Return the plan that takes a class or a stage away, which says what stays all the same."""
    if asked not in known:
        raise ActRefused(code=f"unknown-{kind}", reason=f"There is no {kind} {asked}.")
    body = msgspec.structs.replace(known[asked], is_gone=True, reason=reason)
    return RulePlan(told(code, name=body.name), [body])


def _set_class(act: SetClass, fold: Fold, reason: str) -> RulePlan:
    known = {one.race_class: one for one in fold.race.programme.classes()}
    race_class = act.race_class.strip()
    if act.is_gone:
        return _gone(known, race_class, "class", "desk.done-class-gone", reason)
    body = ClassSet(
        race_class=_id(race_class),
        name=clean_name(act.name) or race_class,
        format=act.format,
        is_outside_awards=act.is_outside_awards,
        reason=reason,
    )
    return RulePlan(told("desk.done-class", name=body.name), [*_with_format(act.format, fold, reason), body])


def _set_stage(act: SetStage, fold: Fold, reason: str) -> RulePlan:
    known = {one.stage_id: one for one in fold.race.programme.stages()}
    stage_id = act.stage_id.strip()
    if act.is_gone:
        return _gone(known, stage_id, "stage", "desk.done-stage-gone", reason)
    stage = act.stage
    classes = [one.race_class for one in fold.race.programme.classes()]
    if stage.race_class and stage.race_class not in classes:
        listed = _listed(classes) or "none"
        reason = f"There is no class {stage.race_class}; there are: {listed}."
        raise ActRefused(code="unknown-class", reason=reason)
    strangers = [one for one in stage.picked if fold.race.roll.now(one) is None]
    if strangers:
        raise ActRefused(code="unknown-competitor", reason=f"Nobody has the id {strangers[0]}.")
    body = StageSet(
        stage_id=_id(stage_id),
        kind=stage.kind,
        name=clean_name(stage.name) or stage_id,
        race_class=stage.race_class,
        track=stage.track,
        format=stage.format,
        settings=stage.settings,
        reason=reason,
    )
    return RulePlan(
        told("desk.done-stage", name=body.name), [*_with_format(stage.format, fold, reason), body]
    )


def _set_schedule(act: SetSchedule, fold: Fold, reason: str) -> RulePlan:
    stages = {one.stage_id for one in fold.race.programme.stages()}
    for item in act.items:
        if item.stage_id and item.stage_id not in stages:
            raise ActRefused(code="unknown-stage", reason=f"There is no stage {item.stage_id}.")
    items = tuple(sorted(act.items, key=lambda one: one.starts_utc_ms))
    if items == fold.race.programme.schedule():
        raise _no_change()
    answer = told("desk.done-plan", count=len(items)) if items else told("desk.done-plan-empty")
    return RulePlan(answer, [ScheduleSet(items=items, reason=reason)])


def _with_format(name: str, fold: Fold, reason: str) -> list[Body]:
    """Return what makes a preset that is named one of the event's formats; nothing where it is one."""
    if not name or fold.race.programme.format(name) is not None:
        return []
    return [FormatSet(name=name, format=_known_format(name, fold), reason=reason)]


def _known_format(name: str, fold: Fold) -> Format:
    found = fold.race.programme.format(name) or preset(name)
    if found is None:
        known = _listed([*fold.race.programme.formats(), *(one.rules.name for one in PRESETS)])
        raise ActRefused(code="unknown-format", reason=f"There is no format {name}; there are: {known}.")
    return found


def _name(typed: str, what: str) -> str:
    name = clean_name(typed)
    if not name:
        raise ActRefused(code="bad-name", reason=f"Give the {what} a name with a letter or digit.")
    return name


def _id(typed: str) -> str:
    if ID_FORM.match(typed) is None:
        raise ActRefused(code="bad-id", reason="A short name has 1 to 40 characters, no blank and no slash.")
    return typed


def _no_change() -> ActRefused:
    return ActRefused(code="no-change", reason="It is so already.")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
