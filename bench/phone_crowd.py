"""A crowd of phones in one process, as lean as Python can: kept TLS connections, one epoll, no browser.

What many phones are told in the same bytes is read once: for all of them the head names the same second.

`bench.phones` starts it. Each phone joins, reads the whole board once and then asks each one to two
seconds what changed, or follows the stream. What a phone shows is told by the tags in its answers alone.
Prints one line, `ready`, and at the end of the time its findings as JSON."""

from __future__ import annotations

import argparse
import json
import re
import select
import socket
import ssl
import sys
import time
from array import array
from pathlib import Path
from random import Random

import brotli

JOIN_AT_ONCE_COUNT = 200
"""Phones that shake hands at the same time."""
ASK_FROM_S, ASK_MORE_S = 1.0, 1.0
ASK_WHILE_JOINING_S = 40.0
"""While the others still join: often enough that nginx lets no connection go."""
COUNT_EVERY_S = 1.0
WARM_S = 4.0
"""Until each phone shows a board of now; from then on its delays count."""
LET_LOOSE_PER_S = 2_500
"""Of all phones: who slept while the others joined must ask for a whole board, for its own is too old."""
CHUNK_BYTES = 65_536
IP_BIND_ADDRESS_NO_PORT = 24
"""Linux's number; Python 3.11 has no name for it."""
SLOT_S = 0.02
"""Phones whose turn is within so much of a second ask one after the other."""
AGAIN_FROM_S, AGAIN_MORE_S = 2.0, 3.0
"""Who was refused the stream asks again then, as the page does."""
READ_MAX_COUNT = 4_096
"""Answers that are remembered with what they say; beyond that all are forgotten."""
WHOLE = b"/api/v1/live/page"
HEAD = b" HTTP/1.1\r\nHost: venue\r\nAccept-Encoding: gzip, br\r\n\r\n"
WHOLE_ASK = b"GET " + WHOLE + HEAD
STREAM = b"GET /api/v1/live?plain=1 HTTP/1.1\r\nHost: venue\r\nAccept: text/event-stream\r\n\r\n"
TO = re.compile(rb'"(?:to|tag)":"([0-9a-f]+)"')
LENGTH = re.compile(rb"Content-Length: (\d+)")
REFUSED = re.compile(rb"HTTP/1\.1 ([3-5]\d\d)")


def warm_s(phones: int) -> float:
    """Return how long so many phones in all take until their delays count."""
    return max(ASK_FROM_S + ASK_MORE_S, phones / LET_LOOSE_PER_S) + WARM_S


class Phone:
    __slots__ = ("ask", "asked_at", "got", "is_in", "line", "read", "shown", "tag", "write")

    def __init__(self, line: ssl.SSLSocket) -> None:
        self.line = line
        # The connection itself: the library's own methods around it cost as much again.
        self.read = line._sslobj.read  # type: ignore[attr-defined]
        self.write = line._sslobj.write  # type: ignore[attr-defined]
        self.ask = WHOLE_ASK
        self.is_in = False
        self.got = b""
        self.tag = b""
        self.asked_at = 0.0
        self.shown = -1  # index of the last change that it shows


class Crowd:
    """Phones of several addresses of this machine, joined one after the other and then let loose together."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.random = Random(given.seed)
        self.poll = select.epoll()
        self.phones: dict[int, Phone] = {}
        self.due: dict[int, list[int]] = {}  # by slot: whose turn it is then
        self.slot = 0  # the next that is due
        self.read: dict[bytes, tuple[bytes, int] | None] = {}  # whole answers: tag and length of a change
        self.told: dict[bytes, int] = {}  # tag -> index of the change
        self.shown: list[tuple[Phone, bytes, float]] = []  # not looked up yet
        self.made_at = array("d")
        self.told_path = Path(given.told)
        self.delays = array("d")
        self.answer_ms = array("f")
        self.change_bytes = array("I")
        self.got_bytes = 0
        self.wholes = 0
        self.lost = 0
        self.refusals: dict[str, int] = {}  # of the stream, by status
        self.counted_at = 0.0
        self.is_measuring = False
        self.is_joining = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the bench's own server; shaking hands is what is measured
        self.context = context

    def join_all(self) -> None:
        """Let all phones join; those that are in ask already, so that no connection falls idle."""
        waiting = 0
        number = 0
        while number < self.given.phones or waiting:
            while number < self.given.phones and waiting < JOIN_AT_ONCE_COUNT:
                self._join(f"127.0.{self.given.seed}.{2 + number % 8}")
                number += 1
                waiting += 1
            waiting -= self._turn(0.5)

    def let_loose(self) -> None:
        """All are in: from here on each asks as a phone does, the first time within two seconds."""
        self.is_joining = False
        now, all_s = time.monotonic(), warm_s(self.given.all_phones) - WARM_S
        if not self.given.stream:
            self.due.clear()
            for number in self.phones:
                self._ask_at(now + self.random.random() * all_s, number)

    def run(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._turn(0.05)
            if time.monotonic() - self.counted_at > COUNT_EVERY_S:
                self.counted_at = time.monotonic()
                self.count_delays()

    def _join(self, source: str) -> None:
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        # The port only at the connect: one that was bound is nginx's no more either, on the way to central.
        raw.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        raw.bind((source, 0))
        raw.connect(("127.0.0.1", self.given.port))
        raw.setblocking(False)
        line = self.context.wrap_socket(raw, do_handshake_on_connect=False)
        self.phones[line.fileno()] = Phone(line)
        self.poll.register(line.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def _turn(self, patience_s: float) -> int:
        """Do what is due; return how many phones have come in."""
        came = 0
        now = time.monotonic()
        while self.slot <= now / SLOT_S:
            for number in self.due.pop(self.slot, ()):
                if (phone := self.phones.get(number)) is not None:
                    self._ask(phone)
            self.slot += 1
        wait_s = min(patience_s, SLOT_S) if self.due else patience_s
        for number, _ in self.poll.poll(wait_s, 1_000):
            phone = self.phones[number]
            if phone.is_in:
                self._hear(number, phone)
            else:
                came += self._shake_hands(number, phone)
        return came

    def _ask_at(self, at: float, number: int) -> None:
        slot = int(at / SLOT_S)
        if not self.due:
            self.slot = min(slot, int(time.monotonic() / SLOT_S))
        self.due.setdefault(max(slot, self.slot), []).append(number)

    def _shake_hands(self, number: int, phone: Phone) -> int:
        try:
            phone.line.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0
        except OSError:
            self._lose(number, phone)
            return 1
        phone.is_in = True
        self.poll.modify(number, select.EPOLLIN)
        self._ask(phone)
        return 1

    def _ask(self, phone: Phone) -> None:
        phone.asked_at = time.monotonic()
        try:
            phone.write(STREAM if self.given.stream else phone.ask)
        except OSError:
            self._lose(phone.line.fileno(), phone)

    def _hear(self, number: int, phone: Phone) -> None:
        try:
            got = phone.read(CHUNK_BYTES)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            got = b""
        if not got:
            self._lose(number, phone)
            return
        if self.is_measuring:
            self.got_bytes += len(got)
        phone.got += got
        if not self.given.stream:
            self._answered(number, phone)
        elif not phone.tag and (refused := REFUSED.match(phone.got)) is not None:
            self._refused(number, phone, refused[1].decode())
        else:
            self._follow(phone)

    def _refused(self, number: int, phone: Phone, status: str) -> None:
        head, end, rest = phone.got.partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not end or length is None or len(rest) < int(length[1]):
            return
        phone.got = b""
        self.refusals[status] = self.refusals.get(status, 0) + 1
        again_s = AGAIN_FROM_S + self.random.random() * AGAIN_MORE_S
        self._ask_at(time.monotonic() + again_s, number)

    def _follow(self, phone: Phone) -> None:
        while (end := phone.got.find(b"\n\n")) >= 0:
            event, phone.got = phone.got[:end], phone.got[end + 2 :]
            if (found := TO.search(event)) is not None:
                if b"event: change" in event and phone.tag and b'"from":"%b"' % phone.tag not in event:
                    self.wholes += self.is_measuring  # the page would ask for what it missed
                if b"event: change" in event and self.is_measuring:
                    self.change_bytes.append(len(event))
                self._show(phone, found[1])

    def _answered(self, number: int, phone: Phone) -> None:
        got = phone.got
        if got in self.read:
            said = self.read[got]
        else:
            head, end, rest = got.partition(b"\r\n\r\n")
            length = LENGTH.search(head)
            if not end or length is None or len(rest) < int(length[1]):
                return
            said = said_in(head, rest)
            if len(self.read) >= READ_MAX_COUNT:
                self.read.clear()
            self.read[got] = said
        now = time.monotonic()
        if self.is_measuring:
            self.answer_ms.append((now - phone.asked_at) * 1_000)
        phone.got = b""
        if said is None:
            phone.tag, phone.ask = b"", WHOLE_ASK  # too old, or nothing there yet
            self.wholes += self.is_measuring
        elif said[0]:
            if phone.tag and self.is_measuring:
                self.change_bytes.append(said[1])
            if phone.tag != said[0]:
                phone.ask = b"GET /api/v1/live/since/" + said[0] + HEAD
                self._show(phone, said[0])
        wait_s = (ASK_FROM_S + self.random.random() * ASK_MORE_S) if phone.tag else 0.0
        if self.is_joining and phone.tag:
            wait_s += ASK_WHILE_JOINING_S
        self._ask_at(now + wait_s, number)

    def _show(self, phone: Phone, tag: bytes) -> None:
        phone.tag = tag
        self.shown.append((phone, tag, time.monotonic()))

    def count_delays(self) -> None:
        """Look up which changes the boards hold that phones have shown; what is not told yet comes later."""
        if any(tag not in self.told for _, tag, _ in self.shown):
            self._look_what_was_told()
        shown, self.shown = self.shown, []
        for phone, tag, at in shown:
            if (index := self.told.get(tag)) is None:
                if self.told and at > self.made_at[-1]:
                    self.shown.append((phone, tag, at))
                continue
            if phone.shown >= 0 and self.is_measuring:
                self.delays.extend(at - made_at for made_at in self.made_at[phone.shown + 1 : index + 1])
            phone.shown = max(phone.shown, index)

    def _look_what_was_told(self) -> None:
        lines = self.told_path.read_text().splitlines()
        for line in lines[len(self.made_at) :]:
            tag, made_at = line.split()
            self.told[tag.encode()] = len(self.made_at)
            self.made_at.append(float(made_at))

    def _lose(self, number: int, phone: Phone) -> None:
        """Count it; a lost phone does not come back, so that the loss is seen."""
        self.lost += 1
        self.phones.pop(number, None)
        phone.line.close()

    def findings(self) -> dict[str, object]:
        return {
            "phones": len(self.phones),
            "lost": self.lost,
            "refusals": self.refusals,
            "wholes": self.wholes,
            "without_a_board": sum(not phone.tag for phone in self.phones.values()),
            "got_bytes": self.got_bytes,
            "processor_s": time.process_time(),
            "delays": sampled(self.delays),
            "max_delay": max(self.delays, default=0.0),
            "answer_ms": sampled(self.answer_ms),
            "change_bytes": sampled(self.change_bytes),
            "changes_shown": len(self.delays),
        }


def said_in(head: bytes, rest: bytes) -> tuple[bytes, int] | None:
    """Return the tag that a whole answer leads to, none where nothing changed, and how long it is.

    None where the board that was named is too old.
    """
    if not head.startswith(b"HTTP/1.1 200"):
        return None
    body = brotli.decompress(rest) if b"Content-Encoding: br" in head else rest
    found = TO.search(body)
    return (b"" if found is None else found[1], len(rest))


def sampled(values: array[float] | array[int]) -> list[float]:
    """Return every hundredth and so on of the sorted values, enough for any percentile that is asked."""
    ordered = sorted(values)
    step = max(1, len(ordered) // 20_000)
    return ordered[::step]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", type=int, required=True)
    parser.add_argument("--all-phones", type=int, required=True, help="of all crowds together")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--told", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--stream", action="store_true")
    given = parser.parse_args()
    crowd = Crowd(given)
    crowd.join_all()
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        crowd.run(0.2)  # until all crowds are in
    sys.stdin.readline()
    crowd.let_loose()
    crowd.run(warm_s(given.all_phones))
    crowd.is_measuring = True
    start_s = time.process_time()
    crowd.run(given.seconds)
    crowd.count_delays()
    print(json.dumps(crowd.findings() | {"processor_s": time.process_time() - start_s}), flush=True)


if __name__ == "__main__":
    main()
