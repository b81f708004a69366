"""Delivered bytes to UTF-8, strictly, keeping every byte that the declared encoding does not know."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sdtm_mapper.model.errors import UserError

BLOCK = 1 << 20
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
CANDIDATES = ("utf-8", "cp950", "big5hkscs", "gb18030", "shift_jis", "cp1252")

# A byte that cannot be decoded becomes a lone surrogate (U+DC00 + byte), which valid text never holds.
_ESCAPED = re.compile(rb"(?:\xed[\xb0-\xb3][\x80-\xbf])+")


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + b) for b in error.object[error.start : error.end]), error.end


codecs.register_error("sdtm_mapper.escape", _escape)


@dataclass(frozen=True)
class Decoded:
    """A file's text as UTF-8. `bad` are the places of undecodable bytes in `text`, with those bytes."""

    text: bytes
    start: int  # behind the byte-order mark
    bad: tuple[tuple[int, bytes], ...] = ()


def other_encoding(content: bytes, encoding: str) -> str:
    """What the byte-order mark says where it contradicts the declared encoding, else ''."""
    declared = _name(encoding)
    for mark, name in MARKS:
        if content.startswith(mark) and not declared.startswith(name):
            return name
    return ""


def decode(content: bytes, encoding: str) -> Decoded:
    """Decode by the declared encoding; a byte-order mark of that encoding is accepted and left out."""
    name = _name(encoding)
    if name == "utf-8" and _is_utf8(content):
        return Decoded(content, 3 if content.startswith(codecs.BOM_UTF8) else 0)
    if name != "utf-16" and content.isascii() and _holds_ascii(name):
        return Decoded(content, 0)
    out = io.BytesIO()
    decoder = codecs.getincrementaldecoder(name)("sdtm_mapper.escape")
    view = memoryview(content)
    for at in range(0, len(content), BLOCK):
        piece = decoder.decode(view[at : at + BLOCK], at + BLOCK >= len(content))
        out.write(piece.encode("utf-8", "surrogatepass"))
    text = out.getvalue()
    return Decoded(text, 3 if text.startswith(codecs.BOM_UTF8) else 0, _bad(text))


def candidates(samples: Sequence[bytes]) -> list[str]:
    """Encodings under which all samples are valid, the likeliest first."""
    return [name for name in CANDIDATES if all(_fits(s, name) for s in samples)]


def original(text: bytes) -> bytes:
    """The delivered bytes behind a run of escapes."""
    return bytes(ord(c) - 0xDC00 for c in text.decode("utf-8", "surrogatepass"))


def _bad(text: bytes) -> tuple[tuple[int, bytes], ...]:
    if _is_utf8(text):
        return ()
    return tuple((m.start(), original(m.group())) for m in _ESCAPED.finditer(text))


def _name(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise UserError(
            f"sources.yaml: encoding {encoding!r} is unknown; use a name such as utf-8, cp950, cp1252, utf-16"
        ) from None
    return "utf-8" if name == "utf-8-sig" else name


def _is_utf8(content: bytes) -> bool:
    if content.isascii():
        return True
    offsets = pa.py_buffer(np.array([0, len(content)], np.int64))
    whole = pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(content)])
    try:
        whole.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _holds_ascii(name: str) -> bool:
    ascii_bytes = bytes(range(128))
    return _fits(ascii_bytes, name) and ascii_bytes.decode(name) == ascii_bytes.decode("ascii")


def _fits(content: bytes, name: str) -> bool:
    try:
        content.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def positions(bad: Sequence[tuple[int, bytes]]) -> npt.NDArray[np.int64]:
    """Where the undecodable bytes are."""
    return np.array([at for at, _ in bad], np.int64)
