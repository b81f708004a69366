"""The ledger: an account of every raw row and every raw column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sdtm_mapper.mapping.built import Built
from sdtm_mapper.mapping.forms import Form, Forms
from sdtm_mapper.model.domain import ColumnAccount, FileAccount, Ledger, RowAccount, RowStatus
from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.raw import RawFile
from sdtm_mapper.model.study import Study

UNUSED = "no domain of the study uses this form"
KEPT = "became records"
LOOKED_UP = "looked up for records of another form"


REPEATED = "says the same as {}"


def make_ledger(
    study: Study, forms: Forms, files: Sequence[RawFile], built: Sequence[Built], file_of: Mapping[str, Any]
) -> tuple[Ledger, Any]:
    """Account for every row and column; what has no account is a finding.

    LED001: a filled column without use or reason. LED002: a file whose kept, excluded and rejected rows
    are not the independent count. LED003: a form that no domain uses.
    """
    uses = _uses(study, forms, built)
    rows = tuple(
        _rows(study, form, built, file_of[name], uses) for name, form in sorted(forms.by_name.items())
    )
    columns = tuple(c for name, form in sorted(forms.by_name.items()) for c in _columns(study, form, uses))
    balance = _balance(files, rows)
    ledger = Ledger(tuple(f.path for f in files), rows, columns, balance)
    return ledger, _findings(ledger)


def _uses(study: Study, forms: Forms, built: Sequence[Built]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], dict[str, None]] = {}

    def use(form: str, column: str, what: str) -> None:
        found.setdefault((form, column), {})[what] = None

    for domain in built:
        for name, branches in domain.lineage.items():
            for lineage in branches:
                for source in lineage.columns:
                    of_form, _, column = source.partition(".")
                    use(of_form, column, f"{domain.spec.name}.{name}")
        for of_form, column, what in sorted(domain.read):
            if what != "?":
                use(of_form, column, what)
    for name, form in forms.by_name.items():
        for spec in form.raw.specs:
            named = ((spec.subject, "subject"), (spec.site_column, "site"), (spec.cutoff, "cut-off"))
            keys = (*((c, "key") for c in spec.row_key), *((c, "deleted rows") for c in spec.deleted))
            for read, what in (*named, *keys):
                if read:
                    use(name, read, what)
        if study.aliases is not None and study.aliases.form == name:
            use(name, study.aliases.subject, "subject")
            if study.aliases.site:
                use(name, study.aliases.site, "site")
        _spread(name, form, found)
    return {k: list(v) for k, v in found.items()}


def _spread(name: str, form: Form, found: dict[tuple[str, str], dict[str, None]]) -> None:
    """What is read of a column is read of those that it repeats, and of those that these repeat."""
    reach = list(form.raw.derived.items())
    while reach:
        again = []
        for column, sources in reach:
            uses = found.get((name, column), {})
            new = [s for s in sources if not uses.keys() <= found.get((name, s), {}).keys()]
            for source in new:
                found.setdefault((name, source), {}).update(uses)
            again += [(s, form.raw.derived[s]) for s in new if s in form.raw.derived]
        reach = again


def _reason(study: Study, form: str, column: str) -> str:
    """Why a column is not submitted, as the study or one of its domains says."""
    tables = (study.not_submitted, *(d.not_submitted for d in study.domains))
    return next((t[f"{form}.{column}"] for t in tables if f"{form}.{column}" in t), "")


def _reason_in_files(form: Form, column: str, cells: npt.NDArray[np.bool_]) -> str:
    """Why a column is not submitted, as the form says at all places whose files hold it; '' where one is silent."""
    raw = form.raw
    filled = np.bincount(raw.file[cells], minlength=len(raw.files))
    reasons = [spec.not_submitted.get(column, "") for spec, n in zip(raw.specs, filled, strict=True) if n]
    return "; ".join(dict.fromkeys(reasons)) if all(reasons) else ""


def _repeated_by(study: Study, form: Form, column: str) -> tuple[str, ...]:
    """Columns that repeat a column and are not submitted for a declared reason: it is the column's, too."""
    there = form.raw.columns
    return tuple(
        name
        for name, sources in form.raw.derived.items()
        if column in sources and name in there
        if _reason(study, form.name, name) or _reason_in_files(form, name, there[name].codes >= 0)
    )


def _rows(
    study: Study, form: Form, built: Sequence[Built], file_of: Any, uses: Mapping[tuple[str, str], list[str]]
) -> RowAccount:
    n = len(form.raw)
    counts = np.zeros(n, np.int32)
    looked = np.zeros(n, np.bool_)
    reasons: list[tuple[RowStatus, str]] = [("kept", KEPT), ("kept", LOOKED_UP)]
    judged: list[tuple[RowStatus, str, npt.NDArray[np.bool_]]] = [(s, r, m) for s, r, m in form.excluded]  # type: ignore[misc]
    used = False
    for domain in built:
        for i, name in enumerate(domain.forms):
            if name == form.name:
                used = True
                counts += np.bincount(domain.rows[domain.block == i], minlength=n).astype(np.int32)
        if form.name in domain.looked_up:
            used = True
            looked |= domain.looked_up[form.name]
        judged += [("excluded", reason, mask) for reason, mask in domain.excluded.get(form.name, ())]
    if study.aliases is not None and study.aliases.form == form.name:
        used = True
        looked |= form.alive
    values = {w for (f, _), what in uses.items() if f == form.name for w in what if "." in w}
    if values and not used:
        judged.append(("kept", f"looked up for {', '.join(sorted(values))}", form.alive))
    elif values:
        looked |= form.alive & (counts == 0) & _looked_over(form, built)
    reason = np.full(n, -1, np.int16)
    reason[looked] = 1
    reason[counts > 0] = 0
    for status, text, mask in judged:
        at = (reason < 0) & mask
        if at.any():
            reasons.append((status, text))
            reason[at] = len(reasons) - 1
    rest = reason < 0
    if rest.any():
        declared = _reason(study, form.name, "*")
        reasons.append(("excluded", declared or (UNUSED if not used else "no record looks it up")))
        reason[rest] = len(reasons) - 1
    account = RowAccount(
        form.name, file_of[form.raw.file].astype(np.int32), form.raw.record, reason, counts, tuple(reasons)
    )
    return _with_left_out(account, form, file_of)


def _with_left_out(account: RowAccount, form: Form, file_of: Any) -> RowAccount:
    """The account with the rows that the reader left out on purpose, behind the form's own."""
    reasons = list(account.reasons)
    parts = []
    for i, file in enumerate(form.raw.files):
        for why, records in file.excluded:
            if ("excluded", why) not in reasons:
                reasons.append(("excluded", why))
            parts.append((i, reasons.index(("excluded", why)), np.array(records, np.int32)))
    if not parts:
        return account
    sizes = [len(records) for *_, records in parts]
    more = int(sum(sizes))
    return RowAccount(
        account.form,
        np.concatenate([account.file, file_of[np.repeat([i for i, *_ in parts], sizes)].astype(np.int32)]),
        np.concatenate([account.record, *(records for *_, records in parts)]),
        np.concatenate([account.reason, np.repeat([r for _, r, _ in parts], sizes).astype(np.int16)]),
        np.concatenate([account.records, np.zeros(more, np.int32)]),
        tuple(reasons),
    )


def _looked_over(form: Form, built: Sequence[Built]) -> npt.NDArray[np.bool_]:
    """Rows of a form whose columns first, last, min or max read: they were looked at, all of them."""
    read = any(
        v.verb in ("first", "last", "min", "max") and any(c.startswith(f"{form.name}.") for c in v.columns)
        for b in built
        for branches in b.lineage.values()
        for v in branches
    )
    return np.full(len(form.raw), read)


def _columns(study: Study, form: Form, uses: Mapping[tuple[str, str], list[str]]) -> list[ColumnAccount]:
    out = []
    for name, filled in form.raw.identifiers.items():
        out.append(ColumnAccount(form.name, name, filled, ("identifier: never leaves the reader",), "", True))
    for name, (filled, why) in form.raw.withheld.items():
        out.append(ColumnAccount(form.name, name, filled, (), why, True))
    for name, column in form.raw.columns.items():
        given = [i for i, f in enumerate(form.raw.files) if name in f.constants]
        if given and len(given) == len(form.raw.files):
            continue  # the spec's own text: no file has this column
        cells = (column.codes >= 0) & ~np.isin(form.raw.file, given)
        filled = int(np.count_nonzero(cells))
        what = tuple(uses.get((form.name, name), ()))
        reason = "" if what else _reason(study, form.name, name) or _reason(study, form.name, "*")
        if not what and not reason:
            reason = _reason_in_files(form, name, cells)
        repeats = form.raw.derived.get(name, ()) or _repeated_by(study, form, name)
        if repeats and not what and not reason:
            reason = REPEATED.format(", ".join(repeats))
        known = bool(what or reason or not filled)
        as_delivered = form.raw.delivered_as(name)
        out.append(ColumnAccount(form.name, name, filled, what, reason, known, as_delivered))
    return out


def _balance(files: Sequence[RawFile], rows: Sequence[RowAccount]) -> tuple[FileAccount, ...]:
    totals = {s: np.zeros(len(files), np.int64) for s in ("kept", "excluded", "rejected")}
    for account in rows:
        for i, (status, _) in enumerate(account.reasons):
            at = account.file[account.reason == i]
            totals[status] += np.bincount(at, minlength=len(files))
    return tuple(
        FileAccount(
            f.path,
            f.form or "",
            f.records,
            int(totals["kept"][i]),
            int(totals["excluded"][i]),
            int(totals["rejected"][i]) + len(f.rejected),
        )
        for i, f in enumerate(files)
        if f.form is not None and f.readable
    )


def _filled(account: ColumnAccount) -> str:
    as_delivered = f", delivered as {', '.join(account.delivered)}" if account.delivered else ""
    return f"{account.filled} filled cells{as_delivered}"


def _findings(ledger: Ledger) -> Any:
    tables = []
    lost = [c for c in ledger.columns if not c.accounted]
    if lost:
        tables.append(
            findings(
                "LED001",
                n=len(lost),
                raw_column=[f"{c.form}.{c.column}" for c in lost],
                detail=[_filled(c) for c in lost],
                spec_file="sources.yaml",
            )
        )
    for account in ledger.balance:
        if not account.balanced:
            made = account.kept + account.excluded + account.rejected
            tables.append(
                findings("LED002", raw_file=account.file, expected=str(account.counted), detail=str(made))
            )
    for rows in ledger.rows:
        if any(reason == UNUSED for _, reason in rows.reasons):
            tables.append(findings("LED003", detail=rows.form, spec_file="sources.yaml"))
    return all_findings(tables)
