"""`pitboard decode`: the raw bytes of a device to JSON lines, one object an event, a summary last.

Exit status 0 where anything was decoded, 1 where nothing was, 2 for wrong arguments or an unreadable file."""

import json
import re
import signal
import sys
import threading
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from io import BufferedReader
from typing import cast

import click

from firmware_bridge.decoders import DECODERS, UNCHECKED_DECODERS
from firmware_bridge.decoders.decoder import Damaged, Event, Gap
from pitboard.errors import HexTextRefused

_SEPARATORS = re.compile(rb"[\s:,;\-\\]+")
_PREFIX = re.compile(rb"0?[xX]")


class HexText:
    """Reads the text in chunks; a lone digit is a byte, the odd digit of a longer row is dropped."""

    def __init__(self) -> None:
        self._line_number = 1
        self._row = b""  # what is not yet read of the row of digits under way
        self._is_row_begun = False

    def feed(self, text: bytes) -> bytes:
        """Return the bytes that this text completes. Raises HexTextRefused."""
        out = bytearray()
        at = 0
        for match in _SEPARATORS.finditer(text):
            self._row += text[at : match.start()]
            out += self._read_row(is_ended=True)
            self._line_number += match[0].count(b"\n")
            at = match.end()
        self._row += text[at:]
        out += self._read_row(is_ended=False)
        return bytes(out)

    def finish(self) -> bytes:
        """Return the byte that the end of the text completes, if any. Raises HexTextRefused."""
        return self._read_row(is_ended=True)

    def _read_row(self, *, is_ended: bool) -> bytes:
        digits = self._row
        if not self._is_row_begun:
            if not is_ended and len(digits) < 4:
                return b""  # it may yet be a prefix, or a lone digit
            digits = _PREFIX.sub(b"", digits, count=1) if _PREFIX.match(digits) else digits
            if is_ended and len(digits) == 1:
                digits = b"0" + digits
        whole = len(digits) - len(digits) % 2
        self._row = b"" if is_ended else digits[whole:]
        self._is_row_begun = not is_ended
        try:
            return bytes.fromhex(digits[:whole].decode("ascii"))
        except ValueError:
            raise HexTextRefused(line_number=self._line_number) from None


CHUNK_LENGTH = 65_536
FOLLOW_PAUSE_S = 0.2
STANDARD_INPUT = "-"


class WrongArguments(click.ClickException):
    """One plain sentence, and exit status 2."""

    exit_code = 2


@click.command()
@click.argument("protocol", type=click.Choice(list(DECODERS)))
@click.argument("path", metavar="FILE")
@click.option("--follow", is_flag=True, help="Wait for more at the end of the file, until interrupted.")
@click.option("--hex", "is_hex", is_flag=True, help="The file holds hexadecimal text, not raw bytes.")
@click.option(
    "--accept-unchecked",
    is_flag=True,
    help="Take records with checksum 0000 (p3, amb-text); they are marked as unchecked.",
)
@click.pass_context
def decode(
    context: click.Context, protocol: str, path: str, follow: bool, is_hex: bool, accept_unchecked: bool
) -> None:
    """Decode what a timing device sent, from FILE or from standard input where FILE is -."""
    if accept_unchecked and protocol not in UNCHECKED_DECODERS:
        raise WrongArguments(f"{protocol} has no records without a checksum to accept")
    decoder = UNCHECKED_DECODERS[protocol]() if accept_unchecked else DECODERS[protocol]()
    stop = _stop_sign() if follow and path != STANDARD_INPUT else None
    is_anything_decoded = False
    with ExitStack() as stack:
        chunks = _without_mark(_chunks(_open(path, stack), path=path, stop=stop))
        for chunk in _bytes(chunks, path=path) if is_hex else chunks:
            is_anything_decoded |= _show(decoder.feed(chunk))
    is_anything_decoded |= _show(decoder.finish())
    click.echo(json.dumps({"kind": "summary", **asdict(decoder.counters)}))
    context.exit(0 if is_anything_decoded else 1)


def _stop_sign() -> threading.Event:
    """Return what the first Ctrl-C or SIGTERM sets, so that a summary follows; the second stops at once."""
    stop = threading.Event()

    def set_stop(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, set_stop)
    return stop


def _open(path: str, stack: ExitStack) -> BufferedReader:
    if path == STANDARD_INPUT:
        return cast(BufferedReader, sys.stdin.buffer)
    try:
        return stack.enter_context(open(path, "rb"))
    except OSError as error:
        raise WrongArguments(f"{path} cannot be read: {error.strerror}") from error


def _chunks(file: BufferedReader, *, path: str, stop: threading.Event | None) -> Iterator[bytes]:
    """Yield what the file holds; with `stop` also what is added to it, until that is set."""
    try:
        while stop is None or not stop.is_set():
            chunk = file.read1(CHUNK_LENGTH)
            if chunk:
                yield chunk
            elif stop is None:
                return
            else:
                stop.wait(FOLLOW_PAUSE_S)
    except OSError as error:
        raise WrongArguments(f"{path} cannot be read: {error.strerror}") from error


def _without_mark(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Leave out the mark that an editor puts in front of a text; no device sends it."""
    begin = b""
    for chunk in chunks:
        begin += chunk
        if len(begin) >= len(BOM_UTF8):
            break
    yield begin.removeprefix(BOM_UTF8)
    yield from chunks


def _bytes(chunks: Iterable[bytes], *, path: str) -> Iterator[bytes]:
    text = HexText()
    try:
        for chunk in chunks:
            yield text.feed(chunk)
        yield text.finish()
    except HexTextRefused as refusal:
        raise WrongArguments(f"{path}: {refusal}") from refusal


def _show(events: list[Event]) -> bool:
    """Print the events; return whether anything is among them that was decoded."""
    if events:
        click.echo("\n".join(json.dumps(event.as_fields()) for event in events))
    return any(not isinstance(event, Damaged | Gap) for event in events)
