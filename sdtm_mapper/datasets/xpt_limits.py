"""What XPT version 5 cannot hold, judged on distinct values: as faults, and as findings of the pipeline."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.datasets.ibm import outside
from sdtm_mapper.datasets.widths import LIMIT, value_widths
from sdtm_mapper.datasets.xpt_header import RECORD, split_format
from sdtm_mapper.model.columns import Column, Index, Mask, Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.study import VariableSpec

DATASET_NAME = "EXP001"
VARIABLE_NAME = "EXP002"
LABEL = "EXP003"
TOO_LONG = "EXP004"
NOT_ASCII = "EXP005"
CONTROL = "EXP006"
NUMBER = "EXP007"
NO_RECORDS = "EXP008"
DUPLICATE = "EXP009"
FORMAT = "EXP010"
TYPE = "EXP011"
TRAILING = "EXP012"
DECLARED = "EXP013"
BLANK_END = "EXP014"

# With a finding of one of these a dataset's file cannot be written, or would not say what the dataset says.
WITHHOLD = frozenset(
    {DATASET_NAME, VARIABLE_NAME, LABEL, TOO_LONG, NOT_ASCII, CONTROL, NUMBER}
    | {NO_RECORDS, DUPLICATE, FORMAT, TYPE, BLANK_END}
)

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,7}")


@dataclass(frozen=True)
class Fault:
    """One thing that does not fit, in the dataset as a whole or in some rows of one variable.

    `rows` is None where no record is meant. `value` is the faulty text then (a name, a label); in rows
    it is the cell. `detail` may depend on the cell.
    """

    code: str
    reason: str  # for a person, without any value of a subject
    variable: str = ""
    value: str = ""
    expected: str = ""
    rows: Index | None = None
    detail: Callable[[str], str] | str = ""

    def __str__(self) -> str:
        where = f"{self.variable}: " if self.variable else ""
        if self.rows is None:
            return f"{where}{self.reason}"
        return (
            f"{where}{self.reason}, in {len(self.rows)} records, the first is record {int(self.rows[0]) + 1}"
        )


def xpt_problems(domain: Domain) -> Any:
    """Findings for all that an XPT file of the dataset could not hold, one for each record and variable.

    Those whose code is in WITHHOLD are what `write_xpt` raises for; the others (trailing blanks, text
    longer than its declared length) are told and the file is written.
    """
    return all_findings([_as_findings(domain, fault) for fault in faults(domain)])


def faults(domain: Domain) -> list[Fault]:
    """All faults, the dataset's first, then by variable in the order of the file."""
    return [*_of_dataset(domain), *(f for v in domain.variables for f in _of_variable(domain, v))]


def _of_dataset(domain: Domain) -> Iterator[Fault]:
    if not _NAME.fullmatch(domain.name):
        yield Fault(DATASET_NAME, "the dataset's name " + _NAME_RULE, value=domain.name, expected=_NAME_RULE)
    for reason in _label_reasons(domain.spec.label):
        yield Fault(LABEL, f"the dataset's label {reason}", value=domain.spec.label, expected=_LABEL_RULE)
    if not domain.variables:
        yield Fault(NO_RECORDS, "the dataset has no variables", detail="no variables")
    elif not len(domain):
        yield Fault(NO_RECORDS, "the dataset has no records", detail="no records")
    for name, n in Counter(v.name for v in domain.variables).items():
        if n > 1:
            yield Fault(DUPLICATE, f"{n} variables have this name", name, name, detail=f"{n} variables")
    if len(domain) and _ends_blank(domain):
        yield Fault(
            BLANK_END,
            f"the last record holds nothing and is shorter than {RECORD} bytes: readers take it for padding",
            rows=np.array([len(domain) - 1]),
        )


_NAME_RULE = "must have 1 to 8 characters A-Z, 0-9 and _, and begin with a letter"
_LABEL_RULE = "at most 40 printable ASCII characters"


def _of_variable(domain: Domain, variable: VariableSpec) -> Iterator[Fault]:
    name = variable.name
    if not _NAME.fullmatch(name):
        yield Fault(VARIABLE_NAME, "the variable's name " + _NAME_RULE, name, name, _NAME_RULE)
    for reason in _label_reasons(variable.label):
        yield Fault(LABEL, f"the label {reason}", name, variable.label, _LABEL_RULE)
    try:
        form = split_format(variable.format)[0]
    except ValueError as error:
        yield Fault(FORMAT, str(error), name, variable.format, "a SAS display format", detail=str(error))
    else:
        if variable.format and form.startswith("$") != (variable.type == "Char"):
            reason = f"the display format is not one for {variable.type} variables"
            yield Fault(FORMAT, reason, name, variable.format, "a format of its type", detail=reason)
    column = domain.columns.get(name)
    if column is None:
        yield Fault(TYPE, "the dataset has no column of this name", name, detail="no column")
    elif isinstance(column, Text) != (variable.type == "Char"):
        held = "text" if isinstance(column, Text) else "numbers"
        yield Fault(
            TYPE,
            f"a {variable.type} variable holds {held}",
            name,
            held,
            variable.type,
            detail=f"holds {held}",
        )
    elif isinstance(column, Text):
        yield from _of_text(variable, column)
    else:
        bad = np.flatnonzero(outside(column))
        if len(bad):
            expected = "0, or a magnitude from 16^-65 (about 5.4E-79) to below 16^63 (about 7.2E75)"
            yield Fault(NUMBER, "numbers outside what an IBM double holds", name, "", expected, bad)


def _of_text(variable: VariableSpec, column: Text) -> Iterator[Fault]:
    used = np.zeros(len(column.values), np.bool_)
    used[column.used()] = True
    sizes = value_widths(column)
    ascii_ok, control = _characters(column.values)

    def fault(
        code: str, bad: Mask, reason: str, expected: str = "", detail: Callable[[str], str] | str = ""
    ) -> Iterator[Fault]:
        if (bad & used).any():
            rows = np.flatnonzero(column.hits(bad & used))
            yield Fault(code, reason, variable.name, "", expected, rows, detail)

    yield from fault(TOO_LONG, sizes > LIMIT, f"text over {LIMIT} bytes", f"at most {LIMIT} bytes", _bytes)
    yield from fault(NOT_ASCII, ~ascii_ok, "text that is not ASCII", "ASCII characters", _foreign)
    yield from fault(CONTROL, control, "control characters", "printable characters", _controls)
    blank = pc.ends_with(column.values, " ").to_numpy(zero_copy_only=False)
    yield from fault(TRAILING, blank, "blanks at the end of text", "text without blanks at its end")
    if variable.length is not None:
        long = (sizes > variable.length) & (sizes <= LIMIT)
        expected = f"at most {variable.length} bytes"
        yield from fault(DECLARED, long, "text longer than its declared length", expected, _bytes)


def _characters(values: Any) -> tuple[Mask, Mask]:
    """Per distinct value: whether it is all ASCII, and whether a control character is in it."""
    n = len(values)
    if n == 0 or _printable(values):
        return np.ones(n, np.bool_), np.zeros(n, np.bool_)
    ascii_ok = pc.string_is_ascii(values).to_numpy(zero_copy_only=False)
    control = pc.match_substring_regex(values, r"[\x00-\x1f\x7f]").to_numpy(zero_copy_only=False)
    return ascii_ok, control


def _printable(values: Any) -> bool:
    _, offsets, data = values.cast(pa.string()).buffers()
    if data is None:
        return True
    ends = np.frombuffer(offsets, np.int32)[values.offset : values.offset + len(values) + 1]
    held: npt.NDArray[np.uint8] = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]
    return bool(held.min(initial=32) >= 32 and held.max(initial=126) <= 126)


def _bytes(value: str) -> str:
    return f"{len(value.encode())} bytes"


def _foreign(value: str) -> str:
    found = sorted({c for c in value if not c.isascii()})
    return ", ".join(f"U+{ord(c):04X}" for c in found)


def _controls(value: str) -> str:
    found = sorted({c for c in value if c < " " or c == "\x7f"})
    return ", ".join(f"0x{ord(c):02X}" for c in found)


def _label_reasons(label: str) -> Iterator[str]:
    if len(label.encode()) > 40:
        yield f"has {len(label.encode())} bytes; 40 fit"
    if not label.isascii():
        yield f"is not ASCII: {_foreign(label)}"
    if _controls(label):
        yield f"holds control characters: {_controls(label)}"


def _ends_blank(domain: Domain) -> bool:
    """Whether the last record is blanks alone in a record so short that padding could hide it."""
    if any(not isinstance(c, Text) or c.cell(len(c) - 1).strip(" ") for c in domain.columns.values()):
        return False
    texts = [c for c in domain.columns.values() if isinstance(c, Text)]
    return sum(int(value_widths(c)[c.used()].max(initial=1)) for c in texts) < RECORD


def _as_findings(domain: Domain, fault: Fault) -> Any:
    names = (fault.variable,) if fault.variable else ()
    if fault.rows is None:
        return findings(
            fault.code,
            1,
            dataset=domain.name,
            variables=names,
            values=(fault.value,) if names else (),
            expected=fault.expected or None,
            detail=fault.detail if isinstance(fault.detail, str) and fault.detail else fault.reason,
        )
    cells = _cells(domain.columns[fault.variable], fault.rows) if fault.variable else None
    per_cell = cells.map(fault.detail) if cells is not None and callable(fault.detail) else None
    return findings(
        fault.code,
        len(fault.rows),
        dataset=domain.name,
        record=pa.array(np.asarray(fault.rows, np.int64) + 1, pa.int32()),
        usubjid=_subject(domain, fault.rows),
        seq=_sequence(domain, fault.rows),
        variables=names,
        values=(cells,) if cells is not None else (),
        expected=fault.expected or None,
        detail=per_cell if per_cell is not None else fault.reason,
    )


def _cells(column: Column, rows: Index) -> Text:
    if isinstance(column, Text):
        return column.take(rows).compact()
    distinct, codes = np.unique(column[rows], return_inverse=True)
    return Text.empty(0).recoded(codes.astype(np.int32), [repr(number) for number in distinct.tolist()])


def _subject(domain: Domain, rows: Index) -> Text | None:
    column = domain.columns.get("USUBJID")
    return column.take(rows) if isinstance(column, Text) else None


def _sequence(domain: Domain, rows: Index) -> Any:
    column = domain.columns.get(f"{domain.name}SEQ")
    if column is None or isinstance(column, Text):
        return None
    cells = column[rows]
    fits = np.isfinite(cells) & (cells == np.floor(cells)) & (np.abs(cells) < 2**31)
    return pa.array(np.where(fits, cells, 0), pa.int32(), mask=~fits) if len(cells) else None
