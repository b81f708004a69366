"""Text of SAS files: bytes decoded by the encoding that the spec or the file names, never by a guess."""

from __future__ import annotations

import codecs

# Names of encodings as SAS and ReadStat write them, where Python's differ. SAS calls Microsoft's variant Big5.
_NAMES = {"BIG-5": "cp950", "BIG5": "cp950", "MS-950": "cp950", "EUC-CN": "gb2312", "WINDOWS-31J": "cp932"}


def codec(encoding: str) -> str:
    """Python's name of an encoding; '' where there is none of that name."""
    try:
        return codecs.lookup(_NAMES.get(encoding.upper(), encoding)).name
    except LookupError:
        return ""


def decoded(text: str, encoding: str, lenient: bool = False) -> tuple[str, str]:
    """Text whose characters stand for bytes, decoded; and its bytes in hex where they do not fit.

    `lenient` keeps what fits of a name or label, with U+FFFD for the rest.
    """
    if text.isascii():
        return text, ""
    content = text.encode("latin-1")
    try:
        return content.decode(encoding), ""
    except UnicodeDecodeError as error:
        if lenient:
            return content.decode(encoding, "replace"), ""
        return "", content[error.start : error.end].hex(" ")
