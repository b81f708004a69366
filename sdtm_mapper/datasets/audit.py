"""Lineage and ledger as tables, small enough to go with the package, and lineage back from its file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain, Ledger, Lineage, RecordLineage, RowAccount, VariableLineage
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import DomainSpec, SpecRef

_KEY = b"sdtm-mapper-lineage"

VARIABLES_SCHEMA = pa.schema(
    [
        ("dataset", pa.string()),
        ("variable", pa.string()),
        ("branch", pa.int16()),  # from 0; the byte in the lineage's column of this variable
        ("verb", pa.string()),
        ("condition", pa.string()),  # as the spec wrote it; '' where the branch has none
        ("columns", pa.list_(pa.string())),  # FORM.COLUMN
        ("variables", pa.list_(pa.string())),  # DOMAIN.VARIABLE
        ("spec_file", pa.string()),
        ("spec_line", pa.int32()),
        ("spec_column", pa.int32()),
    ]
)


def lineage_table(domain: Domain) -> Any:
    """One row for each record of a dataset, in its order: which raw rows it came from, and how.

    Columns: `block` (the records block), `file_0`, `record_0` (the form that made the record; file is a
    position in the metadata's list of files, record counts the header as 1), `file_1`, `record_1` ...
    (joined forms; -1 where there is none), `branch_NAME` (which branch filled the variable; 255: none),
    `item` (the raw column that unpivot read). The schema's metadata names dataset, files and forms, and the
    raw columns that each item of unpivot reads.
    """
    lineage = domain.lineage
    if lineage is None:
        raise ValueError(f"{domain.name} has no lineage")
    columns: dict[str, Any] = {"block": pa.array(lineage.block, pa.uint8())}
    for i, records in enumerate(lineage.records):
        columns[f"file_{i}"] = _small(records.file)
        columns[f"record_{i}"] = pa.array(records.record, pa.int32())
    for variable, branch in lineage.branches.items():
        columns[f"branch_{variable}"] = pa.array(branch)
    if lineage.item is not None:
        columns["item"] = lineage.item.dictionary()
    said = {
        "dataset": domain.name,
        "files": list(lineage.files),
        "forms": list(lineage.forms),
        "records": [r.form for r in lineage.records],
        "items": _items(domain.spec),
    }
    return pa.table(columns).replace_schema_metadata({_KEY: json.dumps(said, ensure_ascii=False)})


def _items(spec: DomainSpec) -> dict[str, list[str]]:
    """The raw columns that each item of unpivot reads, by the column that names the item."""
    items = [i for r in spec.records for i in r.unpivot]
    return {
        i.column: list(dict.fromkeys([i.column, *(c for c in i.fields.values() if not c.startswith("="))]))
        for i in items
    }


def variables_table(domains: Sequence[Domain]) -> Any:
    """One row for each branch of each variable: its raw columns, variables, verb and line of the spec."""
    return pa.Table.from_pylist(
        [
            {
                "dataset": domain.name,
                "variable": v.variable,
                "branch": v.branch,
                "verb": v.verb,
                "condition": _condition(domain.spec, v),
                "columns": list(v.columns),
                "variables": list(v.variables),
                "spec_file": v.ref.file,
                "spec_line": v.ref.line,
                "spec_column": v.ref.column,
            }
            for domain in domains
            if domain.lineage is not None
            for v in domain.lineage.variables
        ],
        schema=VARIABLES_SCHEMA,
    )


def _condition(spec: DomainSpec, lineage: VariableLineage) -> str:
    made = spec.by_name.get(lineage.variable) or next(
        (s.variable for s in spec.supplemental if s.variable.name == lineage.variable), None
    )
    if made is None or lineage.branch >= len(made.branches):
        return ""
    condition = made.branches[lineage.branch].condition
    return condition.text if condition else ""


def read_items(path: str | PathLike[str]) -> dict[str, tuple[str, ...]]:
    """The raw columns that each item of unpivot reads, as a lineage file says; empty without unpivot."""
    said = json.loads((pq.read_schema(path).metadata or {}).get(_KEY, b"{}"))
    return {item: tuple(columns) for item, columns in said.get("items", {}).items()}


def read_lineage(path: str | PathLike[str], variables: Any = None) -> Lineage:
    """A dataset's lineage from its Parquet file; with `variables_table`'s rows if that table is given.

    Raises UserError for a file that `lineage_table` did not make.
    """
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"{path}: the lineage cannot be read: {error}") from error
    said = json.loads((table.schema.metadata or {}).get(_KEY, b"null"))
    if said is None:
        raise UserError(
            f"{path}: this Parquet file holds no lineage. Name a file of a package's lineage folder."
        )
    names = table.column_names
    return Lineage(
        files=tuple(said["files"]),
        forms=tuple(said["forms"]),
        block=table["block"].to_numpy(),
        records=tuple(
            RecordLineage(
                form, table[f"file_{i}"].to_numpy().astype(np.int32), table[f"record_{i}"].to_numpy()
            )
            for i, form in enumerate(said["records"])
        ),
        variables=_variables(variables, said["dataset"]) if variables is not None else (),
        branches={n[7:]: table[n].to_numpy() for n in names if n.startswith("branch_")},
        item=Text.from_arrow(table["item"]) if "item" in names else None,
    )


def ledger_tables(ledger: Ledger) -> dict[str, Any]:
    """The ledger as three tables: 'rows' (a row for each raw record), 'columns' and 'files'."""
    return {
        "rows": _rows(ledger),
        "columns": pa.table(
            {
                "form": [c.form for c in ledger.columns],
                "column": [c.column for c in ledger.columns],
                "filled": pa.array([c.filled for c in ledger.columns], pa.int64()),
                "uses": pa.array([list(c.uses) for c in ledger.columns], pa.list_(pa.string())),
                "reason": pa.array([c.reason for c in ledger.columns], pa.string()),
                "accounted": pa.array([c.accounted for c in ledger.columns], pa.bool_()),
                "delivered": pa.array([list(c.delivered) for c in ledger.columns], pa.list_(pa.string())),
            },
            schema=_COLUMNS_SCHEMA,
        ),
        "files": pa.table(
            {
                **{name: [getattr(f, name) for f in ledger.balance] for name in _FILES_SCHEMA.names[:-1]},
                "balanced": [f.balanced for f in ledger.balance],
            },
            schema=_FILES_SCHEMA,
        ),
    }


_COLUMNS_SCHEMA = pa.schema(
    [
        ("form", pa.string()),
        ("column", pa.string()),
        ("filled", pa.int64()),
        ("uses", pa.list_(pa.string())),
        ("reason", pa.string()),
        ("accounted", pa.bool_()),
        ("delivered", pa.list_(pa.string())),  # what files call it, where that is another name
    ]
)
_FILES_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("form", pa.string()),
        ("counted", pa.int64()),
        ("kept", pa.int64()),
        ("excluded", pa.int64()),
        ("rejected", pa.int64()),
        ("balanced", pa.bool_()),
    ]
)
_TEXT = pa.dictionary(pa.int32(), pa.string())
_ROWS_SCHEMA = pa.schema(
    [
        ("form", _TEXT),
        ("file", _TEXT),
        ("record", pa.int32()),
        ("status", _TEXT),
        ("reason", _TEXT),
        ("records", pa.int32()),  # SDTM records that it became, over all datasets
    ]
)


def _rows(ledger: Ledger) -> Any:
    parts = [_account(account, ledger.files) for account in ledger.rows]
    return pa.concat_tables([_ROWS_SCHEMA.empty_table(), *parts]).unify_dictionaries().combine_chunks()


def _account(account: RowAccount, files: Sequence[str]) -> Any:
    n = len(account.record)
    return pa.table(
        {
            "form": _coded(np.zeros(n, np.int32), [account.form]),
            "file": _coded(account.file, files),
            "record": pa.array(account.record, pa.int32()),
            "status": _coded(account.reason, [status for status, _ in account.reasons]),
            "reason": _coded(account.reason, [why for _, why in account.reasons]),
            "records": pa.array(account.records, pa.int32()),
        },
        schema=_ROWS_SCHEMA,
    )


def _coded(codes: npt.NDArray[Any], values: Sequence[str]) -> Any:
    """Codes into values that may repeat (several reasons have one status), as an Arrow dictionary."""
    distinct = list(dict.fromkeys(values))
    table = np.array([distinct.index(v) for v in values], np.int32)
    indices = pa.array(table[codes] if len(codes) else np.zeros(0, np.int32))
    return pa.DictionaryArray.from_arrays(indices, pa.array(distinct, pa.string()))


def _small(codes: npt.NDArray[np.int32]) -> Any:
    """In 16 bits where they fit: Parquet then encodes the few distinct numbers in a few bits each."""
    return pa.array(codes, pa.int16() if codes.max(initial=0) < 2**15 else pa.int32())


def _variables(table: Any, dataset: str) -> tuple[VariableLineage, ...]:
    return tuple(
        VariableLineage(
            row["variable"],
            row["branch"],
            tuple(row["columns"]),
            tuple(row["variables"]),
            row["verb"],
            SpecRef(row["spec_file"], row["spec_line"], row["spec_column"]),
        )
        for row in table.to_pylist()
        if row["dataset"] == dataset
    )
