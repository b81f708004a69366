"""What Pandera raised, as findings: one per rule, record and variable at fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pandera.errors import SchemaErrorReason

from sdtm_mapper.model.columns import Text, as_text, take
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.finding import all_findings, findings
from validation import codes
from validation.by_test import Spanning, WrongKindError
from validation.schema import Plan, repeated


@dataclass(frozen=True)
class Adapted:
    """Findings of one dataset, and what could not be judged."""

    findings: Any  # pa.Table of FINDING_SCHEMA
    skipped: tuple[tuple[str, str], ...]  # (rule, why it could not run on a variable)
    errors: tuple[tuple[str, str], ...]  # (rule, what its check raised)


def adapt(domain: Domain, frame: pd.DataFrame, plan: Plan, raised: Any) -> Adapted:
    """Turn Pandera's `SchemaErrors` into findings.

    The work grows with the number of failing cells: a check's whole answer is read as an array, and
    Pandera's own table of failure cases is not.
    """
    tables: list[Any] = []
    skipped: list[tuple[str, str]] = []
    errors: list[tuple[str, str]] = []
    for fault in raised.schema_errors:
        code = _code(fault)
        if fault.reason_code is SchemaErrorReason.CHECK_ERROR:
            message = str(fault.failure_cases)
            if WrongKindError.__name__ in message:
                names = fault.check.description or fault.schema.name
                skipped.append((code, f"{names}: the column is not of the declared type"))
            else:
                errors.append((code, message))
            continue
        try:
            tables.append(_table(domain, frame, plan, code, fault))
        except Exception as defect:
            errors.append((code, f"{type(defect).__name__}: {defect}"))
    return Adapted(all_findings(tables), tuple(skipped), tuple(errors))


def _code(fault: Any) -> str:
    if fault.reason_code is SchemaErrorReason.COLUMN_NOT_IN_DATAFRAME:
        column = fault.schema.columns[str(fault.failure_cases)]
        return str((column.metadata or {}).get("absent", codes.REQUIRED_ABSENT))
    return str(fault.check.name)


def _table(domain: Domain, frame: pd.DataFrame, plan: Plan, code: str, fault: Any) -> Any:
    if fault.reason_code is SchemaErrorReason.COLUMN_NOT_IN_DATAFRAME:
        return findings(code, 1, dataset=domain.name, variables=(str(fault.failure_cases),))
    if code in plan.relations:
        return _repeats(domain, frame, code, plan.relations[code])
    if one := next((s for s in plan.spanning if (s.code, s.name) == (code, fault.check.description)), None):
        return _spanning(domain, frame, one)
    name = str(fault.schema.name)
    if code == codes.WRONG_TYPE:
        held = "text" if isinstance(domain.columns[name], Text) else "numbers"
        expected = plan.expected.get((code, name), "")
        return findings(code, 1, dataset=domain.name, variables=(name,), expected=expected, detail=held)
    return _cells(domain, plan, code, name, np.flatnonzero(~np.asarray(fault.check_output)))


def _cells(domain: Domain, plan: Plan, code: str, name: str, rows: npt.NDArray[np.intp]) -> Any:
    cells = as_text(take(domain.columns[name], rows))
    expected: Any = plan.expected.get((code, name), "") or None
    detail: Any = None
    if code == codes.OTHER_SPELLING:
        expected = cells.map(plan.published[name])
    if code in (codes.OVER_DECLARED, codes.OVER_200):
        detail = cells.map(lambda text: str(len(text.encode("utf-8"))))
    return findings(
        code,
        len(rows),
        dataset=domain.name,
        record=_numbers(rows + 1),
        variables=(name,),
        values=(cells,),
        expected=expected,
        detail=detail,
    )


def _repeats(domain: Domain, frame: pd.DataFrame, code: str, names: tuple[str, ...]) -> Any:
    """The second and further records of each group; the detail names the first."""
    again, first = repeated(frame, names)
    rows = np.flatnonzero(again)
    return findings(
        code,
        len(rows),
        dataset=domain.name,
        record=_numbers(rows + 1),
        variables=names,
        values=tuple(as_text(take(domain.columns[n], rows)) for n in names),
        detail=[str(r) for r in (first[rows] + 1).tolist()],
    )


def _spanning(domain: Domain, frame: pd.DataFrame, check: Spanning) -> Any:
    found = check.find(frame)
    return findings(
        check.code,
        len(found.rows),
        dataset=domain.name,
        record=_numbers(found.rows + 1),
        variables=check.variables,
        values=tuple(as_text(take(domain.columns[n], found.rows)) for n in check.variables),
        expected=list(found.expected),
        detail=list(found.detail),
    )


def _numbers(values: npt.NDArray[np.intp]) -> Any:
    return pa.array(values.astype(np.int32))
