import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.decoders import DECODERS
from firmware_bridge.decoders.decode_command import HexText, decode
from pitboard.errors import HexTextRefused
from tests.firmware_bridge.decoders.recorded_samples import (
    ALGE_STRETCH,
    FASTTRACK_LINE,
    P3_DAY,
    P3_PASSING_FRAME,
    PROTOCOLS,
)


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(decode, list(arguments), input=stdin)


def objects(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("name", list(PROTOCOLS))
def test_each_protocol_is_decoded_from_a_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(PROTOCOLS[name].good_frame)
    result = run(name, str(path))
    assert result.exit_code == 0
    first, *_, last = objects(result)
    assert first["kind"] == PROTOCOLS[name].good_event.kind
    assert last == {
        "kind": "summary",
        "frames_good": 1,
        "frames_damaged": 0,
        "bytes_skipped": 0,
        "gaps": 0,
        "duplicates": 0,
    }


def test_a_result_shows_its_lanes(tmp_path: Path) -> None:
    result = run("fasttrack", "-", stdin=FASTTRACK_LINE)
    lanes = objects(result)[0]["lanes"]
    assert isinstance(lanes, list)
    assert lanes[0] == {"lane": 1, "time_us": 4_009_000, "place": 2}
    assert lanes[5] == {"lane": 6, "time_us": None, "place": None}


def test_nothing_decoded_is_status_1() -> None:
    result = run("p3", "-", stdin=b"no decoder speaks like this")
    assert result.exit_code == 1
    assert [fields["kind"] for fields in objects(result)] == ["damaged", "summary"]
    assert run("alge", "-", stdin=b"").exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("morse", "-"),
        ("p3",),
        ("p3", "/no/such/file"),
        ("p3", "/"),
        ("alge", "-", "--accept-unchecked"),
        ("alge", "-", "--backwards"),
    ],
)
def test_wrong_arguments_are_status_2_and_a_sentence(arguments: tuple[str, ...]) -> None:
    result = run(*arguments, stdin=b"")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr


def test_following_shows_what_is_added_until_it_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(P3_PASSING_FRAME[:20])
    command = [sys.executable, "-c", "from firmware_bridge.decoders.decode_command import decode; decode()"]
    with subprocess.Popen([*command, "p3", str(path), "--follow"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        with path.open("ab") as file:
            file.write(P3_PASSING_FRAME[20:])
        assert json.loads(process.stdout.readline())["passing_number"] == 113736
        process.send_signal(signal.SIGTERM)
        assert json.loads(process.stdout.readline())["kind"] == "summary"
    assert process.returncode == 0


def test_every_protocol_has_a_decoder() -> None:
    assert list(DECODERS) == ["beamline", "p3", "amb-text", "alge", "fasttrack", "champ", "tns"]


@pytest.mark.parametrize(
    "text",
    [
        P3_DAY.hex(),
        P3_DAY.hex(" ").upper(),
        P3_DAY.hex(":"),
        P3_DAY.hex("\n", 31).replace("\n", "\r\n"),
        ", ".join(f"0x{value:02X}" for value in P3_DAY),
        " ".join(f"{value:x}" for value in P3_DAY),
        "".join(f"\\x{value:02x}" for value in P3_DAY),
    ],
    ids=["row", "blanks", "colons", "lines", "prefixes", "lone digits", "escapes"],
)
def test_hexadecimal_text_of_many_kinds_gives_the_same(text: str) -> None:
    result = run("p3", "-", "--hex", stdin=text.encode("ascii"))
    assert result.exit_code == 0
    assert result.stdout == run("p3", "-", stdin=P3_DAY).stdout


def test_what_is_no_hexadecimal_text_is_a_wrong_argument() -> None:
    result = run("p3", "-", "--hex", stdin=b"8e 02\nhello\n")
    assert result.exit_code == 2
    assert "line 2 is not hexadecimal text" in result.stderr


@given(st.binary(max_size=40), st.sampled_from([" ", "", ":", ", 0x"]), st.data())
def test_hexadecimal_text_at_any_cut(data: bytes, separator: str, draw: st.DataObject) -> None:
    text = separator.join(f"{value:02x}" for value in data).encode("ascii") + b"\n"
    at = draw.draw(st.integers(0, len(text)))
    reader = HexText()
    assert reader.feed(text[:at]) + reader.feed(text[at:]) + reader.finish() == data


def test_hexadecimal_text_names_the_line_it_stumbles_over() -> None:
    reader = HexText()
    reader.feed(b"8e\n02\n")
    with pytest.raises(HexTextRefused) as refusal:
        reader.feed(b"xyz\n")
    assert refusal.value.line_number == 3


def test_an_unchecked_record_is_marked() -> None:
    unchecked = P3_PASSING_FRAME[:4] + b"\0\0" + P3_PASSING_FRAME[6:]
    assert run("p3", "-", stdin=unchecked).exit_code == 1
    result = run("p3", "-", "--accept-unchecked", stdin=unchecked)
    assert result.exit_code == 0
    assert objects(result)[0]["unchecked"] is True


def test_recordings_joined_to_the_middle_of_a_frame_lose_only_the_halves(tmp_path: Path) -> None:
    result = run("alge", "-", stdin=ALGE_STRETCH[30:] + ALGE_STRETCH[:-9])
    kinds = [fields["kind"] for fields in objects(result)]
    assert kinds.count("damaged") == 2
    assert objects(result)[-1]["frames_good"] == 9 + 10
