"""Each fact of a machine has one colour, and whatever is not green says what to do."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from click.testing import CliRunner

from pitboard.clock import ScriptedClock
from pitboard.health.doctor_command import doctor
from pitboard.health.findings import (
    CLOCK_SET_UTC_MS,
    DISK_LOW_BYTES,
    DISK_OUT_BYTES,
    TEMPERATURE_HOT_MC,
    TEMPERATURE_WARM_MC,
    Finding,
    machine_findings,
    worst,
)
from pitboard.health.machine_facts import MachineFacts, read_machine_facts
from pitboard.health.node_findings import config_findings, unit_findings
from pitboard.program.service import Service
from pitboard.sentences.language import Sentence, language
from pitboard.unit_api.unit_status import LightStatus, UnitStatus

WELL = {
    "temperature_mc": 51_200,
    "has_under_voltage": False,
    "disk_free_bytes": 20 * 1_024**3,
    "disk_total_bytes": 30 * 1_024**3,
    "is_read_only": False,
    "memory_available_kib": 700_000,
    "memory_total_kib": 1_000_000,
    "is_clock_synchronised": True,
    "utc_ms": CLOCK_SET_UTC_MS,
    "addresses": ("192.0.2.7",),
}


def found(**other: object) -> dict[str, Finding]:
    facts = MachineFacts(**{**WELL, **other})  # type: ignore[arg-type]
    return {finding.code: finding for finding in machine_findings(facts)}


def test_a_machine_that_is_well_is_green_throughout() -> None:
    findings = found()
    assert worst(list(findings.values())) == "green"
    assert all(not finding.advice for finding in findings.values())
    assert findings["temperature"].sentence == "The machine is at 51 °C."


@pytest.mark.parametrize(
    ("other", "code", "colour"),
    [
        ({"has_under_voltage": True}, "power-low", "red"),
        ({"temperature_mc": TEMPERATURE_WARM_MC}, "temperature-warm", "yellow"),
        ({"temperature_mc": TEMPERATURE_WARM_MC - 1}, "temperature", "green"),
        ({"temperature_mc": TEMPERATURE_HOT_MC}, "temperature-hot", "red"),
        ({"disk_free_bytes": DISK_LOW_BYTES - 1}, "disk-low", "yellow"),
        ({"disk_free_bytes": DISK_LOW_BYTES}, "disk", "green"),
        ({"disk_free_bytes": DISK_OUT_BYTES - 1}, "disk-full", "red"),
        ({"disk_free_bytes": None}, "disk-unknown", "red"),
        ({"is_read_only": True}, "disk-read-only", "red"),
        ({"wear_percent": 80}, "card-worn", "yellow"),
        ({"memory_available_kib": 99_999}, "memory-low", "yellow"),
        ({"utc_ms": 0}, "clock-not-set", "yellow"),
        ({"is_clock_synchronised": False}, "clock-alone", "yellow"),
        ({"is_clock_synchronised": False, "has_rtc": True}, "clock-own", "green"),
        ({"is_clock_synchronised": False, "has_time_client": True}, "clock-may-jump", "yellow"),
        ({"filesystem": "tmpfs", "is_in_memory": True}, "disk-in-memory", "red"),
        ({"filesystem": "exfat"}, "disk-careless", "yellow"),
        ({"filesystem": "ext4", "mount_options": ("rw", "data=writeback")}, "disk-careless", "yellow"),
        ({"filesystem": "ext4", "mount_options": ("rw", "noatime")}, "disk-mount", "green"),
        ({"addresses": ()}, "network-none", "red"),
    ],
)
def test_a_trouble_has_its_colour_and_says_what_to_do(
    other: dict[str, object], code: str, colour: str
) -> None:
    finding = found(**other)[code]
    assert finding.colour == colour
    assert bool(finding.advice) == (colour != "green")


def test_what_a_machine_does_not_tell_is_left_out() -> None:
    codes = set(found(temperature_mc=None, has_under_voltage=None, memory_total_kib=None))
    assert codes.isdisjoint({"temperature", "power", "memory"})


def test_a_raspberry_pis_files_are_read_as_the_kernel_writes_them(tmp_path: Path) -> None:
    files = {
        "proc/meminfo": "MemTotal:        3884400 kB\nMemAvailable:    3301220 kB\nHugePages: 0\n",
        "sys/class/thermal/thermal_zone0/temp": "83512\n",
        "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
        "sys/class/hwmon/hwmon1/name": "rpi_volt\n",
        "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1\n",
        "sys/block/mmcblk0/device/life_time": "0x01 0x09\n",
        "run/systemd/timesync/synchronized": "",
    }
    for name, text in files.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    facts = read_machine_facts(tmp_path, utc_ms=7, root=tmp_path)
    assert facts.temperature_mc == 83_512
    assert facts.has_under_voltage is True
    assert facts.wear_percent == 90
    assert (facts.memory_total_kib, facts.memory_available_kib) == (3_884_400, 3_301_220)
    assert facts.is_clock_synchronised
    assert not facts.has_rtc
    assert facts.disk_free_bytes
    assert facts.is_read_only is False


@pytest.mark.parametrize(
    ("mounts", "cmdline", "kind", "is_in_memory"),
    [
        ("/dev/root / ext4 rw 0 0\n/dev/p3 {data} ext4 rw,noatime 0 0\n", "quiet", "ext4", False),
        ("/dev/root / ext4 rw 0 0\nnone {data} tmpfs rw 0 0\n", "", "tmpfs", True),
        ("o / overlay rw,upperdir=/up/data 0 0\nnone /up tmpfs rw 0 0\n", "", "overlay", True),
        ("o / overlay rw,upperdir=/up/data 0 0\n/dev/p2 /up ext4 rw 0 0\n", "", "overlay", False),
        ("o / overlay rw,upperdir=/hidden 0 0\n", "quiet overlayroot=tmpfs", "overlay", True),
        ("o / overlay rw,upperdir=/hidden 0 0\n", "boot=overlay", "overlay", True),
        ("o / overlay rw,upperdir=/hidden 0 0\n", "", "overlay", False),
        ("o / overlay rw 0 0\n/dev/p3 {data} ext4 rw 0 0\n", "boot=overlay", "ext4", False),
        ("none {data} tmpfs rw 0 0\n/dev/p3 {data} ext4 rw 0 0\n", "", "ext4", False),
    ],
)
def test_the_mount_that_the_records_lie_on_is_found_and_what_of_it_is_in_memory(
    mounts: str, cmdline: str, kind: str, is_in_memory: bool, tmp_path: Path
) -> None:
    data = tmp_path / "the data"
    data.mkdir()
    (tmp_path / "proc" / "self").mkdir(parents=True)
    told = mounts.format(data=str(data).replace(" ", "\\040"))
    (tmp_path / "proc" / "self" / "mounts").write_text(told)
    (tmp_path / "proc" / "cmdline").write_text(cmdline)
    facts = read_machine_facts(data, utc_ms=7, root=tmp_path)
    assert (facts.filesystem, facts.is_in_memory) == (kind, is_in_memory)


def test_a_machine_that_tells_nothing_is_no_error(tmp_path: Path) -> None:
    facts = read_machine_facts(tmp_path / "nowhere", utc_ms=0, root=tmp_path / "nothing")
    assert facts.temperature_mc is None
    assert facts.disk_free_bytes is None


def run(tmp_path: Path, *options: str) -> tuple[int, str]:
    folders = {name: tmp_path / name for name in ("configs", "data", "runtime")}
    for folder in folders.values():
        folder.mkdir(exist_ok=True)
    paths = [part for name, folder in folders.items() for part in (f"--{name}", str(folder))]
    outcome = CliRunner().invoke(doctor, [*paths, *options])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome.exit_code, outcome.output


def test_a_program_that_does_not_start_is_red_with_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "runtime").mkdir()
    (tmp_path / "configs" / "sync.toml").write_text("")
    Service(clock=ScriptedClock(), folder=tmp_path / "runtime").say_last("sync", "central is not known")
    status, text = run(tmp_path)
    assert status == 1
    assert "red     sync does not work: central is not known" in text


def test_a_unit_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "trackside.toml").write_text("")
    status, text = run(tmp_path)
    assert status == 1
    assert "The unit does not answer" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("asked", ["de_DE.UTF-8", "de_AT", "de"])
def test_a_german_shell_is_answered_in_german(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", asked)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "touch.toml").write_text("")
    (tmp_path / "runtime").mkdir()
    Service(clock=ScriptedClock(), folder=tmp_path / "runtime").say_last("touch", "no socket")
    _, text = run(tmp_path)
    assert "rot     touch arbeitet nicht: no socket" in text
    assert "        -> Das beheben; das Programm startet von selbst wieder." in text
    _, told = run(tmp_path, "--json")
    assert "touch does not work: no socket" in told  # for programs the words stay the same


def test_a_units_own_lights_are_told_in_german_too() -> None:
    """In a German shell the lines of sensor, central and disk alone were English."""
    light = LightStatus(
        light="central", state="warning", detail="Not reached.", says=[Sentence("light.central.no-answer")]
    )
    status = UnitStatus(key="9f" * 32, name="A", boot_id="b", mono_ns=0, utc_ms=0, lights=[light], sensors=[])
    [finding] = unit_findings(status)
    assert finding.spoken(language("en"))[0] == "central: Not reached."
    said = language("de").say("light.central.no-answer")
    assert finding.spoken(language("de"))[0] == f"Zentrale: {said}"
    older = LightStatus(light="central", state="ok", detail="Well.")  # of a unit that told no codes
    [finding] = unit_findings(msgspec.structs.replace(status, lights=[older]))
    assert finding.spoken(language("de"))[0] == "central: Well."


def test_every_finding_of_the_machine_has_german_words() -> None:
    looks = [found(), found(has_under_voltage=True, temperature_mc=90_000, addresses=())]
    looks += [
        found(filesystem="exfat"),
        found(filesystem="ext4"),
        found(filesystem="tmpfs", is_in_memory=True),
    ]
    looks += [found(is_clock_synchronised=False, has_time_client=True)]
    for colour_code in looks:
        for finding in colour_code.values():
            sentence, advice = finding.spoken(language("de"))
            assert sentence != finding.sentence, finding.code
            assert not finding.advice or advice != finding.advice, finding.code


def test_json_is_one_object_with_codes(tmp_path: Path) -> None:
    status, text = run(tmp_path, "--json")
    told = json.loads(text)
    assert status == 1
    assert told["colour"] == "red"
    assert "no-program" in {finding["code"] for finding in told["findings"]}


@pytest.mark.parametrize(
    ("mode", "group", "is_closed"), [(0o600, 0, True), (0o640, 0, True), (0o640, 7, False), (0o644, 0, False)]
)
def test_a_config_that_its_program_may_not_read_is_named(
    mode: int, group: int, is_closed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "sync.toml"
    config.touch()
    config.chmod(mode)
    own_group = config.stat().st_gid
    other = config.stat().st_uid + 1
    monkeypatch.setattr(
        "pitboard.health.node_findings.pwd.getpwnam",
        lambda _: SimpleNamespace(pw_uid=other, pw_gid=own_group if group else -1),
    )
    found = list(config_findings(tmp_path))
    assert [one.code for one in found] == ["sync-config-closed"] * is_closed
