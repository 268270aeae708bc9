"""Turn bytes written as hexadecimal text back into bytes, at any cut of the text.

Digits stand in pairs or in one row, with blanks, `:`, `,`, `;`, `-`, `0x` or `\\x` between them."""

import re

from pitboard.errors import Refusal

_SEPARATORS = re.compile(rb"[\s:,;\-\\]+")
_PREFIX = re.compile(rb"0?[xX]")


class HexTextRefused(Refusal):
    """A character is none of a hexadecimal text; what stood before it was read."""

    code = "hex-text-refused"

    def __init__(self, *, line_number: int) -> None:
        super().__init__(f"line {line_number} is not hexadecimal text")
        self.line_number = line_number


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
