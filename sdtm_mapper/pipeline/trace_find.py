"""Which record of a package is meant; what is not there is told with the nearest name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import rapidfuzz.process

from sdtm_mapper.model.columns import Index, Text, as_text
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.pipeline.trace_files import Package, Traced

_LISTED = 12


@dataclass(frozen=True)
class Found:
    """A record, from 0, and the variable (None: all)."""

    dataset: str
    row: int
    variable: str | None


def is_supplemental(traced: Traced) -> bool:
    """Whether a dataset holds supplemental qualifiers."""
    return {"RDOMAIN", "IDVAR", "QNAM", "QVAL"} <= traced.data.columns.keys()


def find_record(
    package: Package, dataset: str, usubjid: str, variable: str | None, seq: int | None, record: int | None
) -> Found:
    """The one record that is meant. UserError where there is none or several, and for unknown names."""
    name = dataset.upper()
    if name not in package.names:
        raise UserError(
            f"{dataset}: there is no such dataset in {package.folder}.{_near(name, package.names)} "
            f"It holds {', '.join(package.names)}."
        )
    traced = package.dataset(name)
    wanted = variable.upper() if variable is not None else None
    qualifier = None
    if wanted is not None and wanted not in traced.data.columns:
        holder = _holder(package, traced, wanted)
        if holder is None:
            raise _no_variable(package, traced, wanted)
        name, traced, qualifier = holder.data.name, holder, wanted
        wanted = "QVAL"
    rows = _of_subject(traced, usubjid)
    if qualifier is not None:
        rows = rows[traced.text("QNAM").equals(qualifier)[rows]]
    rows = _by_number(traced, rows, seq, record)
    if len(rows) != 1:
        raise _not_one(traced, rows, usubjid, qualifier)
    return Found(name, int(rows[0]), wanted)


def _holder(package: Package, traced: Traced, qualifier: str) -> Traced | None:
    """The SUPP-- that has this QNAM: the dataset itself, or that beside it."""
    for name in (traced.data.name, f"SUPP{traced.data.name}"):
        if name in package.names:
            found = package.dataset(name)
            if is_supplemental(found) and qualifier in found.text("QNAM").distinct():
                return found
    return None


def _no_variable(package: Package, traced: Traced, name: str) -> UserError:
    if name in traced.branches:
        branch = traced.branches[name][0]
        return UserError(
            f"{name}: {branch.spec} makes it with {branch.verb}, but it is empty on all records, so "
            f"{traced.data.name} is without it."
        )
    known = [*traced.data.columns]
    beside = f"SUPP{traced.data.name}"
    if beside in package.names:
        known += package.dataset(beside).text("QNAM").distinct()
    return UserError(f"{name}: {traced.data.name} has no such variable.{_near(name, known)}")


def _of_subject(traced: Traced, usubjid: str) -> Index:
    if "USUBJID" not in traced.data.columns:
        if usubjid != "-":
            raise UserError(
                f"{traced.data.name} is not by subject: give - in the place of USUBJID, and --record or --seq."
            )
        return np.arange(len(traced.data))
    rows: Index = np.flatnonzero(traced.subjects.equals(usubjid))
    if not len(rows):
        known = sorted(traced.subjects.distinct())
        raise UserError(f"{usubjid}: the subject has no record in {traced.data.name}.{_near(usubjid, known)}")
    return rows


def _by_number(traced: Traced, rows: Index, seq: int | None, record: int | None) -> Index:
    if record is not None:
        rows = rows[rows == record - 1]
    if seq is not None:
        sequence = _sequences(traced)
        if sequence is None:
            raise UserError(f"{traced.data.name} has no sequence number: give --record in place of --seq.")
        rows = rows[sequence.equals(str(seq))[rows]]
    return rows


def _sequences(traced: Traced) -> Text | None:
    """--SEQ of each record; in SUPP-- that of the parent."""
    if is_supplemental(traced):
        by_sequence = traced.text("IDVAR")
        mask = by_sequence.hits([v.endswith("SEQ") for v in by_sequence.values.to_pylist()])
        return traced.text("IDVARVAL").where(mask)
    column = traced.data.columns.get(f"{traced.data.name[:2]}SEQ")
    return None if column is None else as_text(column)


def _not_one(traced: Traced, rows: Index, usubjid: str, qualifier: str | None) -> UserError:
    name = traced.data.name
    what = f"{name} of {usubjid}" + (f" with {qualifier}" if qualifier else "")
    everything = _of_subject(traced, usubjid)
    if qualifier is not None:
        everything = everything[traced.text("QNAM").equals(qualifier)[everything]]
    sequence = _sequences(traced)
    listed = rows if len(rows) else everything
    if sequence is not None and len(set(sequence.take(listed).strings())) == len(listed):
        choices = "--seq " + _some(sequence.take(listed).strings())
    else:
        choices = "--record " + _some([str(r + 1) for r in listed])
    if not len(everything):
        return UserError(f"{what}: there is no such record.")
    if not len(rows):
        return UserError(f"{what}: there is no record with that number. There are {choices}.")
    return UserError(f"{what}: {len(rows)} records. Name one: {choices}.")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _near(name: str, known: Iterable[str]) -> str:
    found = rapidfuzz.process.extractOne(name, list(known), score_cutoff=60)
    return f" Did you mean {found[0]}?" if found else ""
