"""The queue by phone, at central: a code that changes, who may ask by it, and the record of each ask.

Only an official lets anybody into the queue. Everything is bounded: who holds the code can fill the list of
those who ask, and no more."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from pitboard.clock import Clock
from pitboard.errors import CallRefused, JournalLost
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.queue_bodies import JoinCodeGiven, QueueAsked
from pitboard.race.names import clean_name, fold_name
from pitboard.race.roll import Competitor
from sync.central.joining.join_box import JoinBox, Letter
from sync.central.joining.join_calls import ALIKE, AlikeView, JoinAnswer, JoinAsk
from sync.central.joining.refused_words import RefusedWords

log = logging.getLogger(__name__)

CODE_LETTERS = "CDFHJKLMNPRTVWXY347"
"""No vowels, so that no word comes of it, and none that looks like another."""
CODE_LENGTH = 5
CODE_GRACE_NS = 180_000_000_000
"""So long the code before is taken too: somebody is typing it."""
CODE_ASKS_MAX_COUNT = 40
EVENT_ASKS_MAX_COUNT = 3_000
ALIKE_MAX_COUNT = 3
LOOK_EVERY_S = 5.0
_MINUTE_NS = 60_000_000_000
BY_PHONE = "phone"
"""Where the asks say that they were done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRules:
    """`address` is where phones find central; an ask beyond `asked_max_count` without an answer waits."""

    address: str
    code_min: int
    asked_max_count: int
    refused_words: RefusedWords


class JoinDesk:
    """Answers the letters of a box, one after the other; without rules nobody joins by phone."""

    def __init__(
        self,
        replica: WritingReplica,
        clock: Clock,
        box: JoinBox,
        rules: JoinRules | None,
        *,
        is_linked: Callable[[], bool],
        new_code: Callable[[], str] = lambda: "".join(
            secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)
        ),
    ) -> None:
        self._replica = replica
        self._clock = clock
        self._box = box
        self._rules = rules
        self._is_linked = is_linked
        self._new_code = new_code
        self._given_mono_ns: int | None = None  # None: not since this process began
        self._former: tuple[str, int] | None = None  # the code before, and until when it is taken
        self._asks_by_code: dict[str, int] = {}

    async def run(self) -> None:
        """Give codes and answer letters until cancelled."""
        while True:
            try:
                await self.look()
                letter = await self._box.next_letter(LOOK_EVERY_S)
                if letter is not None:
                    await self._answer(letter)
            except JournalLost as error:
                log.error("no code for the queue by phone yet: %s", error)
                await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Give another code where the last is old and a unit is there to show it; none without rules, or when
        the event is over."""
        self._box.linked = self._is_linked()
        given = self._replica.fold.race.programme.join_code()
        if self._rules is None or self._replica.fold.race.programme.is_closed():
            if given is not None:
                await self._replica.append(JoinCodeGiven(code="", where=BY_PHONE))
            return
        now_mono_ns = self._clock.mono_ns()
        if given is not None and given.address == self._rules.address:
            if self._given_mono_ns is None:
                self._given_mono_ns = now_mono_ns
            if not self._box.linked or now_mono_ns - self._given_mono_ns < self._rules.code_min * _MINUTE_NS:
                return
        code = self._new_code()
        await self._replica.append(
            JoinCodeGiven(
                code=code,
                address=self._rules.address,
                lasts_min=self._rules.code_min,
                where=BY_PHONE,
            )
        )
        if given is not None:
            self._former = (given.code, now_mono_ns + CODE_GRACE_NS)
        self._given_mono_ns = now_mono_ns
        self._asks_by_code = {one: count for one, count in self._asks_by_code.items() if self._is_code(one)}

    async def _answer(self, letter: Letter) -> None:
        try:
            letter.answer(await self.ask(letter.ask))
        except CallRefused as error:
            letter.refuse(error)
        except JournalLost as error:
            log.error("ask of a phone not written: %s", error)
            letter.refuse(_busy("Central cannot write just now. Try again in a minute, or ask the official."))

    async def ask(self, ask: JoinAsk) -> JoinAnswer:
        """Write the ask, once whatever is sent again. Raises CallRefused with a sentence for the racer."""
        race = self._replica.fold.race
        known = race.programme.queue_state(ask.entry_id)
        if known:
            return JoinAnswer(state=known)
        code = ask.code.strip().upper()
        if self._rules is None or race.programme.is_closed():
            raise CallRefused("join-closed", "Nobody joins by phone here. Ask the official.", status=409)
        if not self._is_code(code):
            raise CallRefused("wrong-code", "This code is not the one on the screen now.", status=403)
        if not self._box.linked:
            raise CallRefused("no-link", "The track cannot be reached now. Go to the official.", status=409)
        name = self._name(ask)
        if ask.race_class and ask.race_class not in {one.race_class for one in race.programme.classes()}:
            raise CallRefused("unknown-class", "There is no such class here.", status=400)
        same = [one for one in race.roll.entered() if one.name and fold_name(one.name) == fold_name(name)]
        mine = next((one for one in same if one.competitor_id == ask.competitor_id), None)
        if ask.competitor_id and mine is None:
            raise CallRefused(
                "unknown-competitor", "Nobody of this name is registered like that.", status=409
            )
        if same and mine is None and not ask.is_new:
            return JoinAnswer(state=ALIKE, alike=[_alike(one) for one in same[:ALIKE_MAX_COUNT]])
        self._check_waits(name, mine)
        self._check_room(code)
        await self._replica.append(
            QueueAsked(
                entry_id=ask.entry_id,
                competitor_id=secrets.token_hex(8) if mine is None else mine.competitor_id,
                name=name if mine is None else "",
                race_class=ask.race_class if mine is None else "",
                track=ask.track if ask.track in race.run_list.tracks else "",
                where=BY_PHONE,
            )
        )
        self._asks_by_code[code] = self._asks_by_code.get(code, 0) + 1
        return JoinAnswer(state=race.programme.queue_state(ask.entry_id))

    def _is_code(self, code: str) -> bool:
        given = self._replica.fold.race.programme.join_code()
        if given is not None and secrets.compare_digest(given.code.encode(), code.encode()):
            return True
        if self._former is None or self._clock.mono_ns() > self._former[1]:
            return False
        return secrets.compare_digest(self._former[0].encode(), code.encode())

    def _name(self, ask: JoinAsk) -> str:
        assert self._rules is not None
        name = clean_name(ask.name)
        if not name:
            raise CallRefused("bad-name", "Type a name with at least one letter or digit.", status=400)
        if self._rules.refused_words.has_one(name):
            raise CallRefused("refused-name", "This name is not shown here. Type another.", status=400)
        return name

    def _check_waits(self, name: str, mine: Competitor | None) -> None:
        """Refuse who asks already, or waits already."""
        race = self._replica.fold.race
        asked = race.programme.asked()
        waits = any(
            one.competitor_id == mine.competitor_id
            if mine is not None
            else fold_name(one.name) == fold_name(name)
            for one in asked
        )
        if mine is not None and not waits:
            waits = any(
                race.roll.now(one.competitor_id) == mine.competitor_id and one.state in ("waiting", "called")
                for track in race.programme.tracks_with_queue()
                for one in race.programme.queue(track)
            )
        if waits:
            raise CallRefused("waits-already", "This name waits already. Ask the official.", status=409)

    def _check_room(self, code: str) -> None:
        """Refuse what is beyond a bound; the official can let people in by hand all the same."""
        assert self._rules is not None
        programme = self._replica.fold.race.programme
        if (
            len(programme.asked()) >= self._rules.asked_max_count
            or self._asks_by_code.get(code, 0) >= CODE_ASKS_MAX_COUNT
            or programme.asks_count() >= EVENT_ASKS_MAX_COUNT
        ):
            raise _busy("Too many ask just now. Try again in a few minutes, or ask the official.")


def _alike(one: Competitor) -> AlikeView:
    return AlikeView(
        competitor_id=one.competitor_id, name=one.name, number=one.number, race_class=one.race_class
    )


def _busy(sentence: str) -> CallRefused:
    return CallRefused("list-full", sentence, status=503, retry_after_ms=60_000)
