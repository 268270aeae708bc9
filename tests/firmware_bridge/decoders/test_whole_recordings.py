"""Whole recordings as `pitboard decode` meets them: hours of lines, a reconnect in the middle, repeats,
a restart, a byte order mark in front and zeros behind. Built by our encoders, so they show that nothing is
miscounted, not that a device speaks so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from firmware_bridge.decoders.alge import (
    AlgeAnnouncement,
    AlgeImpulse,
    AlgeNet,
    encode_announcement,
    encode_impulse,
    encode_net,
)
from firmware_bridge.decoders.amb_text import AmbTextPassing, AmbTextStatus, encode_passing, encode_status
from firmware_bridge.decoders.decode_command import decode
from firmware_bridge.decoders.tns_messages import TnsPassing
from firmware_bridge.simulated.p3_simulator import SimulatedP3
from firmware_bridge.simulated.tns_simulator import SimulatedTimingSoftware

BOM = b"\xef\xbb\xbf"
PASSINGS_COUNT = 1_000
Trouble = Callable[[bytes], bytes]

UNCHANGED: dict[str, Trouble] = {
    "as it is": lambda data: data,
    "a byte order mark in front": lambda data: BOM + data,
    "zeros behind": lambda data: data + bytes(256),
}


def decoded(protocol: str, data: bytes, *options: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(decode, [protocol, "-", *options], input=data)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def kinds(events: list[dict[str, Any]]) -> Counter[str]:
    return Counter(event["kind"] for event in events)


def p3_day() -> list[bytes]:
    device, chance = SimulatedP3(), Random(1)
    frames = []
    rtc_us = 1_651_409_755_950_000
    for number in range(PASSINGS_COUNT):
        rtc_us += chance.randrange(1_000, 5_000_000)
        frames.append(device.passing(transponder=0x8D8E8F00 + number % 9, rtc_us=rtc_us))
        frames += [device.status(noise=chance.randrange(30, 50))] * chance.randrange(3)
    return frames


@pytest.mark.parametrize("trouble", UNCHANGED)
def test_p3_nothing_is_lost_by_what_stands_around_it(trouble: str) -> None:
    frames = p3_day()
    events = decoded("p3", UNCHANGED[trouble](b"".join(frames)))
    assert kinds(events)["passing"] == PASSINGS_COUNT
    assert events[-1]["frames_good"] == len(frames)
    assert events[-1]["gaps"] == 0


@pytest.mark.parametrize("between", [b"\n", b"\r\n"])
def test_p3_one_record_a_line_as_some_programs_keep_it(between: bytes) -> None:
    frames = p3_day()
    events = decoded("p3", between.join(frames))
    assert (kinds(events)["passing"], events[-1]["frames_damaged"]) == (PASSINGS_COUNT, 0)
    text = between.join(frame.hex().encode() for frame in frames)
    assert decoded("p3", text, "--hex") == events


def test_p3_a_cut_record_a_resend_and_a_restart_are_told_apart() -> None:
    device = SimulatedP3()
    first = [device.passing(transponder=1, rtc_us=10**15 + second * 10**6) for second in range(100)]
    stream = b"".join(first[:50]) + first[50][:20]  # the connection breaks within a record
    stream += b"".join(first[60:])  # ten are missing
    stream += device.receive(b"")  # nothing asked yet
    stream += b"".join(first[45:65])  # asked again from before the hole to behind it
    device.restart()
    stream += b"".join(
        device.passing(transponder=1, rtc_us=10**15 + 10**9 + second * 10**6) for second in range(30)
    )
    events = decoded("p3", stream)
    assert kinds(events) == {"passing": 130, "gap": 1, "damaged": 1, "summary": 1}
    assert events[-1]["duplicates"] == 10
    assert [event for event in events if event["kind"] == "gap"] == [
        {"kind": "gap", "first_missing": 51, "last_missing": 60}
    ]


def amb_day(first_seq: int = 1) -> list[bytes]:
    lines = []
    chance, time_us = Random(2), 0
    for seq in range(first_seq, first_seq + PASSINGS_COUNT):
        time_us += chance.randrange(1_000, 4_000_000, 1_000)
        if seq % 3 == 0:
            lines.append(encode_status(AmbTextStatus(seq=seq, noise=seq % 60)))
        else:
            lines.append(
                encode_passing(
                    AmbTextPassing(
                        seq=seq, transponder=8_110_984, time_us=time_us, hits=190, strength=40, status=2
                    )
                )
            )
    return lines


@pytest.mark.parametrize("trouble", UNCHANGED)
@pytest.mark.parametrize("line_end", [b"\r\n", b"\n", b"\r", b""])
def test_amb_text_whatever_ends_its_lines(line_end: bytes, trouble: str) -> None:
    lines = [line.removesuffix(b"\r\n") + line_end for line in amb_day()]
    events = decoded("amb-text", UNCHANGED[trouble](b"".join(lines)))
    found = kinds(events)
    assert found["passing"] + found["status"] == PASSINGS_COUNT
    assert events[-1]["gaps"] == 0


def test_amb_text_a_stretch_recorded_twice_adds_nothing_and_loses_nothing() -> None:
    day = amb_day()
    for twice in (day + day, day[:700] + day[300:], day + day[-1:]):
        events = decoded("amb-text", b"".join(twice))
        assert kinds(events)["passing"] == sum(b"@" in line for line in day)
        assert (events[-1]["gaps"], events[-1]["frames_good"]) == (0, len(twice))


def test_amb_text_lost_lines_and_another_day_behind() -> None:
    day = amb_day()
    del day[500:505]
    next_day = [
        encode_passing(AmbTextPassing(seq=seq, transponder=9, time_us=seq, hits=1, strength=1, status=1))
        for seq in range(1, 11)
    ]
    events = decoded("amb-text", b"".join(day + next_day))
    assert [event for event in events if event["kind"] == "gap"] == [
        {"kind": "gap", "first_missing": 501, "last_missing": 505}
    ]
    assert events[-1]["duplicates"] == 0


def alge_day() -> list[bytes]:
    chance, now_us = Random(3), 32_000_000_000
    lines = []
    for number in range(1, 301):
        now_us += chance.randrange(20_000_000, 40_000_000, 100)
        run_us = chance.randrange(40_000_000, 90_000_000, 100)
        lines.append(encode_announcement(AlgeAnnouncement(flag="n", number=number)))
        for flag in "? " if number % 7 == 0 else " ":
            for channel, at_us in (("C0", now_us), ("C1", now_us + run_us)):
                lines.append(
                    encode_impulse(
                        AlgeImpulse(
                            flag=flag,
                            number=number if flag == " " else 0,
                            channel=channel,
                            manual=number % 11 == 0,
                            time_of_day_us=at_us,
                        )
                    )
                )
        for channel in ("RT", "TT"):
            net = AlgeNet(flag=" ", number=number, channel=channel, time_us=run_us // 10_000 * 10_000)
            lines.append(encode_net(net))
    return lines


@pytest.mark.parametrize("trouble", UNCHANGED)
@pytest.mark.parametrize("line_end", [b"\r", b"\n", b"\r\n"])
def test_alge_net_times_are_the_difference_of_their_impulses(line_end: bytes, trouble: str) -> None:
    lines = [line.removesuffix(b"\r") + line_end for line in alge_day()]
    events = decoded("alge", UNCHANGED[trouble](b"".join(lines)))
    assert kinds(events)["announcement"] == 300
    starts = {
        event["number"]: event["time_of_day_us"]
        for event in events
        if event["kind"] == "impulse" and (event["channel"], event["flag"]) == ("C0", " ")
    }
    finishes = {
        event["number"]: event["time_of_day_us"]
        for event in events
        if event["kind"] == "impulse" and (event["channel"], event["flag"]) == ("C1", " ")
    }
    nets = [event for event in events if event["kind"] == "net" and event["channel"] == "RT"]
    assert len(starts) == len(finishes) == len(nets) == 300
    for net in nets:
        run_us = finishes[net["number"]] - starts[net["number"]]
        assert net["time_us"] == run_us // 10_000 * 10_000


def tns_passings() -> list[TnsPassing]:
    return [
        TnsPassing(
            chip=f"KV{number:05d}",
            time_of_day_us=58_437_417_000 + number * 1_000,
            date="2025-03-08",
            device=3,
            lap=number % 100,
            number=number,
        )
        for number in range(1, 201)
    ]


@pytest.mark.parametrize("is_version_2", [False, True])
@pytest.mark.parametrize("trouble", UNCHANGED)
@pytest.mark.parametrize("between", [b"", b"\0\0", b"\r\n"])
def test_tns_a_log_of_repeats_gives_each_passing_once(
    between: bytes, trouble: str, is_version_2: bool
) -> None:
    software = SimulatedTimingSoftware()
    messages = [software.greeting()]
    if is_version_2:
        software.receive(b"Kiosk@AckPong@Version2.1@t|c@$")
    passings = tns_passings()
    for at in range(0, len(passings), 10):
        messages.append(software.deliver(passings[at : at + 10]))
        messages += [software.ping(), software.repeat()]
    messages.append(software.repeat())
    events = decoded("tns", UNCHANGED[trouble](between.join(messages)))
    assert kinds(events)["passing"] == len(passings)
    assert events[-1]["duplicates"] > 2_000
    assert {event["chip"] for event in events if event["kind"] == "passing"} == {
        passing.chip for passing in passings
    }
