"""The drill believes what the unit says, goes on over a power cut, and never calls an open step done."""

from __future__ import annotations

from pathlib import Path
from queue import Queue

import pytest

from pitboard.errors import PeerLost, Refusal
from pitboard.health.rehearsal import Rehearsal
from pitboard.health.rehearse_command import SAYS_WHY_EVERY_LOOKS, Play, sheet_bytes
from pitboard.sentences.language import language
from pitboard.unit_api.sensor_sentences import sensor_says
from pitboard.unit_api.unit_status import LightStatus, SensorState, SensorStatus, UnitStatus

KEY = "9f" * 32


def look(
    *, state: str = "ok", passings: int = 0, central: str | None = "ok", boot: str = "one", utc_ms: int = 0
) -> UnitStatus:
    lights = [LightStatus(light="disk", state="ok", detail="")]
    if central is not None:
        lights.append(LightStatus(light="central", state=central, detail=""))
    sensor = SensorStatus(sensor="finish", state=SensorState(state), passings_per_min=passings)
    return UnitStatus(
        key=KEY, name="Track A", boot_id=boot, mono_ns=0, utc_ms=utc_ms, lights=lights, sensors=[sensor]
    )


WHOLE = (
    look(passings=3),
    look(passings=2),  # the minute passed on; nobody drove
    look(passings=3),  # a car
    look(state="port-gone"),
    look(),
    look(central="warning"),
    look(),
    look(boot="two", state="silent"),
    look(boot="two", utc_ms=9_000),
)


def test_each_step_is_seen_and_heals_in_turn() -> None:
    rehearsal = Rehearsal.of(WHOLE[0])
    assert [step.kind for step in rehearsal.steps] == ["beam", "cable", "network", "power"]
    changed = [rehearsal.take(status) for status in WHOLE]
    assert [step and step.kind for step in changed] == [
        None, None, "beam", "cable", "cable", "network", "network", "power", "power",
    ]  # fmt: skip
    assert rehearsal.current is None
    assert language().tell([rehearsal.verdict]) == "All of it was seen, and all of it healed."


def test_a_count_that_only_falls_is_no_car_and_another_trouble_is_not_the_one_asked_for() -> None:
    rehearsal = Rehearsal.of(look(passings=5))
    for status in (look(passings=5), look(passings=4), look(passings=0), look(central="bad", state="silent")):
        assert rehearsal.take(status) is None
    assert rehearsal.current is rehearsal.steps[0]


def test_what_was_broken_before_shows_nothing_and_the_step_waits_until_it_is_well() -> None:
    """A central light that was yellow all day was taken for a network cable that somebody had pulled."""
    yellow = look(central="warning")
    rehearsal = Rehearsal.of(yellow)
    for status in (
        yellow,
        look(central="warning", passings=1),
        look(central="warning", state="silent"),
        yellow,
    ):
        rehearsal.take(status)
    assert [step.kind for step in rehearsal.steps if step.is_over] == ["beam", "cable"]
    for central in ("warning", "warning", "ok"):
        assert rehearsal.take(look(central=central)) is None
    seen = rehearsal.take(look(central="warning"))
    assert seen is rehearsal.steps[2]
    assert rehearsal.take(look()) is seen


def test_a_hand_that_stays_in_the_beam_is_seen_and_not_yet_well() -> None:
    rehearsal = Rehearsal.of(look())
    rehearsal.take(look())
    step = rehearsal.take(look(passings=1, state="blocked"))
    assert step is not None
    assert not step.is_over
    assert "Take your hand out" in language().tell([step.asks])
    assert rehearsal.take(look(passings=1)) is step
    assert step.is_over


def test_a_unit_without_central_has_no_network_to_lose() -> None:
    assert "network" not in [step.kind for step in Rehearsal.of(look(central=None)).steps]


class Over(Exception):
    """The script is at its end."""


class Scripted:
    """A unit that says one thing after the other; None is a moment without an answer."""

    def __init__(self, *looks: UnitStatus | None) -> None:
        self._looks = list(looks)
        self.said: list[str] = []
        self.typed: Queue[str] = Queue()

    def play(self, kept: Path) -> Play:
        return Play(kept=kept, look=self._look, typed=self.typed, say=self.said.append, pause=self._pause)

    def _look(self) -> UnitStatus:
        status = self._looks.pop(0)
        if status is None:
            raise PeerLost(peer="unit", reason="away")
        return status

    def _pause(self, _: float) -> None:
        if not self._looks:
            raise Over


def test_it_goes_on_after_the_power_was_pulled(tmp_path: Path) -> None:
    kept = tmp_path / "rehearsal.json"
    before = Scripted(WHOLE[0], *WHOLE[:7])
    play = before.play(kept)
    with pytest.raises(Over):
        play.run(play.begin(anew=False))
    after = Scripted(None, *WHOLE[7:])
    play = after.play(kept)
    rehearsal = play.begin(anew=False)
    play.run(rehearsal)
    assert rehearsal.current is None
    assert after.said.count("    (the unit does not answer at the moment)") == 1
    assert any("well again after 9 s" in line for line in rehearsal.sheet("now", language()))


def test_a_step_is_left_out_with_a_reason_and_the_sheet_says_so(tmp_path: Path) -> None:
    unit = Scripted(look(), *WHOLE)
    for line in ("skip the beam is 3 m up\n", "what?\n", "skip\n"):
        unit.typed.put(line)
    play = unit.play(tmp_path / "r.json")
    rehearsal = play.begin(anew=False)
    play.run(rehearsal)
    sheet = "\n".join(rehearsal.sheet("now", language()))
    assert "[-] a car at finish is seen: left out, the beam is 3 m up" in sheet
    assert "[-] finish without its cable is seen, and heals: left out, no reason given" in sheet
    assert "Finished, but 2 of 4 steps were left out." in sheet


def test_who_waits_is_told_for_what(tmp_path: Path) -> None:
    broken = look(state="port-gone")
    broken_at_first = [broken, broken, look(), *[look()] * SAYS_WHY_EVERY_LOOKS]
    unit = Scripted(broken, *broken_at_first, look(passings=1), *[broken] * (SAYS_WHY_EVERY_LOOKS + 2))
    play = unit.play(tmp_path / "r.json")
    with pytest.raises(Over):
        play.run(play.begin(anew=False))
    told = [line.strip() for line in unit.said if line.startswith("    ")]
    why = language().tell(sensor_says(broken.sensors[0]))
    assert why
    assert told == [
        f"This has to be well first: {why} Put it right, or type skip and a reason.",
        "Nothing of it was seen yet. Do it once more, or type skip and a reason.",
        "Well: a car at finish is seen.",
        "Seen. Now let it heal.",
        f"Not well yet: {why} Look at it, or type skip and a reason; sudo pitboard doctor says more.",
    ]


def test_the_sheet_to_sign_is_a_page_of_paper_or_plain_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    lines = ["Drill of Track A", "", "  1. [x] a car at Außen is seen", *["line"] * 60]
    paper = sheet_bytes(lines, is_pdf=True)
    assert paper.startswith(b"%PDF-")
    assert paper.count(b"/Type /Page\n") == 2
    assert not caplog.records  # the terminal is for the drill
    assert sheet_bytes(["a", "b"], is_pdf=False) == b"a\nb\n"


def test_a_unit_that_does_not_answer_or_knows_no_sensor_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="does not answer"):
        Scripted(None).play(tmp_path / "r.json").begin(anew=False)
    empty = UnitStatus(key=KEY, name="A", boot_id="b", mono_ns=0, utc_ms=0, lights=[], sensors=[])
    with pytest.raises(Refusal, match="no sensor yet"):
        Scripted(empty).play(tmp_path / "r.json").begin(anew=False)


def test_a_kept_file_that_is_damaged_or_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("{")
    with pytest.raises(Refusal, match="--anew"):
        Scripted(look()).play(tmp_path / "r.json").begin(anew=False)
    unit = Scripted(look(), look())
    play = unit.play(tmp_path / "nowhere" / "r.json")
    with pytest.raises(Refusal, match="cannot be written"):
        play.run(play.begin(anew=True))
