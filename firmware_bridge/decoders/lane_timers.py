"""Decode lane timers that print one line a heat: MicroWizard FastTrack K/Q and SmartLine, "The Champ".

A lane without a car prints zero and no place; a zero with a place finished (a timer that shows differences
prints the winner so). Nines without a place beside others' places, or in all lanes, did not finish. Between
results the timers echo and answer commands: known answers are passed over.

A heat counts when its places are 1 to n. The echo of a question may fall into a result and tear it: what
comes after damage is a heat only if it begins with the first lane, else it is the rest of one."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from firmware_bridge.decoders.decoder import (
    Event,
    FramedDecoder,
    FrameSplitter,
    Piece,
    format_seconds,
    seconds_us,
)
from pitboard.errors import FrameRefused

LINE_MAX_LENGTH = 512
FIRST_PLACE_MARK = 0x21  # `!` is first, `"` second, and so on

_LANE = re.compile(rb"([A-Z]|\d{1,2})=(\d+(?:\.\d+)?)([!-(]?) *")
# By which a timer makes itself known, whatever its capitals; SRM's Champ takes the same commands.
FASTTRACK_BANNER = re.compile(rb"(?i)micro wizard|model: ?[kq]\d|\bK\d\w? version")
CHAMP_BANNER = re.compile(rb"(?i)smartline|etekgadget|\bsrm\b")
_NINES = re.compile(rb"9+\.9+")
_ECHO = re.compile(rb"[A-Za-z0-9*@ ]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneTime:
    lane: int
    time_us: int | None
    place: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatResult(Event):
    """One heat, in the order in which the timer printed the lanes."""

    kind: ClassVar[str] = "result"

    lanes: tuple[LaneTime, ...]


class LaneTimerDecoder(FramedDecoder):
    """A timer whose results look like `A=4.009" B=3.261!`, lanes being letters or numbers."""

    answers: ClassVar[re.Pattern[bytes]]
    # What the device says that is not the echo of a question: a cable that loops back is no timer.
    own_words: ClassVar[re.Pattern[bytes]]

    def __init__(self) -> None:
        super().__init__(
            FrameSplitter(starts=b"", ends=b"\r\n", max_length=LINE_MAX_LENGTH), ignored=b" \r\n"
        )
        self.answers_count = 0
        self._is_torn = False

    def _read(self, piece: Piece) -> Iterable[Event]:
        line = piece.content.strip(b" ")
        if not line and not piece.dropped:
            return []
        if self.answers.fullmatch(line) and not piece.dropped:
            self.answers_count += self.own_words.search(line) is not None
            return []
        begin, lanes = _lanes_at_the_end(line, is_ended=piece.has_end)
        is_whole = not piece.dropped and _ECHO.fullmatch(line[:begin]) is not None
        if (self._is_torn or not is_whole) and lanes[0].lane != 1:
            raise FrameRefused(reason="the rest of a result that was torn")
        self._is_torn = False
        self.counters.frames_good += 1
        result = HeatResult(lanes=lanes)
        if is_whole:
            return [result]
        noise_length = piece.content.index(line) + begin
        return [*self._damage(piece, reason="bytes in front of a result", length=noise_length), result]

    def _damage(self, piece: Piece, *, reason: str, length: int | None = None) -> list[Event]:
        damage = super()._damage(piece, reason=reason, length=length)
        if length is None:
            self._is_torn |= bool(damage)
        return damage


class FastTrackDecoder(LaneTimerDecoder):
    answers = re.compile(
        rb"(?:[A-Z]{1,2}\d?|N[12])?\*?|(?:RG)?[01X]\*?|@|[01]{4} ?[01]{4}|K\d?\w? .*|"
        rb"(?i:.*(?:micro wizard|copyright|fast ?track|model: ?[a-z]|version|serial number).*)"
    )
    own_words = re.compile(rb"[*@01X]|[a-z ]")


class ChampDecoder(LaneTimerDecoder):
    answers = re.compile(
        rb"[a-z]{1,2}\d*|\d|\?|OK|(?i:.*(?:smartline|etekgadget|copyright|version|serial number|\bsrm\b).*)"
    )
    own_words = re.compile(rb"^\d\Z|[?A-Z]")


def encode_result(lanes: Sequence[LaneTime], *, decimals: int = 3, line_end: bytes = b"\r\n") -> bytes:
    """Return the line as a timer prints it: letters for lanes, a mark for the place, a blank for none."""
    parts = []
    for lane in lanes:
        mark = " " if lane.place is None else chr(FIRST_PLACE_MARK + lane.place - 1)
        time = format_seconds(lane.time_us or 0, decimals=decimals)
        parts.append(f"{chr(ord('A') + lane.lane - 1)}={time}{mark}")
    return " ".join(parts).rstrip().encode("ascii") + line_end


def _lanes_at_the_end(line: bytes, *, is_ended: bool) -> tuple[int, tuple[LaneTime, ...]]:
    """Return where the last result of the line begins, and it. Raises FrameRefused where there is none.

    Half a result may stand before a whole one; then the whole one begins where the first lane comes again.
    """
    matches: list[re.Match[bytes]] = []
    for match in _LANE.finditer(line):
        if matches and matches[-1].end() != match.start():
            matches.clear()
        matches.append(match)
    if not matches or matches[-1].end() != len(line):
        raise FrameRefused(reason="no result line")
    names = [match[1] for match in matches]
    if len(set(names)) != len(names):
        del matches[: len(names) - 1 - names[::-1].index(names[0])]
    # Where nobody has a place, nines beside a time may be a time; nines alone are a heat nobody finished.
    has_places = any(match[3] for match in matches)
    has_time = any(not _NINES.fullmatch(match[2]) and seconds_us(match[2]) for match in matches)
    lanes = tuple(_lane(*match.groups(), can_be_time=has_time and not has_places) for match in matches)
    if len({lane.lane for lane in lanes}) != len(lanes):
        raise FrameRefused(reason="a lane stands twice in one result")
    if not _are_places_whole(lanes):
        raise FrameRefused(reason="places are missing")
    if not is_ended and not _is_every_place_taken(lanes):
        raise FrameRefused(reason="result line without its end")
    return matches[0].start(), lanes


def _are_places_whole(lanes: Sequence[LaneTime]) -> bool:
    """Return whether the places are 1 to n; two that share one may leave the next one out."""
    places = sorted(lane.place for lane in lanes if lane.place is not None)
    return all(
        place in (before, before + 1, position)
        for position, (before, place) in enumerate(pairwise([0, *places]), 1)
    ) and places[:1] in ([], [1])


def _is_every_place_taken(lanes: Sequence[LaneTime]) -> bool:
    """Return whether each lane with a time has a place and no place is missing: then no lane is missing."""
    places = [lane.place for lane in lanes if lane.time_us is not None]
    return bool(places) and sorted(place or 0 for place in places) == list(range(1, len(places) + 1))


def _lane(lane: bytes, time: bytes, mark: bytes, *, can_be_time: bool) -> LaneTime:
    number = int(lane) if lane.isdigit() else lane[0] - ord("A") + 1
    if mark:
        return LaneTime(lane=number, time_us=seconds_us(time), place=mark[0] - FIRST_PLACE_MARK + 1)
    did_not_finish = not can_be_time and _NINES.fullmatch(time) is not None
    return LaneTime(lane=number, time_us=None if did_not_finish else seconds_us(time) or None, place=None)
