"""The boards of a race: told what a record may have changed, and ranked anew only where that was.

They show confirmed runs as published. A change of formats or classes makes them anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pitboard.race.bodies.formats import Format, RaceClass
from pitboard.race.race_state import RaceState, Touched
from pitboard.race.ranking.board import Trial
from pitboard.race.ranking.boards import ALL, Boards, Confirmed
from pitboard.race.ranking.results import Result
from pitboard.race.ranking.score import Drive, Moment, score
from pitboard.race.runs.run import Run
from pitboard.race.runs.sectors import SectorBests, SectorKey, sectors_of


class RaceBoards:
    """Ranks what the race says is confirmed; whoever asks has told it of all changes before."""

    def __init__(self) -> None:
        self.version = 0  # grows whenever an entry of a board may be another
        self.has_sectors = False  # a gate within the lap was heard of
        self.begin(RaceState())

    def begin(self, race: RaceState) -> None:
        """Rank this race from here on, of which nothing was told yet."""
        self.race = race
        self.ranked = Boards()
        self.version += 1
        self._ranked_by: object = None
        self._confirmed: dict[str, tuple[str, ...]] = {}  # run -> competitors who are on a board by it
        self._runs_of: dict[str, set[str]] = {}  # competitor as armed -> confirmed runs
        self._sector_bests = SectorBests()
        self._sectors_untold: set[str] = set()  # confirmed runs that it has not been told of

    @property
    def rules(self) -> Format:
        """Return the format that the event's board is ranked by."""
        return self.ranked.rules

    def rules_of(self, race_class: str) -> Format:
        """Return the format of the class's board; of an unknown class the event's."""
        return self.ranked.rules_of(race_class)

    def tell(self, touched: Touched) -> None:
        """Take note of what may have changed."""
        if touched.has_new_rules and self._rank_by_new_rules():
            return
        self._take_note(touched.competitors, touched.runs)

    def _take_note(self, competitors: Iterable[str], runs: Iterable[str]) -> None:
        """Follow competitors, then each run once: those named, and those that the competitors drove in."""
        concerned = set(runs)
        for competitor_id in sorted(competitors):
            self._take_note_of_competitor(competitor_id)
            concerned |= self._runs_of.get(competitor_id, set())
        for run_id in sorted(concerned):
            self._take_note_of_run(run_id)

    def _rank_by_new_rules(self) -> bool:
        """Make the boards anew where formats or classes are others now; return whether they are."""
        programme = self.race.programme
        rules = programme.format_of_event(self.race.event.value)
        classes = [
            RaceClass(
                race_class=one.race_class,
                name=one.name,
                format=one.format,
                is_outside_awards=one.is_outside_awards,
            )
            for one in programme.classes()
        ]
        formats = programme.formats()
        ranked_by = (rules, classes, formats)
        if ranked_by == self._ranked_by:
            return False
        self.version += 1
        self._ranked_by = ranked_by
        self.ranked = Boards(rules, classes, formats)
        self._confirmed, self._runs_of = {}, {}
        self._take_note(self.race.competitors, self.race.runs)
        return True

    def _take_note_of_run(self, run_id: str) -> None:
        run = self.race.runs.get(run_id)
        former = self._confirmed.get(run_id, ())
        if not former and (run is None or run.decision != "confirmed"):
            return
        new = {} if run is None else self.confirmed_in(run)
        self._confirmed[run_id] = tuple(new)
        if self.has_sectors:
            self._sectors_untold.add(run_id)
        self.version += 1
        for competitor_id in [*former, *(one for one in new if one not in former)]:
            self.ranked.set_drive(competitor_id, run_id, new.get(competitor_id))

    @property
    def sector_bests(self) -> SectorBests:
        """The best sectors of all confirmed runs, worked out where somebody asks for them."""
        while self._sectors_untold:
            run_id = self._sectors_untold.pop()
            self._sector_bests.set_run(run_id, self._sectors_in(self.race.runs.get(run_id)))
        return self._sector_bests

    def _sectors_in(self, run: Run | None) -> dict[SectorKey, int]:
        """Return the best sectors of each competitor in a confirmed run, as published."""
        if run is None or run.decision != "confirmed":
            return {}
        roll, best = self.race.roll, dict[SectorKey, int]()
        for driven in self.race.driven(run.run_id):
            who = roll.now(driven.competitor_id) if driven.competitor_id else None
            if who is None or roll.is_disqualified(who):
                continue
            for lap in driven.laps:
                if not (lap.counts and lap.sectors):
                    continue
                passed = [(gate, self.rules.cut(ns)) for gate, ns in lap.sectors]
                for begin, end, time_ns in sectors_of(self.rules.cut(lap.measured_ns), passed):
                    key = (who, run.track, begin, end)
                    best[key] = min(time_ns, best.get(key, time_ns))
        return best

    def confirmed_in(self, run: Run) -> dict[str, Confirmed]:
        """Return what each competitor drove in the confirmed run; who has two places in it, the first."""
        if run.decided is None or run.decision != "confirmed":
            return {}
        confirmed_at = run.decided.word.moment
        round_number = self.race.programme.round_of(run.armed.value.heat_id)
        found: dict[str, Confirmed] = {}
        for competitor_id, drive in self._drives(run, confirmed_at):
            if competitor_id is not None:
                self._runs_of.setdefault(competitor_id, set()).add(run.run_id)
                now = self.race.roll.now(competitor_id) or competitor_id
                armed_at = run.armed.word.moment
                found.setdefault(now, Confirmed(drive, confirmed_at, run.track, round_number, armed_at))
        return found

    def confirmed_drives(self, run: Run) -> dict[str, Drive]:
        """Return what each competitor drove in a confirmed run, as published; nothing of another run."""
        return {competitor_id: one.drive for competitor_id, one in self.confirmed_in(run).items()}

    def _drives(self, run: Run, confirmed_at: Moment) -> Iterator[tuple[str | None, Drive]]:
        timing = run.armed.value.timing
        published = self.race.published(run)
        if published is None:
            for driven in self.race.driven(run.run_id):
                yield driven.competitor_id, driven.drive(timing=timing)
            return

        def set_at(lap_id: str) -> Moment:
            word = self.race.word_of_passing(run, lap_id)
            return confirmed_at if word is None else word.moment

        for seen in published:
            yield seen.competitor_id, seen.drive(set_at, timing=timing)

    def trial(self, run: Run) -> Trial | None:
        """Return where the first place of the run would stand on the board, were it confirmed as it is."""
        driven = self.race.driven(run.run_id)
        competitor_id = self.race.roll.now(driven[0].competitor_id) if driven else None
        if competitor_id is None:
            return None
        drive = driven[0].drive(timing=run.armed.value.timing)
        worth = Result(score(drive, self.rules), (2**63, "", 0), run.track)
        return self.ranked.board().trial(competitor_id, run.run_id, worth)

    def _take_note_of_competitor(self, competitor_id: str) -> None:
        """Follow a change of class, a join, a disqualification."""
        roll = self.race.roll
        known = roll.competitors.get(competitor_id)
        self.version += 1
        self.ranked.set_class(competitor_id, ALL if known is None else known.race_class)
        self.ranked.set_disqualified(competitor_id, roll.is_disqualified(competitor_id))
