"""What officials are told of strangers: while it lasts, a minute longer, and never too much."""

from __future__ import annotations

from pathlib import Path

from pitboard.sentences.language import Sentence, language
from sync.exchanging.freshness import Answerer
from tests.trackside.unit_story import Unit, with_unit
from trackside.timing.lights import WARNINGS_MAX_COUNT


def test_a_warning_ends_when_the_node_proves_itself_or_was_not_seen_for_a_minute(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        trust = unit.lights.trust
        trust.see("Track B", "192.0.2.7:8441", Answerer.STRANGER)
        assert language().tell([trust.current() or Sentence("")]) == (
            "A unit that is not enrolled offers records: Track B at 192.0.2.7:8441. None of them counts."
        )
        trust.see("Track B", "192.0.2.7:8441", Answerer.PROVEN)
        assert trust.current() is None
        trust.see("Track\u202e B", "192.0.2.9:1", Answerer.UNPROVEN)
        unit.clock.advance(ms=59_000)
        assert trust.current() is not None
        unit.clock.advance(ms=2_000)
        assert trust.current() is None

    with_unit(tmp_path, story)


def test_many_strangers_fill_neither_memory_nor_screen(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        for number in range(500):
            unit.lights.trust.see("\u0351" * 300 + "x" * 300, f"192.0.2.9:{number}", Answerer.UNPROVEN)
        assert len(unit.lights.trust._said) == WARNINGS_MAX_COUNT
        assert len(language().tell([unit.lights.trust.current() or Sentence("")])) < 150

    with_unit(tmp_path, story)
