"""What a screen says while its program cannot start, and that it goes on once that is put right."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pygame
import pytest

from display.config import DisplayConfig
from pitboard.clock import ScriptedClock
from pitboard.drawing.typeface import Typeface
from pitboard.errors import ConfigRefused, PitboardError, Refusal
from pitboard.program.service import START_WAIT_MAX_S, Service, read_last_words
from pitboard.sentences.language import LANGUAGES, language
from pitboard.starting.notice_screen import SentenceScreen, draw_notice
from pitboard.starting.start_on_screen import HOLD_MAX_S, LOOK_S, load_or_say, say_until_changed
from tests.race_story import enrolled_as
from trackside.touch.command import TouchConfig

EVENT = enrolled_as("Stand", event="Cup")
DISPLAY = 'name = "Stand"\njournal = "display.db"\nsize = [640, 360]\nfullscreen = false\n'
GOOD = {
    "display.toml": DISPLAY,
    "event.toml": "",
    "touch.toml": 'socket = "api.sock"\nwidth = 800\nheight = 480\n',
}


class Told:
    """A screen that keeps what it was told."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.is_closed = False

    def show(self, error: PitboardError) -> None:
        self.sentences.append(str(error))

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def node(tmp_path: Path) -> Path:
    for name, text in GOOD.items():
        (tmp_path / name).write_text(text)
    EVENT.save(tmp_path / "event.toml")
    return tmp_path


def kiosk(folder: Path) -> Service:
    return Service(clock=ScriptedClock(), address=str(folder / "nobody"), folder=folder)


@pytest.mark.parametrize(
    ("file", "damage", "says"),
    [
        ("event.toml", b"\x00" * 300, "move it away and run pitboard enrol"),
        ("event.toml", b"", "move it away and run pitboard enrol"),
        ("event.toml", b"\xff\xfe", "is not UTF-8 text"),
        ("event.toml", b'event = "Cup"\nevent_key = "00"', "move it away and run pitboard enrol"),
        ("event.toml", None, "run pitboard enrol first"),
        ("display.toml", b'name = "Stand', "is not valid TOML"),
        ("display.toml", b'name = "Stand"\njornal = "x"', "unknown key 'jornal'"),
        ("display.toml", b'name = "Stand"\njournal = "display.db"\nrotate = 45', "key 'rotate'"),
        ("display.toml", None, "cannot be read"),
        ("touch.toml", b'socket = "api.sock"\nwidth = "wide"', "key 'width'"),
        ("touch.toml", b"\x00", "is not valid TOML"),
    ],
)
def test_a_damaged_file_is_said_on_the_screen_until_it_is_repaired(
    node: Path, file: str, damage: bytes | None, says: str
) -> None:
    sound = (node / file).read_bytes()
    (node / file).unlink() if damage is None else (node / file).write_bytes(damage)
    program = "touch" if file == "touch.toml" else "display"
    load: Callable[[], object] = (
        (lambda: TouchConfig.load(node / "touch.toml"))
        if program == "touch"
        else (lambda: DisplayConfig.load(node / "display.toml"))
    )
    screen, rests = Told(), []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        said = read_last_words(node, program)
        assert said is not None, "doctor and the touchscreen must find it too"
        assert says in said.sentence
        if len(rests) == 3:
            (node / file).write_bytes(sound)

    load_or_say(program, load, lambda: screen, service=kiosk(node), rest=rest)
    assert rests == [LOOK_S] * 3  # taken at the next look
    assert len(screen.sentences) == 3
    assert all(says in sentence and str(node) in sentence for sentence in screen.sentences)
    assert screen.is_closed


def test_at_a_terminal_the_command_ends_with_the_sentence(node: Path) -> None:
    (node / "event.toml").write_text("damaged")
    with pytest.raises(ConfigRefused):
        load_or_say(
            "display",
            lambda: DisplayConfig.load(node / "display.toml"),
            lambda: pytest.fail("no screen is opened"),
            service=Service(clock=ScriptedClock()),
            rest=lambda _: pytest.fail("nothing waits"),
        )


@pytest.mark.parametrize("is_repaired", [True, False])
def test_what_ends_a_running_program_is_shown_until_a_file_changes_or_for_ten_seconds(
    node: Path, is_repaired: bool
) -> None:
    screen, rests = Told(), []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        if is_repaired and len(rests) == 2:
            (node / "event.toml").chmod(0o644)  # the owner was right, the mode was not

    say_until_changed(
        "display",
        Refusal("of another event"),
        lambda: screen,
        folders=(node, node / "gone"),
        service=kiosk(node),
        rest=rest,
    )
    assert sum(rests) == (2 * LOOK_S if is_repaired else HOLD_MAX_S)
    assert set(screen.sentences) == {"of another event"}
    assert screen.is_closed


@pytest.mark.parametrize("size", [(480, 480), (800, 480), (720, 1280), (1920, 1080), (3840, 2160)])
@pytest.mark.parametrize("code", LANGUAGES)
def test_the_whole_sentence_fits_every_screen(
    size: tuple[int, int], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    draw = Typeface.draw

    def seen(
        self: Typeface, target: pygame.Surface, text: str, area: tuple[int, int, int, int], **how: object
    ) -> object:
        written.append(text)
        covered = draw(self, target, text, area, **how)  # type: ignore[arg-type]
        assert target.get_rect().contains(pygame.Rect(covered)), text
        return covered

    monkeypatch.setattr(Typeface, "draw", seen)
    words = language(code)
    sentence = (
        "/var/lib/pitboard/event.toml: is not what enrolment wrote (is not valid TOML: Expected '=' after a "
        "key in a key/value pair (at line 12, column 31)); move it away and run pitboard enrol"
    )
    draw_notice(pygame.Surface(size), sentence, Typeface.load(), words)
    wanted = (words.say("display.cannot-start"), sentence, words.say("display.starts-by-itself"))
    assert " ".join(written).split() == " ".join(wanted).split(), "nothing is cut"


@pytest.mark.parametrize(
    ("config", "size"),
    [
        ('size = [640, 360]\nrotate = 90\nlanguage = "de"', (360, 640)),
        ('size = [640, 360]\nrotate = "x"\noverscan_percent = 99\nlanguage = 7', (640, 360)),
        ("width = 800\nheight = 480\nfullscreen = false", (800, 480)),
        ("size = [true, 360]", (1920, 1080)),
        ("no TOML", (1920, 1080)),
    ],
)
def test_the_notice_hangs_as_the_glass_does_as_far_as_the_config_can_be_read(
    config: str, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    (tmp_path / "display.toml").write_text(config)
    screen = SentenceScreen(tmp_path / "display.toml")
    try:
        screen.show(Refusal("put it right"))
        surface = screen._window.surface
        assert surface.get_size() == size
        assert len(set(pygame.image.tobytes(surface, "RGB"))) > 9, "it is blank"
        pygame.event.post(pygame.event.Event(pygame.QUIT))  # as SDL makes of systemd's SIGTERM
        with pytest.raises(SystemExit):
            screen.show(Refusal("put it right"))
    finally:
        screen.close()


def test_a_display_under_systemd_waits_with_a_sentence_and_serves_once_the_file_is_repaired(
    node: Path,
) -> None:
    """Systemd is told that the start goes on: never that a display which shows no board is ready."""
    sound = (node / "event.toml").read_bytes()
    (node / "event.toml").write_bytes(b"\x00" * len(sound))
    with (node / "display.toml").open("a") as file:
        file.write('mdns = false\nstatus_host = "127.0.0.1"\n')
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(node / "notify"))
        systemd.settimeout(20)
        process = subprocess.Popen(
            [sys.executable, "-m", "pitboard", "display", "--config", str(node / "display.toml")],
            stderr=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "NOTIFY_SOCKET": str(node / "notify"),
                "RUNTIME_DIRECTORY": str(node),
                "SDL_VIDEODRIVER": "dummy",
            },
        )
        try:
            wait = b"EXTEND_TIMEOUT_USEC=%d" % (START_WAIT_MAX_S * 1_000_000)
            heard = [systemd.recv(999)]
            while not heard[-1].startswith(b"STATUS="):
                assert heard[-1] == wait
                heard.append(systemd.recv(999))
            heard.append(systemd.recv(999))  # at its next look it has said all
            assert wait in heard
            assert (node / "display.said").exists()
            (node / "event.toml").write_bytes(sound)
            while (word := systemd.recv(999)) != b"READY=1":
                assert word in heard or word.startswith(b"EXTEND_TIMEOUT_USEC=")  # it opens its journal
        finally:
            process.terminate()
            log = process.communicate(timeout=10)[1]
    assert "Traceback" not in log
    assert process.returncode == 0
    assert not (node / "display.said").exists()
