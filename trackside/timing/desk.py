"""What officials do beside the track: people, the queue, heats, the day's plan, displays, messages; and
taking an act back."""

from __future__ import annotations

import msgspec

from pitboard.errors import ActRefused
from pitboard.race.bodies import display_bodies, event_bodies, people_bodies, queue_bodies
from pitboard.race.bodies.body import Act as ActBody
from pitboard.race.bodies.body import ActWithdrawn, Body
from pitboard.race.bodies.display_bodies import MESSAGE_MAX_LENGTH, MessagePosted
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.queue_bodies import QueueJoined
from pitboard.race.stages.programme import ASKED
from pitboard.race.words.word import Authority, Statement, Word, may_withdraw
from pitboard.unit_api.official_acts import (
    AcceptAsk,
    Act,
    AssignDisplay,
    ChangeCompetitor,
    DrawHeat,
    DrawStage,
    JoinCompetitors,
    JoinQueue,
    MarkQueue,
    MoveDay,
    OrderQueue,
    PlanDay,
    PostMessage,
    Register,
    RemoveStage,
    SetSchedule,
    Withdraw,
)
from trackside.timing.act_writer import ActWriter, cleaned, who
from trackside.timing.draw import Shuffle, by_lot, stage_bodies

STAMP_OF_NOW = 2**63
"""Later than every stamp: what is said now comes after all that was said."""


class Desk:
    """Takes the acts that belong to no single run; each returns once its records are durable."""

    def __init__(self, writer: ActWriter, *, track: str, shuffle: Shuffle = by_lot) -> None:
        self._writer = writer
        self._track = track
        self._shuffle = shuffle

    async def carry_out(self, act: Act) -> dict[str, str] | None:
        """Return the answer, None where the act is not of the desk."""
        match act:
            case Register():
                return {"competitor_id": await self._register(act)}
            case ChangeCompetitor():
                await self._change(act)
            case JoinCompetitors():
                await self._join(act)
            case Withdraw():
                await self._withdraw(act)
            case JoinQueue():
                return {"entry_id": await self._join_queue(act)}
            case AcceptAsk():
                return {"competitor_id": await self._accept(act)}
            case PostMessage():
                return {"message_id": await self._post(act)}
            case DrawStage():
                return {"stage_id": await self._draw(act)}
            case RemoveStage():
                await self._remove_stage(act)
            case (
                MarkQueue()
                | OrderQueue()
                | DrawHeat()
                | SetSchedule()
                | PlanDay()
                | MoveDay()
                | AssignDisplay()
            ):
                await self._writer.write(act, self._plain(act))
            case _:
                return None
        return {}

    async def _register(self, act: Register) -> str:
        name = cleaned(act.name)
        registered = CompetitorRegistered(
            competitor_id=self._writer.new_id(),
            name=name,
            number=act.number,
            race_class=act.race_class,
            transponders=act.transponders,
            team=act.team,
            flag=act.flag,
            **who(act),
        )
        body = await self._writer.write(act, registered, same=f"register {name}")
        return body.competitor_id if isinstance(body, CompetitorRegistered) else ""

    async def _change(self, act: ChangeCompetitor) -> None:
        await self._writer.write(
            act,
            people_bodies.CompetitorChanged(
                competitor_id=self._writer.known_competitor(act.competitor_id),
                name=None if act.name is None else cleaned(act.name),
                number=act.number,
                race_class=act.race_class,
                transponders=act.transponders,
                team=act.team,
                flag=act.flag,
                **who(act),
            ),
        )

    async def _join(self, act: JoinCompetitors) -> None:
        one = self._writer.known_competitor(act.competitor_id)
        into = self._writer.known_competitor(act.into_id)
        if one == into:
            raise ActRefused(code="no-change", reason="They are one person already.")
        await self._writer.write(
            act, people_bodies.CompetitorsJoined(competitor_id=one, into_id=into, **who(act))
        )

    async def _withdraw(self, act: Withdraw) -> None:
        statements = self._writer.race.statements
        named = statements.at((act.stream, act.seq))
        if named is None or not isinstance(named.body, ActBody):
            raise ActRefused(code="unknown-act", reason="This act is not known on this unit.")
        body = ActWithdrawn(stream=act.stream, seq=act.seq, **who(act))
        mine = Statement(Word(Authority.TIMEKEEPER, STAMP_OF_NOW, "", 0), self._writer.unit_key, body)
        if not may_withdraw(mine, named):
            raise ActRefused(code="not-yours", reason="Only who did this can take it back, or the admin.")
        if statements.stands(named):
            await self._writer.write(act, body)

    async def _join_queue(self, act: JoinQueue) -> str:
        joined = QueueJoined(
            entry_id=self._writer.new_id(),
            track=act.track or self._track,
            competitor_id=self._writer.known_competitor(act.competitor_id),
            stage_id=act.stage_id,
            heat_id=act.heat_id,
            **who(act),
        )
        body = await self._writer.write(act, joined, same=f"queue {act.competitor_id} {act.heat_id}")
        return body.entry_id if isinstance(body, QueueJoined) else ""

    async def _accept(self, act: AcceptAsk) -> str:
        """Let who asked by phone wait, under the ids that the ask gave."""
        race = self._writer.race
        asked = race.programme.asked_by(act.entry_id)
        if asked is None:
            raise ActRefused(code="unknown-ask", reason="Nobody asked by phone under this id.")
        if race.programme.queue_state(act.entry_id) != ASKED:
            raise ActRefused(code="ask-answered", reason="This ask was answered already.")
        said: list[Body] = []
        if not race.competitors.get(asked.competitor_id):
            if not asked.name:
                raise ActRefused(code="unknown-competitor", reason="This competitor is not registered.")
            said.append(
                CompetitorRegistered(
                    competitor_id=asked.competitor_id,
                    name=cleaned(asked.name),
                    race_class=asked.race_class,
                    by=act.by,
                    where=act.where,
                )
            )
        said.append(
            QueueJoined(
                entry_id=act.entry_id,
                track=act.track or self._track,
                competitor_id=asked.competitor_id,
                **who(act),
            )
        )
        await self._writer.write(act, *said, same=f"accept {act.entry_id}")
        return asked.competitor_id

    async def _post(self, act: PostMessage) -> str:
        posted = MessagePosted(
            message_id=act.message_id or self._writer.new_id(),
            text=cleaned(act.text, what="message", max_length=MESSAGE_MAX_LENGTH),
            displays=act.displays,
            until_utc_ms=act.until_utc_ms,
            is_gone=act.is_gone,
            **who(act),
        )
        body = await self._writer.write(act, posted)
        return body.message_id if isinstance(body, MessagePosted) else ""

    async def _draw(self, act: DrawStage) -> str:
        drawn = stage_bodies(act, self._writer, track=self._track, shuffle=self._shuffle)
        body = await self._writer.write(act, *drawn, same=f"draw {act.name}")
        return body.stage_id if isinstance(body, event_bodies.StageSet | event_bodies.HeatDrawn) else ""

    async def _remove_stage(self, act: RemoveStage) -> None:
        stages = {one.stage_id: one for one in self._writer.race.programme.stages()}
        stage = stages.get(act.stage_id)
        if stage is None:
            raise ActRefused(code="unknown-stage", reason="This stage is not known on this unit.")
        await self._writer.write(act, msgspec.structs.replace(stage, is_gone=True, **who(act)))

    def _plain(
        self, act: MarkQueue | OrderQueue | DrawHeat | SetSchedule | PlanDay | MoveDay | AssignDisplay
    ) -> Body:
        """Return the body of an act that says just what its record says."""
        match act:
            case MarkQueue():
                return queue_bodies.QueueMarked(entry_id=act.entry_id, state=act.state, **who(act))
            case OrderQueue():
                return queue_bodies.QueueOrdered(
                    track=act.track or self._track, entry_ids=act.entry_ids, **who(act)
                )
            case DrawHeat():
                return event_bodies.HeatDrawn(
                    stage_id=act.stage_id,
                    heat_id=act.heat_id,
                    round=act.round,
                    places=act.places,
                    **who(act),
                )
            case SetSchedule():
                return event_bodies.ScheduleSet(items=act.items, **who(act))
            case PlanDay():
                return event_bodies.DayPlanned(
                    track=act.track or self._track,
                    turns=act.turns,
                    is_automatic=act.is_automatic,
                    gap_ms=act.gap_ms,
                    **who(act),
                )
            case MoveDay():
                return event_bodies.DayMoved(
                    track=act.track or self._track,
                    boot_id=self._writer.replica.clock.boot_id,
                    mono_ns=act.mono_ns,
                    is_paused=act.is_paused,
                    shift_ms=act.shift_ms,
                    **who(act),
                )
            case AssignDisplay():
                return display_bodies.DisplayAssigned(
                    display=act.display,
                    name=cleaned(act.name),
                    playlist=act.playlist,
                    track=act.track,
                    race_class=act.race_class,
                    brightness_percent=act.brightness_percent,
                    is_on=act.is_on,
                    restart=act.restart,
                    **who(act),
                )
