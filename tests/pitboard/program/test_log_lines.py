"""A log line is one clean line, and no place in the code can fill the disk with it."""

from __future__ import annotations

import io
import logging

from pitboard.program.log_lines import (
    ALL_MAX_BYTES,
    LINE_MAX_CHARS,
    PLACE_MAX_COUNT,
    TRACEBACK_MAX_CHARS,
    WINDOW_NS,
    BoundedLines,
)


class Log:
    def __init__(self) -> None:
        self.now_mono_ns = 0
        self.text = io.StringIO()
        self.logger = logging.Logger("tested")
        self.logger.addHandler(BoundedLines(self.text, now_mono_ns=lambda: self.now_mono_ns))

    @property
    def lines(self) -> list[str]:
        return self.text.getvalue().splitlines()


def test_a_place_that_speaks_without_end_is_cut_off_and_summed_up_each_minute() -> None:
    log = Log()
    for number in range(100_000):
        log.logger.warning("record refused: source=%d", number)
    log.logger.warning("the disk is full")
    assert len(log.lines) == PLACE_MAX_COUNT + 1
    log.now_mono_ns = WINDOW_NS
    log.logger.warning("the disk is still full")
    assert f"{100_000 - PLACE_MAX_COUNT} more lines like those before" in log.lines[-2]
    assert log.lines[-1].endswith("the disk is still full")


def test_all_places_together_are_bounded_and_losses_are_still_told() -> None:
    log = Log()
    for place in range(100_000):
        record = logging.LogRecord("x", logging.WARNING, "x.py", place, "y" * 900, None, None)
        log.logger.handle(record)
    assert len(log.text.getvalue()) < ALL_MAX_BYTES + 2_000
    log.logger.error("journal not written")
    assert log.lines[-1].endswith("journal not written")


def test_foreign_text_begins_no_line_and_moves_no_cursor() -> None:
    log = Log()
    log.logger.warning("found: name=%s", "A\nERROR x: all is lost\r\x1b[2J\u202e\x00\x7f\ud800")
    assert len(log.lines) == 1
    assert log.lines[0].endswith(r"A\nERROR x: all is lost\r\x1b[2J\u202e\x00\x7f\ud800")


def test_long_lines_and_tracebacks_are_cut() -> None:
    log = Log()
    log.logger.warning("x" * 1_000_000)
    assert len(log.lines[0]) < LINE_MAX_CHARS + 100
    try:
        raise ValueError("z" * 1_000_000 + "\x1b")
    except ValueError:
        log.logger.exception("a bug")
    assert len(log.text.getvalue()) < LINE_MAX_CHARS + TRACEBACK_MAX_CHARS + 1_000
    assert "Traceback" in log.text.getvalue()
    assert "\x1b" not in log.text.getvalue()


def test_what_was_left_out_is_told_at_the_end_too() -> None:
    log = Log()
    for _ in range(PLACE_MAX_COUNT + 3):
        log.logger.warning("again")
    log.logger.handlers[0].close()
    assert "3 more lines" in log.lines[-1]
