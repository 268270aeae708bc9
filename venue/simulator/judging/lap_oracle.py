"""The laps of a day worked out a second time, in the plainest way: every rule looks at all records anew.

It shares no code with the fold. Slow, and right by reading: what the fold says must agree with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from pitboard.journal.records.record import Record
from venue.simulator.judging.said_oracle import ADMIN, FOR_EVER, Said, believed_of, moment_of, what_stands

_Owners = dict[tuple[str, str], list[tuple[str, int]]]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A passing on the clock of the run's unit."""

    passing_id: str
    unit: str
    boot_id: str
    mono_ns: int
    body: Any
    moment: tuple[int, str, int]


@dataclass(frozen=True, slots=True)
class OracleLap:
    place: int
    lap_id: str
    lap_ns: int
    measured_ns: int
    counts: bool
    verdict: str | None


@dataclass(frozen=True, slots=True)
class PublishedDrive:
    """`laps` are (time before cutting, counts); the penalty is added to each.

    `missing_count` laps were not driven, of a run whose rules then give no result.
    """

    laps: list[tuple[int, bool]]
    penalty_ns: int
    status: str
    missing_count: int = 0

    @property
    def may_rank(self) -> bool:
        return self.status in ("finished", "did-not-finish") and self.missing_count <= 0


def is_armed_by_its_unit(run: str, key: str) -> bool:
    """Return whether the run's id, which says whose it is, says this key's."""
    number, dot, tie = run.rpartition(".")
    if not dot or len(tie) != 16 or set(tie) - set("0123456789abcdef") or not number:
        return True  # of a former version
    return hashlib.sha256(b"pitboard run\n%b\n%b" % (key.encode(), number.encode())).hexdigest()[:16] == tie


class LapOracle:
    """`laps(run)` gives what is driven, `published(run)` what the board may have of it."""

    def __init__(self, records: Iterable[Record], root_key: str) -> None:
        believed = sorted(believed_of(list(records), root_key), key=moment_of)
        self._said_of: dict[str, list[Said]] = {}
        for said in what_stands(believed):
            self._said_of.setdefault(said.kind, []).append(said)
        self._first_armed: dict[str, Said] = {}
        for said in self._of("run-armed"):
            if is_armed_by_its_unit(said.body.run_id, said.key):
                self._first_armed.setdefault(said.body.run_id, said)
        self._first_recorded: dict[tuple[str, str], Said] = {}
        for said in self._of("passing"):
            self._first_recorded.setdefault((said.key, said.body.passing_id), said)
        self._windows = {run: self._windows_of(run) for run in self.runs}
        self._owners = self._find_owners()

    @property
    def runs(self) -> list[str]:
        return sorted(self._first_armed)

    def laps(self, run: str) -> list[OracleLap]:
        """Return the laps of each place in the order driven, as they stand."""
        return [lap for place in self._places(run) for lap in self._laps_of(run, place)]

    def owners(self) -> _Owners:
        """Return {passing: [(run, place)]} of every passing that is somebody's."""
        return self._owners

    def decision(self, run: str) -> str | None:
        said = self._decided(run)
        return None if said is None else str(said.body.decision)

    def published(self, run: str) -> dict[str, PublishedDrive] | None:
        """Return {competitor: what the board may have of the run}; None if it is not confirmed."""
        decided = self._decided(run)
        if decided is None or decided.body.decision != "confirmed":
            return None
        found: dict[str, PublishedDrive] = {}
        sheet = self._sheet(run, decided.body)
        if sheet is None:
            for place in self._places(run):
                if place.competitor_id is not None:
                    laps = [(lap.lap_ns, lap.counts) for lap in self._laps_of(run, place)]
                    penalty_ns = self.penalties(run).get(place.place, (0, 0))[0]
                    status, missing = self._status(run, place.place), self._missing_count(run, laps)
                    drive = PublishedDrive(laps, penalty_ns, status, missing)
                    found.setdefault(self.person(place.competitor_id), drive)
            return found
        for seen_place, seen_laps in sheet:
            if seen_place.competitor_id is not None:
                laps = self._with_admins_word(run, seen_laps)
                missing = self._missing_count(run, laps)
                drive = PublishedDrive(laps, seen_place.penalty_ns, seen_place.status, missing)
                found.setdefault(self.person(seen_place.competitor_id), drive)
        return found

    def _missing_count(self, run: str, laps: list[tuple[int, bool]]) -> int:
        rules = self._rules(run)
        return rules.run_laps - len(laps) if (rules.ends, rules.time_up) == ("laps", "cancel") else 0

    def _status(self, run: str, place: int) -> str:
        said = self._last_said(
            one for one in self._of("place-judged") if (one.body.run_id, one.body.place) == (run, place)
        )
        return "finished" if said is None else str(said.body.status)

    def penalties(self, run: str) -> dict[int, tuple[int, int]]:
        """Return {place: (time, laps)} of the penalties that stand."""
        found: dict[int, tuple[int, int]] = {}
        for said in self._of("penalty-given"):
            if said.body.run_id == run:
                time_ns, laps = found.get(said.body.place, (0, 0))
                found[said.body.place] = (time_ns + said.body.penalty_ns, laps + said.body.laps)
        return found

    def person(self, competitor: str) -> str:
        """Return who the competitor is, joins followed."""
        seen: list[str] = []
        one = competitor
        while one not in seen:
            seen.append(one)
            joined = [
                said
                for said in self._of("competitors-joined")
                if said.body.competitor_id == one and said.body.into_id != one
            ]
            if not joined:
                return one
            one = str(max(joined, key=lambda said: said.word).body.into_id)
        return competitor

    def race_class(self, competitor: str) -> str:
        """Return the competitor's class by the last word."""
        words = [
            (said.word, said.body.race_class)
            for kind in ("competitor-registered", "competitor-changed")
            for said in self._of(kind)
            if said.body.competitor_id == competitor and self._says_class(said)
        ]
        return str(max(words)[1]) if words else ""

    def _says_class(self, said: Said) -> bool:
        if said.kind == "competitor-changed":
            return said.body.race_class is not None
        return bool(said.body.race_class)

    # Whose each passing is

    def _find_owners(self) -> _Owners:
        owners: _Owners = {}
        derived: dict[str, list[_Seen]] = {}
        for (unit, passing_id), said in self._first_recorded.items():
            ignored, given = self._words_on(unit, passing_id)
            if ignored:
                continue
            if given is not None:
                if given.body.run_id is not None:
                    owners[unit, passing_id] = [(given.body.run_id, given.body.place)]
                continue
            run = self._window_at(unit, said.body.track, said.body.boot_id, said.body.mono_ns)
            if run is not None:
                seen = _Seen(
                    passing_id, unit, said.body.boot_id, said.body.mono_ns, said.body, moment_of(said)
                )
                derived.setdefault(run, []).append(seen)
        for run, passings in derived.items():
            if self._rules(run).clock != "start-gate":
                owners |= self._share_out(run, passings)
        return owners | self._start_to_finish()

    def _words_on(self, unit: str, passing_id: str) -> tuple[bool, Said | None]:
        def is_meant(said: Said) -> bool:
            return said.body.passing_id == passing_id and (said.body.unit or said.key) == unit

        ignored = any(is_meant(said) for said in self._of("passing-judged"))
        return ignored, self._last_said(said for said in self._of("passing-attributed") if is_meant(said))

    def _window_at(self, unit: str, track: str, boot_id: str, mono_ns: int) -> str | None:
        """Return the run armed last before the stamp, if it had not been finished by then."""
        run = self._armed_last(unit, track, boot_id, mono_ns)
        return run if run is not None and self._is_open(run, boot_id, mono_ns) else None

    def _armed_last(self, unit: str, track: str, boot_id: str, mono_ns: int) -> str | None:
        begun = [
            (start, run)
            for run in self.runs
            for boot, start, _ in self._windows[run]
            if self._first_armed[run].key == unit
            and self._first_armed[run].body.track == track
            and boot == boot_id
            and start <= mono_ns
        ]
        return max(begun)[1] if begun else None

    def _is_open(self, run: str, boot_id: str, mono_ns: int) -> bool:
        finished = self._last_said(said for said in self._of("run-finished") if said.body.run_id == run)
        return finished is None or finished.body.boot_id != boot_id or mono_ns <= finished.body.mono_ns

    def _share_out(self, run: str, passings: list[_Seen]) -> _Owners:
        owners: _Owners = {}
        cars: dict[int, Any] = {}
        taken = self._calculated_from(run)
        passings = [
            one
            for one in passings
            if not _is_evidence(
                one.passing_id,
                one.body,
                [
                    other.body
                    for other in passings
                    if other.boot_id == one.boot_id
                    and self._window_number(run, other) == self._window_number(run, one)
                ],
                taken,
            )
        ]
        in_order = sorted(passings, key=lambda one: (self._window_number(run, one), *_by_stamp(one)))
        for seen in in_order:
            fitting = [place for place in self._places(run) if _fits(place, seen.body)]
            if seen.body.system == "B" or not fitting:
                continue
            place = fitting[0]
            car = seen.body.transponder if place.told_by == "any" else None
            if car is not None and cars.setdefault(place.place, car) != car:
                continue
            owners[seen.unit, seen.passing_id] = [(run, place.place)]
        return owners

    def _calculated_from(self, *runs: str) -> set[str]:
        """What B or a hand saw, and a person let be calculated."""
        return {
            said.body.from_passing_id
            for said in self._of("passing-inserted")
            if said.body.run_id in runs and said.body.from_passing_id is not None
        }

    def _window_number(self, run: str, seen: _Seen) -> int:
        """Which of the run's windows holds the stamp; a rogue may open two under one boot."""
        windows = [
            (start, number)
            for number, (boot, start, _) in enumerate(self._windows[run])
            if boot == seen.boot_id
        ]
        begun = [window for window in windows if window[0] <= seen.mono_ns]
        return max(begun)[1] if begun else min(windows)[1]

    def _start_to_finish(self) -> _Owners:
        """On tracks with a start gate: the first armed starts first, who started first finishes first."""
        owners: _Owners = {}
        tracks = {
            (self._first_armed[run].key, self._first_armed[run].body.track, boot)
            for run in self.runs
            if self._rules(run).clock == "start-gate"
            for boot, _, _ in self._windows[run]
        }
        for unit, track, boot in sorted(tracks):
            owners |= self._start_to_finish_on(unit, track, boot)
        return owners

    def _start_to_finish_on(self, unit: str, track: str, boot: str) -> _Owners:
        owners: _Owners = {}
        starters = self._starters_on(unit, track, boot)
        started, gates = self._known_of_starters(starters, boot)
        for key, body in self._unowned_on(unit, track, boot, starters):
            able = [
                (run, place.place)
                for opened, run, place in starters
                if opened <= body.mono_ns
                and self._is_open(run, boot, body.mono_ns)
                and (body.gate == "start" or "finish" not in gates[run, place.place])
                and body.gate not in gates[run, place.place]
                and (_fits(place, body) or _lets_go(place, body))
            ]
            if body.gate != "start":
                under_way = [one for one in able if one in started and started[one] < body.mono_ns]
                able = sorted(under_way, key=lambda one: started[one])
            if able:
                run, _ = able[0]
                let_go = [
                    (run, place.place) for _, one, place in starters if one == run and _lets_go(place, body)
                ]
                owners[key] = [one for one in able if one in let_go] if able[0] in let_go else able[:1]
            for owner in owners.get(key, ()):
                gates[owner].add(body.gate)
                if body.gate == "start":
                    started[owner] = body.mono_ns
        return owners

    def _starters_on(self, unit: str, track: str, boot: str) -> list[tuple[int, str, Any]]:
        """Return (stamp from which it is open, run, place) of all that begin at the track's start gate."""
        starters = []
        for run in self.runs:
            armed = self._first_armed[run]
            if self._rules(run).clock != "start-gate" or (armed.key, armed.body.track) != (unit, track):
                continue
            opened = next((start for one, start, _ in self._windows[run] if one == boot), None)
            if opened is not None:
                starters += [(opened, run, place) for place in self._places(run)]
        return sorted(starters, key=lambda one: (one[0], one[1], one[2].place))

    def _known_of_starters(
        self, starters: list[tuple[int, str, Any]], boot: str
    ) -> tuple[dict[tuple[str, int], int], dict[tuple[str, int], set[str]]]:
        """Return when each has started, and which gates each has passed, by what persons said."""
        started: dict[tuple[str, int], int] = {}
        gates: dict[tuple[str, int], set[str]] = {(run, place.place): set() for _, run, place in starters}
        for _, run, place in starters:
            for seen in self._given(run, place.place, boot):
                gates[run, place.place].add(seen.body.gate)
                if seen.body.gate == "start":
                    started[run, place.place] = min(
                        seen.mono_ns, started.get((run, place.place), seen.mono_ns)
                    )
            said = self._start_said(run, place.place)
            if said is not None and said.boot_id == boot:
                begun = min(said.mono_ns, started.get((run, place.place), said.mono_ns))
                started[run, place.place] = begun
                gates[run, place.place].add("start")
        return started, gates

    def _unowned_on(
        self, unit: str, track: str, boot: str, starters: list[tuple[int, str, Any]]
    ) -> Iterator[tuple[tuple[str, str], Any]]:
        """Yield (recorder, passing) and body of what no person spoke of and the starters share, by stamp."""
        taken = self._calculated_from(*(run for _, run, _ in starters))
        here = [
            (key, said.body)
            for key, said in self._first_recorded.items()
            if (key[0], said.body.track, said.body.boot_id) == (unit, track, boot)
            and self._words_on(*key) == (False, None)
            and self._is_of_starters(said.body, unit, track, boot)
        ]
        unspoken = [body for _, body in here]
        for key, body in sorted(here, key=lambda one: (one[1].mono_ns, one[0][1])):
            if body.system != "B" and not _is_evidence(key[1], body, unspoken, taken):
                yield key, body

    def _is_of_starters(self, body: Any, unit: str, track: str, boot: str) -> bool:
        holder = self._armed_last(unit, track, boot, body.mono_ns)
        return holder is not None and self._rules(holder).clock == "start-gate"

    def _given(self, run: str, place: int, boot: str) -> list[_Seen]:
        """Return what persons gave to the place under this boot: attributed passings and inserted ones."""
        unit = self._first_armed[run].key
        found = []
        for (recorder, passing_id), said in self._first_recorded.items():
            ignored, given = self._words_on(recorder, passing_id)
            if ignored or given is None or (given.body.run_id, given.body.place) != (run, place):
                continue
            if (recorder, said.body.boot_id) == (unit, boot):
                found.append(_Seen(passing_id, recorder, boot, said.body.mono_ns, said.body, moment_of(said)))
        for said in self._of("passing-inserted"):
            if (said.body.run_id, said.body.place) != (run, place):
                continue
            ignored, given = self._words_on(said.key, said.body.passing_id)
            if ignored or given is not None:
                continue
            copied = self._first_recorded.get((unit, said.body.copy_of or ""))
            body = _Inserted(said.body, None if copied is None else copied.body)
            if body.boot_id == boot:
                found.append(_Seen(said.body.passing_id, said.key, boot, body.mono_ns, body, moment_of(said)))
        return found

    # Laps

    def _laps_of(self, run: str, place: Any) -> list[OracleLap]:
        rules = self._rules(run)
        laps: list[OracleLap] = []
        follows_void = False
        for opening, closing, measured in self._pairs(run, place.place):
            verdict, cause = self._verdict(run, closing.passing_id)
            corrected = self._last(self._about(run, closing.passing_id, "lap-corrected"))("lap_ns")
            off_tracks = sum(
                said.body.run_id == run
                and said.body.place == place.place
                and said.body.boot_id == closing.boot_id
                and opening <= said.body.mono_ns < closing.mono_ns
                for said in self._of("off-track-noted")
            )
            is_doubtful = corrected is None and (measured < rules.lap_min_ms * 1_000_000 or follows_void)
            is_off = rules.off_track == "void" and off_tracks > 0
            is_off = is_off or (rules.off_track == "limit" and off_tracks > rules.off_track_max_count)
            counts = verdict == "valid" if verdict is not None else not is_doubtful and not is_off
            lap_ns = measured if corrected is None else corrected
            laps.append(OracleLap(place.place, closing.passing_id, lap_ns, measured, counts, verdict))
            follows_void = verdict == "void" and cause != "driver"
        return laps

    def _pairs(self, run: str, place: int) -> Iterable[tuple[int, _Seen, int]]:
        """Yield (stamp at which the lap was opened, what closed it, its length)."""
        rules = self._rules(run)
        count = 0
        for number, (boot, _, elapsed_ns) in enumerate(self._windows[run]):
            own = [*self._derived(run, place, boot), *self._given(run, place, boot)]
            seen = sorted((one for one in own if self._window_number(run, one) == number), key=_by_stamp)
            pauses = self._pauses(run, boot)
            start = self._start_said(run, place)
            has_start = start is not None and start.boot_id == boot
            gate = "start" if rules.clock == "start-gate" else "finish"
            firsts = [one.mono_ns for one in seen if one.body.gate == gate]
            began = start.mono_ns if has_start else firsts[0] if firsts else None
            if began is None:
                continue
            up = self._up(began - elapsed_ns, rules, pauses)
            opening: tuple[int, Any] | None = (start.mono_ns, None) if has_start else None
            for one in seen:
                if any(begun < one.mono_ns < ended for begun, ended in pauses):
                    continue
                if opening is not None and one.mono_ns < opening[0]:
                    continue
                if opening is not None and opening[1] is None and one.passing_id == start.passing_id:
                    continue
                if one.body.gate == "start":
                    if rules.clock == "start-gate" and not has_start:
                        opening = (one.mono_ns, one)
                    continue
                if one.body.gate != "finish":
                    continue
                if opening is None:
                    if rules.clock != "start-gate":
                        opening = (one.mono_ns, one)
                    continue
                if up is not None and (
                    one.mono_ns > up if rules.time_up != "finish-lap" else opening[0] >= up
                ):
                    break
                if rules.ends == "laps" and rules.run_laps and count >= rules.run_laps:
                    return
                count += 1
                length = _between(opening, one)
                paused = sum(
                    max(0, min(ended, one.mono_ns) - max(begun, opening[0])) for begun, ended in pauses
                )
                yield opening[0], one, max(0, length - paused)
                if rules.clock == "start-gate":
                    break
                opening = (one.mono_ns, one)

    def _derived(self, run: str, place: int, boot: str) -> list[_Seen]:
        found = []
        for (unit, passing_id), owners in self._owners.items():
            said = self._first_recorded[unit, passing_id]
            if (
                (run, place) in owners
                and said.body.boot_id == boot
                and not self._words_on(unit, passing_id)[1]
            ):
                found.append(_Seen(passing_id, unit, boot, said.body.mono_ns, said.body, moment_of(said)))
        return found

    def _up(self, began: int, rules: Any, pauses: list[tuple[int, int]]) -> int | None:
        if not rules.run_ms or rules.ends == "open":
            return None
        up = int(began + rules.run_ms * 1_000_000)
        for begun, ended in sorted(pauses):
            if begun >= up:
                continue
            if ended >= FOR_EVER:
                return None
            if ended > began:
                up += ended - max(begun, began)
        return up

    def _pauses(self, run: str, boot: str) -> list[tuple[int, int]]:
        marks = sorted(
            (said.body.mono_ns, said.kind == "run-paused")
            for kind in ("run-paused", "run-continued")
            for said in self._of(kind)
            if said.body.run_id == run and said.body.boot_id == boot
        )
        pauses = []
        begun: int | None = None
        for mono_ns, is_pause in marks:
            if is_pause and begun is None:
                begun = mono_ns
            elif not is_pause and begun is not None:
                pauses.append((begun, mono_ns))
                begun = None
        if begun is not None:
            pauses.append((begun, FOR_EVER))
        return pauses

    def _start_said(self, run: str, place: int) -> Any:
        said = [one for one in self._of("run-started") if one.body.run_id == run]
        own = self._last_said(one for one in said if one.body.place == place)
        last = own or self._last_said(one for one in said if one.body.place is None)
        if last is None or (last.body.passing_id is not None and self._rules(run).clock == "first-passing"):
            return None
        return last.body

    def _verdict(self, run: str, lap_id: str) -> tuple[str | None, str]:
        last: dict[int, Said] = {}
        for one in sorted(self._about(run, lap_id, "lap-judged"), key=lambda one: one.word):
            last[one.word.authority] = one
        for authority in sorted(last, reverse=True):
            if last[authority].body.verdict is not None:
                return last[authority].body.verdict, last[authority].body.cause
        return None, ""

    def _with_admins_word(self, run: str, laps: list[Any]) -> list[tuple[int, bool]]:
        found = []
        follows_void = False
        for lap in laps:
            said = [one for one in self._about(run, lap.lap_id, "lap-judged") if one.word.authority == ADMIN]
            judged = self._last_said(said)
            verdict = None if judged is None else judged.body.verdict
            corrected = self._last(
                one for one in self._about(run, lap.lap_id, "lap-corrected") if one.word.authority == ADMIN
            )("lap_ns")
            counts = lap.counts and (corrected is not None or not follows_void)
            if verdict is not None:
                counts = verdict == "valid"
            found.append((lap.lap_ns if corrected is None else corrected, counts))
            follows_void = verdict == "void" and judged is not None and judged.body.cause != "driver"
        return found

    def _sheet(self, run: str, decided: Any) -> list[tuple[Any, list[Any]]] | None:
        if not decided.sheet_id or not decided.places:
            return None
        found = []
        for place in decided.places:
            laps: dict[int, Any] = {}
            for said in self._of("run-sheet"):
                sheet = said.body
                if (sheet.run_id, sheet.sheet_id, sheet.place) == (run, decided.sheet_id, place.place):
                    laps |= {sheet.first + index: lap for index, lap in enumerate(sheet.seen_laps)}
            if set(laps) != set(range(place.laps_count)):
                return None
            found.append((place, [laps[index] for index in sorted(laps)]))
        return found

    def _decided(self, run: str) -> Said | None:
        said = [one for one in self._of("run-decided") if one.body.run_id == run]
        reopened = [one for one in said if one.body.decision == "reopened"]
        last: dict[int, Said] = {}
        for one in sorted(said, key=lambda one: one.word):
            is_past = any(
                moment_of(one) < moment_of(other) and one.word.authority <= other.word.authority
                for other in reopened
            )
            if not is_past and one.body.decision != "reopened":
                last[one.word.authority] = one
        standing = [last[authority] for authority in sorted(last, reverse=True)]
        return next((one for one in standing if one.body.decision is not None), None)

    def _rules(self, run: str) -> Any:
        return self._first_armed[run].body.timing

    def _places(self, run: str) -> list[Any]:
        places: dict[int, Any] = {}
        for place in self._first_armed[run].body.places:
            handed = self._last_said(
                one
                for one in self._of("run-handed")
                if one.body.run_id == run and one.body.place == place.place
            )
            if handed is not None:
                place = msgspec.structs.replace(place, competitor_id=handed.body.competitor_id)
            places.setdefault(place.place, place)
        return list(places.values())

    def _about(self, run: str, lap: str, kind: str) -> list[Said]:
        return [said for said in self._of(kind) if said.body.run_id == run and said.body.lap_id == lap]

    def _windows_of(self, run: str) -> list[tuple[str, int, int]]:
        armed = self._first_armed[run].body
        resumed: dict[str, Said] = {}
        for said in (said for said in self._of("run-resumed") if said.body.run_id == run):
            if said.word.authority == ADMIN or said.key == self._first_armed[run].key:
                resumed.setdefault(said.body.boot_id, said)
        moved: dict[int | None, Any] = {}
        for said in sorted(self._of("run-started"), key=lambda one: one.word):
            if said.body.run_id == run:
                moved[said.body.place] = said.body
        earlier = [
            one.mono_ns
            for one in moved.values()
            if one.passing_id is not None and one.boot_id == armed.boot_id
        ]
        return [(armed.boot_id, min([armed.mono_ns, *earlier]), 0)] + [
            (said.body.boot_id, said.body.mono_ns, said.body.elapsed_ns)
            for said in sorted(resumed.values(), key=moment_of)
        ]

    def _of(self, kind: str) -> list[Said]:
        return self._said_of.get(kind, [])

    def _last_said(self, said: Iterable[Said]) -> Said | None:
        return max(said, key=lambda one: one.word, default=None)

    def _last(self, said: Iterable[Said]) -> Any:
        """Return a reader of the deciding value: each authority's last word, the highest not withdrawn."""
        last: dict[int, Said] = {}
        for one in sorted(said, key=lambda one: one.word):
            last[one.word.authority] = one

        def read(name: str) -> Any:
            values = [getattr(last[authority].body, name) for authority in sorted(last, reverse=True)]
            return next((value for value in values if value is not None), None)

        return read


class _Inserted:
    """What a person inserted, with the stamp of the passing that it copies."""

    def __init__(self, inserted: Any, copied: Any) -> None:
        source = copied or inserted
        self.gate = inserted.gate
        self.boot_id, self.mono_ns = source.boot_id, source.mono_ns
        self.sensor = copied.sensor if copied else "inserted"
        self.sensor_boot = copied.sensor_boot if copied else inserted.boot_id
        self.tick_us = copied.tick_us if copied else None
        self.rate_ppb = copied.rate_ppb if copied else 0


def _fits(place: Any, body: Any) -> bool:
    if place.told_by == "lane":
        lane = body.channel if body.lane is None else body.lane
        return place.lane is not None and bool(place.lane == lane)
    if place.told_by == "transponder":
        return body.transponder is not None and body.transponder in place.transponders
    return bool(place.told_by == "any")


def _lets_go(place: Any, body: Any) -> bool:
    """Whether it is the switch of all lanes at the start, and the place has one of them."""
    lane = body.channel if body.lane is None else body.lane
    return body.gate == "start" and place.told_by == "lane" and place.lane is not None and lane == 0


def _is_evidence(passing_id: str, body: Any, others: Iterable[Any], taken: set[str]) -> bool:
    """Whether a hand pressed beside what the first system timed better, half a second and less away."""
    if body.system != "hand":
        return False
    if passing_id in taken:
        return True
    for other in others:
        is_near = other.system == "A" and abs(other.mono_ns - body.mono_ns) <= 500_000_000
        says_another = (None not in (other.lane, body.lane) and other.lane != body.lane) or (
            None not in (other.transponder, body.transponder) and other.transponder != body.transponder
        )
        if is_near and other.gate == body.gate and not says_another:
            return True
    return False


def _between(opening: tuple[int, Any], closing: _Seen) -> int:
    mono_ns, seen = opening
    if seen is None or seen.unit != closing.unit:
        return closing.mono_ns - mono_ns
    one, other = seen.body, closing.body
    is_one_device = one.sensor == other.sensor and _clock(one) == _clock(other)
    if is_one_device and None not in (one.tick_us, other.tick_us) and other.tick_us > one.tick_us:
        device_ns = (other.tick_us - one.tick_us) * 1_000
        return int(device_ns + device_ns * other.rate_ppb // 1_000_000_000)
    return closing.mono_ns - mono_ns


def _clock(body: Any) -> str:
    return str(getattr(body, "clock", "") or body.sensor_boot)


def _by_stamp(seen: _Seen) -> tuple[int, str]:
    return (seen.mono_ns, seen.passing_id)
