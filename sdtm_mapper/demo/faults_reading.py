"""Kinds of faults of files: what arrives otherwise than it was agreed."""

from __future__ import annotations

from collections.abc import Callable

from sdtm_mapper.demo.faults_base import Cell, File, Format, Kind, Lines, Person
from sdtm_mapper.demo.faults_find import dated, drop, every, everything, having, line, put
from sdtm_mapper.demo.write_files import national_id
from sdtm_mapper.demo.write_viedoc import EXPORT

_Row = list[str]
Alter = Callable[[bytes, Format], bytes | None]


def _rows(alter: Callable[[list[_Row], int], list[_Row]]) -> Alter:
    """An alteration of rows; it is told how many of them are headers."""

    def altered(content: bytes, form: Format) -> bytes:
        return form.bytes(alter(form.rows(content), form.headers))

    return altered


def _header(alter: Callable[[_Row], _Row]) -> Alter:
    def altered(rows: list[_Row], headers: int) -> list[_Row]:
        return [*rows[: headers - 1], alter(rows[headers - 1]), *rows[headers:]]

    return _rows(altered)


def _text(alter: Callable[[str, Format], str]) -> Alter:
    return lambda content, form: alter(content.decode(form.encoding), form).encode(form.encoding)


def _cut(content: bytes, _: Format) -> bytes:
    """The first part of a file, up to the middle of a record."""
    lines = content.splitlines(keepends=True)
    half = max(1, len(lines) // 2)
    return (
        b"".join(lines[:half]) + lines[half][: len(lines[half]) // 2] if half < len(lines) else content[:-9]
    )


def _without(column: int) -> Alter:
    return _rows(lambda rows, _: [row[:column] + row[column + 1 :] for row in rows])


def _ragged(rows: list[_Row], _: int) -> list[_Row]:
    return [*rows[:-1], rows[-1][:-1]]


def _half_character(content: bytes, _: Format) -> bytes:
    """The last byte of the last character that has two is lost."""
    at = max(i for i, byte in enumerate(content) if byte >= 0x81)
    while content[at - 1] >= 0x81:
        at -= 1
    return content[: at + 1] + content[at + 2 :]


def _open_quote(text: str, form: Format) -> str:
    rows = form.rows(text.encode(form.encoding))
    return text + form.delimiter.join(["", *rows[0][1:-1], '"open']) + form.newline


def _behind_quote(text: str, form: Format) -> str:
    """The last field of the file is quoted, and has a text behind the quote."""
    *others, last = text.splitlines(keepends=True)
    begun, _, end = last.rstrip("\r\n").rpartition(form.delimiter)
    return "".join([*others, f'{begun}{form.delimiter}"{end}"x{form.newline}'])


def _again(rows: list[_Row], _: int) -> list[_Row]:
    return [*rows, rows[-1]]


def _long(alter: Callable[[_Row], _Row]) -> Alter:
    """Another line behind the last one of a long export, made from it."""
    return _rows(lambda rows, _: [*rows, alter(rows[-1])])


def _id(person: Person, _: object) -> str:
    return f"Patient {national_id(person.number + 40, False)} asked for a copy"


_RAVE, _VIEDOC = "tpevgh", f"cmuh/{EXPORT}/{EXPORT}"
_LONG = "nckuh/data.csv"

KINDS: tuple[Kind, ...] = (
    Kind("absent-file", "reading", "MI", "SRC018",
         "A file that delivery.yaml lists did not arrive.",
         "03", File("03", "histo", "mmh/病理.csv", lambda *_: None), ("MI",)),
    Kind("extra-file", "reading", "", "SRC002",
         "A file arrived that no form of the study reads.",
         "02", File("02", "", f"{_RAVE}/notes.csv", lambda *_: b"Subject,Note\r\n02-001,call back\r\n")),
    Kind("same-content", "reading", "SS", "SRC022",
         "A file arrived a second time under another name.",
         "02", File("02", "surv", f"{_RAVE}/SURV.csv", lambda content, _: content, made=f"{_RAVE}/SURV (1).csv")),
    Kind("empty-file", "reading", "RP", "SRC003",
         "A file arrived with nothing in it, not even its header.",
         "02", File("02", "repro", f"{_RAVE}/REPRO.csv", lambda *_: b""), ("RP",)),
    Kind("count-mismatch", "reading", "EG", "SRC019",
         "delivery.yaml says that a file has three records more than it has.",
         "06", File("06", "eg", "tcvgh/eg.xpt", lambda content, _: content, counted=True)),
    Kind("truncated-file", "reading", "EG", "SRC019",
         "The end of a file is lost: it stops in the middle of a record.",
         "02", File("02", "eg", f"{_RAVE}/EG.csv", _cut), ("EG",)),
    Kind("nul-byte", "reading", "PR", "SRC006",
         "A file holds a byte 0.",
         "07", File("07", "pr", f"{_VIEDOC}_PR.csv", lambda content, _: content + b"\0")),
    Kind("ragged-row", "reading", "MI", "SRC008",
         "The last record of a file has one field too few.",
         "02", File("02", "histo", f"{_RAVE}/HISTO.csv", _rows(_ragged)), ("MI",)),
    Kind("duplicate-header", "reading", "MI", "SRC009",
         "Two columns of a file have the same name.",
         "07", File("07", "histo", f"{_VIEDOC}_HISTO.csv", _header(lambda names: [*names[:-1], names[-2]])), ("MI",)),
    Kind("missing-column", "reading", "DS", "SRC011",
         "A file lacks a column that the study reads a date from.",
         "07", File("07", "eos", f"{_VIEDOC}_EOS.csv", _without(16)), ("DS",)),
    Kind("nameless-column", "reading", "DS", "SRC010",
         "A column of a file has no name.",
         "03", File("03", "eos", "mmh/退出試驗.csv", _header(lambda names: [*names[:-1], ""])), ("DS",)),
    Kind("cut-character", "reading", "MH", "SRC005",
         "One byte of a Chinese character was lost, so that the next one cannot be read either.",
         "03", File("03", "prior", "mmh/先前抗癌治療.csv", _half_character), ("CM", "PR")),
    Kind("wrong-encoding", "reading", "RP", "SRC004",
         "A file was saved in UTF-8 where the site's files are CP950.",
         "03", File("03", "repro", "mmh/生育能力.csv", lambda content, _: content.decode("cp950").encode("utf-8")),
         ("RP",)),
    Kind("other-byte-order-mark", "reading", "RP", "SRC026",
         "A file was saved as UTF-16.",
         "09", File("09", "repro", "cgmhks/REPRO_20260630.csv",
                    lambda content, _: b"\xff\xfe" + content.decode("cp1252").encode("utf-16-le")), ("RP",)),
    Kind("open-quote", "reading", "IE", "SRC015",
         "A quote in the last record never closes.",
         "02", File("02", "ie", f"{_RAVE}/IE.csv", _text(_open_quote)), ("IE",)),
    Kind("text-behind-quote", "reading", "DS", "SRC016",
         "A text stands behind the closing quote of a field.",
         "09", File("09", "enrol", "cgmhks/ENROL_20260630.csv", _text(_behind_quote)), ("DM", "DS")),
    Kind("duplicate-row", "reading", "EX", "SRC017",
         "The last record of a file stands there twice.",
         "07", File("07", "ex", f"{_VIEDOC}_EX.csv", _rows(_again)), ("EX",)),
    Kind("two-values-of-one-field", "reading", "VS", "SRC056",
         "A long export has a field of one record on two lines with different values.",
         "08", File("08", "", _LONG, _long(lambda row: [*row[:-1], f"{row[-1]}7"]))),
    Kind("replacement-character", "reading", "CM", "SRC007",
         "A character was replaced by U+FFFD before the file was sent.",
         "07", Cell(line("cm", having("CMTRT")), "CMTRT", lambda text: f"{text[:2]}\ufffd{text[3:]}", ("07", "02")),
         ("CM",)),
    Kind("national-id", "reading", "SV", "SRC021",
         "A national id stands in the comment on a visit.",
         "07", Lines(line("visit", VISOCC="Y"), put(COMM=_id), ("01", "02", "04", "07", "09")), ("CO",)),
    Kind("shifted-columns", "reading", "VS", "MAP022",
         "The fields of a record stand one column to the right of where they belong, its date where a number belongs.",
         "03", Cell(line("vs", dated("VSDAT")), "VSDAT", {"03": ""}, ("03",), shift=True), ("VS",)),
    Kind("typed-text", "reading", "AE", "SRC052",
         "What was typed as a date did not fit its field: the field is empty, only what was typed is there.",
         "02", Cell(line("ae", dated("AESTDAT")), "AESTDAT", {"02": ""}, ("02",)), ("AE",)),
    Kind("text-and-code-disagree", "reading", "DM", "SRC060",
         "An answer has its text and not its code.",
         "07", Cell(line("subject", having("RACE")), "RACE", {"07": ""}, ("07",), "CD")),
    Kind("unknown-code", "reading", "AE", "SRC053",
         "A coded answer has a number that the data dictionary does not have.",
         "01", Cell(line("ae", having("AEOUT")), "AEOUT", {"01": "9"}, ("01",)), ("AE",)),
    Kind("rows-gone", "reading", "TR", "DLV001",
         "A file was sent again without some of its rows, and nothing says that they were deleted.",
         "02", Lines(every("tl", VISIT="TUMOR ASSESSMENT WEEK 8"), drop), ("TR",)),
    Kind("subject-gone", "reading", "DM", "DLV003",
         "A subject of the last delivery is in no form any more.",
         "08", Lines(everything(), drop, whole=True), ("*",)),
)  # fmt: skip
