"""SAS data sets and transport files: values as text by their format; the first observation is record 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyreadstat

from sdtm_mapper.model.columns import Text, factorize
from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.sources.named import replaced
from sdtm_mapper.sources.parsed import Flaw, Parsed, Table, load
from sdtm_mapper.sources.sas_catalog import Decodes, read_catalog
from sdtm_mapper.sources.sas_text import codec, decoded
from sdtm_mapper.sources.sas_values import SasFormat, sas_format, value_text
from sdtm_mapper.sources.xpt_layout import BadTransport, Layout, transport_layout

BYTES = "ISO-8859-1"  # each byte comes out as one character, to be decoded here by the right encoding
UNMARKED = "utf-8"  # what a file's text is read as where neither file nor spec says


@dataclass(frozen=True)
class _Columns:
    """A file's columns as the library gives them, with what its header says."""

    cells: dict[str, list[Any]]
    formats: Mapping[str, SasFormat]
    labels: Mapping[str, str]
    text: frozenset[str]
    counted: int


def read_sas7bdat(path: Path, spec: FormSpec) -> Parsed:
    """Read a SAS data set; its header's count of rows is held against the rows that are read."""
    content, digest = load(path)
    size = len(content)
    if not content:
        return Parsed(digest, size, flaws=(Flaw("SRC003"),))
    del content
    try:
        _, said = pyreadstat.read_sas7bdat(path, metadataonly=True, encoding=BYTES)
        marked = _marked(path)
        cells, meta = pyreadstat.read_sas7bdat(
            path, output_format="dict", user_missing=True, disable_datetime_conversion=True, encoding=BYTES
        )
        columns = _columns(cells, meta, said.number_rows or 0)
    except Exception as error:  # ReadStat's errors share no type, and a damaged file raises others
        return _unreadable(digest, size, _why(error))
    return _parsed(path, spec, digest, size, columns, marked, None)


def read_xpt(path: Path, spec: FormSpec) -> Parsed:
    """Read a SAS transport file of one data set, version 5 or 8; records are counted by the file's size."""
    content, digest = load(path)
    size = len(content)
    if not content:
        return Parsed(digest, size, flaws=(Flaw("SRC003"),))
    try:
        layout = transport_layout(content)
        cells, meta = pyreadstat.read_xport(
            path, output_format="dict", disable_datetime_conversion=True, encoding=BYTES
        )
        columns = _columns(cells, meta, len(layout.rows))
    except BadTransport as error:
        return _unreadable(digest, size, str(error))
    except Exception as error:  # as above
        return _unreadable(digest, size, _why(error))
    return _parsed(path, spec, digest, size, columns, "", layout)


def _unreadable(digest: str, size: int, why: str) -> Parsed:
    return Parsed(digest, size, flaws=(Flaw("SRC040", detail=why),))


def _why(error: Exception) -> str:
    """ReadStat's own words, which name no cell; of any other error its type alone."""
    if isinstance(error, pyreadstat.ReadstatError):
        return f"{error}; it may be cut off, damaged or encrypted"
    return f"it is damaged ({type(error).__name__})"


def _marked(path: Path) -> str:
    """The encoding that the file's header names; '' where it names none that is known."""
    try:
        _, meta = pyreadstat.read_sas7bdat(path, metadataonly=True)
    except Exception:  # labels that do not fit the named encoding; what it is named is not told then
        return ""
    return meta.file_encoding or ""


def _columns(cells: dict[str, list[Any]], meta: Any, counted: int) -> _Columns:
    kinds = meta.readstat_variable_types
    return _Columns(
        dict(cells),
        {n: sas_format(meta.original_variable_types.get(n)) for n in cells},
        {n: meta.column_names_to_labels.get(n) or "" for n in cells},
        frozenset(n for n in cells if kinds[n] == "string"),
        counted,
    )


def _parsed(
    path: Path,
    spec: FormSpec,
    digest: str,
    size: int,
    columns: _Columns,
    marked: str,
    layout: Layout | None,
) -> Parsed:
    flaws: list[Flaw] = []
    encoding = spec.encoding or marked or UNMARKED
    if spec.encoding and marked and codec(marked) != codec(spec.encoding):
        flaws.append(Flaw("SRC045", detail=marked, expected=spec.encoding))
    name = codec(encoding)
    if not name:
        return _unreadable(digest, size, f"its encoding {encoding} is unknown; declare `encoding`")
    n = len(next(iter(columns.cells.values()))) if columns.cells else 0
    if n != columns.counted:
        detail = f"{n} observations were read and {columns.counted} counted"
        lost = tuple((i + 1, "SRC004") for i in range(columns.counted))
        flaw = Flaw("SRC004", detail=detail)
        return Parsed(digest, size, None, columns.counted, lost, (*flaws, flaw))
    decodes = Decodes({})
    beside: tuple[Path, ...] = ()
    if spec.catalog:
        beside = (path.parent / spec.catalog,)
        decodes, wrong = read_catalog(path, spec, name)
        flaws += wrong
    table = _table(columns, spec, name, layout, decodes, flaws)
    return Parsed(digest, size, table, n, flaws=(*flaws, *replaced(table)), beside=beside)


def _table(
    columns: _Columns,
    spec: FormSpec,
    encoding: str,
    layout: Layout | None,
    decodes: Decodes,
    flaws: list[Flaw],
) -> Table:
    record = np.arange(1, columns.counted + 1, dtype=np.int32)
    made: list[tuple[str, Text, tuple[str, ...], str]] = []  # name, column, sources, label
    for i, name in enumerate(list(columns.cells)):
        cells, shown = columns.cells.pop(name), columns.formats[name]
        plain, _ = decoded(columns.labels[name], encoding, lenient=True)
        shown_name, _ = decoded(name, encoding, lenient=True)
        if name in columns.text:
            text, wrong = _strings(cells, encoding)
            flaws += [_located(f, shown_name) for f in wrong]
            letters = Text.empty(len(cells))
        else:
            text, letters, wrong = _numbers(cells, shown)
            flaws += [_located(f, shown_name) for f in wrong]
            letters = letters if layout is None else layout.letters(i)
        made.append((shown_name, text, (), plain))
        if decodes.wants(shown_name, shown, spec):
            decode, unknown = decodes.decode(text, shown)
            made.append((f"{shown_name}.decode", decode, (shown_name,), plain))
            if unknown:
                detail = ", ".join(unknown[:5]) + (
                    f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
                )
                flaws.append(Flaw("SRC046", column=shown_name, detail=detail, expected=shown.name))
        if not letters.is_empty.all():
            detail = ", ".join(
                f".{v} {int(letters.equals(v).sum())} times" for v in sorted(letters.distinct())
            )
            flaws.append(Flaw("SRC043", column=shown_name, detail=detail))
            labels = {**decodes.missing(shown), **spec.missing}
            made.append(
                (
                    f"{shown_name}.missing",
                    letters.remap([labels.get(v, v) for v in letters.values.to_pylist()]),
                    (),
                    plain,
                )
            )
    return Table(
        tuple(m[0] for m in made),
        tuple(m[1] for m in made),
        record,
        labels=tuple(m[3] for m in made),
        derived={m[0]: m[2] for m in made if m[2]},
    )


def _located(flaw: Flaw, column: str) -> Flaw:
    return Flaw(flaw.rule, flaw.record, column, flaw.detail, flaw.expected)


def _strings(cells: Sequence[str | None], encoding: str) -> tuple[Text, list[Flaw]]:
    """Text decoded once per distinct value; a cell whose bytes do not fit is empty and told."""
    raw = Text.from_arrow(pa.array(cells, pa.string()))
    pairs = [decoded(v, encoding) for v in raw.values.to_pylist()]
    text = raw.remap([v for v, _ in pairs])
    bad = raw.remap([b for _, b in pairs])
    rows = np.flatnonzero(~bad.is_empty)
    if not len(rows):
        return text, []
    record = (rows + 1).astype(np.int32)
    return text, [Flaw("SRC042", record=record, detail=bad.take(rows).strings(), expected=encoding)]


def _numbers(cells: Sequence[Any], shown: SasFormat) -> tuple[Text, Text, list[Flaw]]:
    """Numbers as text by distinct value, letters of special missing values, and dates that are none."""
    letters = Text.empty(len(cells))
    if str in set(map(type, cells)):
        letters = Text.of([c if isinstance(c, str) else None for c in cells])
        cells = [None if isinstance(c, str) else c for c in cells]
    at, distinct = factorize(np.array(cells, np.float64))
    pairs = [value_text(float(v), shown) for v in distinct]
    codes = at.astype(np.int32)
    text = Text.empty(0).recoded(codes, [t for t, _ in pairs])
    wrong = np.array([*(not right for _, right in pairs), False], np.bool_)[codes]
    if not wrong.any():
        return text, letters, []
    rows = np.flatnonzero(wrong)
    record = (rows + 1).astype(np.int32)
    flaw = Flaw(
        "SRC047", record=record, detail=text.take(rows).strings(), expected=f"{shown.kind} ({shown.name})"
    )
    return text, letters, [flaw]
