"""Findings made whole: what each is about, where it came from, and whether it is new."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.model.columns import Text, as_text, take
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.finding import FINDING_SCHEMA, SEVERITIES, Rule, all_findings
from sdtm_mapper.model.raw import RawFile
from sdtm_mapper.model.study import DomainSpec, Study
from sdtm_mapper.pipeline.delivered import as_delivered
from sdtm_mapper.pipeline.finding_origins import origins
from sdtm_mapper.report.message import render_message

__all__ = ["apply_baseline", "complete", "natural_keys", "render_message", "with_more", "worst"]

_UNIT, _PART = "\x1f", "\x1e"  # separators that no SDTM text holds
_FILLED = ("usubjid", "seq", "keys", "raw_file", "raw_record", "raw_column", "spec_file", "spec_line")

Rows = npt.NDArray[np.int64]


def complete(
    findings: Any,
    domains: Sequence[Domain],
    study: Study | None,
    rules: Mapping[str, Rule],
    files: Iterable[RawFile] = (),
) -> Any:
    """Fill in what is null: severity, owner, authority, subject, keys, raw and spec position, site.

    Sets fingerprint and status, and sorts. Fields that a stage has given are left as they are; status
    `waived` stays. The result depends on the set of findings only, not on their order.
    """
    findings = findings.combine_chunks()
    filled = _by_rule(findings, rules)
    filled = _by_dataset(filled, domains, study)
    files = tuple(files)
    filled = as_delivered(_with_site(filled, domains, files), files)
    filled = filled.take(_order(filled))
    filled = _set(filled, "fingerprint", pa.array(_fingerprints(filled), pa.string()))
    return _set(filled, "status", pc.coalesce(filled["status"], pa.scalar("new"))).combine_chunks()


def apply_baseline(findings: Any, baseline: Any) -> Any:
    """Mark findings as known or new against an earlier run's, and add those that are gone.

    Both are complete tables of FINDING_SCHEMA; rows of the baseline that were gone already are passed
    over. A waived finding stays waived.
    """
    baseline = baseline.filter(pc.not_equal(pc.fill_null(baseline["status"], "new"), "gone"))
    known = pc.is_in(findings["fingerprint"], value_set=_flat(baseline["fingerprint"]))
    status = pc.if_else(known, "known", "new")
    status = pc.if_else(pc.equal(pc.fill_null(findings["status"], "new"), "waived"), "waived", status)
    marked = _set(findings, "status", status)
    gone = baseline.filter(
        pc.invert(pc.is_in(baseline["fingerprint"], value_set=_flat(findings["fingerprint"])))
    )
    gone = _set(gone, "status", pa.repeat(pa.scalar("gone"), gone.num_rows))
    whole = all_findings([marked, gone])
    return whole.take(_order(whole))


def with_more(findings: Any, more: Any) -> Any:
    """Complete findings with further ones, in the order of a report."""
    if not more.num_rows:
        return findings
    whole = all_findings([findings, more])
    return whole.take(_order(whole))


def worst(findings: Any, fail_on: str) -> bool:
    """Whether a new finding is at or above a severity; `never` is above all.

    Known, gone and waived findings don't count.
    """
    if fail_on == "never":
        return False
    grave = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    new = pc.equal(pc.fill_null(findings["status"], "new"), "new")
    return bool(pc.any(pc.and_(new, pc.is_in(findings["severity"], value_set=pa.array(grave)))).as_py())


def natural_keys(domain: Domain, rows: Rows, others: Mapping[str, Domain] | None = None) -> Any:
    """The natural keys of records as `NAME=value` joined by `|`; null for a negative row.

    Sequence variables are left out. A record that points at a parent's sequence (IDVAR is AESEQ, say) has the
    parent's natural keys instead, where `others` has the parent.
    """
    names = [n for n in domain.spec.keys if n in domain.columns and not _is_sequence(n)]
    parts = {n: _named(n, as_text(take(domain.columns[n], rows))) for n in names}
    if {"IDVAR", "IDVARVAL"} <= domain.columns.keys():
        _through_parent(domain, rows, others or {}, parts)
    if not parts:
        return pa.nulls(len(rows), pa.string())
    joined = pc.binary_join_element_wise(*parts.values(), "|", null_handling="skip")
    return pc.if_else(pa.array(rows >= 0), joined, pa.scalar(None, pa.string()))


def _is_sequence(name: str) -> bool:
    return name.endswith("SEQ")


def _named(name: str, column: Text) -> Any:
    """`NAME=value` per record, spelled once per distinct value."""
    values = pa.array(
        [f"{name}={v}" for v in column.compact().values.to_pylist()] + [f"{name}="], pa.string()
    )
    codes = column.compact().codes
    return values.take(pa.array(np.where(codes < 0, len(values) - 1, codes)))


def _through_parent(domain: Domain, rows: Rows, others: Mapping[str, Domain], parts: dict[str, Any]) -> None:
    """Replace IDVAR and IDVARVAL by the parent's keys on records that point at a sequence."""
    idvar, value = (take(domain.columns[n], rows) for n in ("IDVAR", "IDVARVAL"))
    idvar, value = as_text(idvar), as_text(value)
    by_sequence = idvar.hits([_is_sequence(v) for v in idvar.values.to_pylist()])
    if not by_sequence.any():
        return
    keep = pa.array(~by_sequence)
    for name in ("IDVAR", "IDVARVAL"):
        if name in parts:
            parts[name] = pc.if_else(keep, parts[name], pa.scalar(None, pa.string()))
    if "RDOMAIN" not in domain.columns or "USUBJID" not in domain.columns:
        return
    rdomain, subject = (as_text(take(domain.columns[n], rows)) for n in ("RDOMAIN", "USUBJID"))
    parents = pa.nulls(len(rows), pa.string())
    for name in rdomain.distinct():
        if parent := others.get(name):
            mine = by_sequence & rdomain.equals(name)
            parents = pc.coalesce(parents, _parent_keys(parent, mine, subject, value, others))
    if "USUBJID" in parts:  # the parent's keys name the subject too
        parts["USUBJID"] = pc.if_else(parents.is_valid(), pa.scalar(None, pa.string()), parts["USUBJID"])
    own = dict(parts)
    parts.clear()
    parts.update({"(parent)": parents, **own})


def _parent_keys(
    parent: Domain, mine: npt.NDArray[np.bool_], subject: Text, value: Text, others: Mapping[str, Domain]
) -> Any:
    seq = f"{parent.name[:2]}SEQ"
    if seq not in parent.columns or "USUBJID" not in parent.columns:
        return pa.nulls(len(mine), pa.string())
    theirs = np.flatnonzero(parent.text("USUBJID").isin(subject.where(mine).distinct()))
    at = (as_text(take(parent.columns[n], theirs)).arrow() for n in ("USUBJID", seq))
    index = pc.binary_join_element_wise(*at, _UNIT)
    wanted = pc.binary_join_element_wise(subject.where(mine).arrow(), value.arrow(), _UNIT)
    hit = pc.fill_null(pc.index_in(wanted, value_set=index), -1).to_numpy(zero_copy_only=False)
    hit = np.where(mine, hit, -1)
    rows = np.where(hit < 0, -1, theirs[np.maximum(hit, 0)] if len(theirs) else -1)
    parent_only = {n: d for n, d in others.items() if n != parent.name}
    return natural_keys(parent, rows, parent_only)


def _by_rule(table: Any, rules: Mapping[str, Rule]) -> Any:
    """Severity, owner and authority from the rule's file; an error of the mapping where there is no file."""
    rule = Text.from_arrow(table["rule"])
    codes = pa.array(rule.codes)
    found = [rules.get(c) for c in rule.values.to_pylist()]
    severity = pa.array([r.severity if r else "error" for r in found], pa.string()).take(codes)
    owner = pa.array([r.owner if r else "mapping" for r in found], pa.string()).take(codes)
    authority = pa.array([list(r.authority) if r else [] for r in found], pa.list_(pa.string())).take(codes)
    table = _set(table, "severity", pc.coalesce(table["severity"], severity))
    table = _set(table, "owner", pc.coalesce(table["owner"], owner))
    own = _flat(table["authority"])
    return _set(table, "authority", pc.if_else(own.is_valid(), own, authority))


def _by_dataset(table: Any, domains: Sequence[Domain], study: Study | None) -> Any:
    """Fill in subject, sequence, keys, raw and spec position, one dataset at a time."""
    by_name = {d.name: d for d in domains}
    specs = study.by_name if study is not None else {}
    dataset = Text.from_arrow(table["dataset"])
    names = [*dataset.values.to_pylist(), ""]
    record = pc.fill_null(table["record"], 0).to_numpy().astype(np.int64) - 1
    variable = _first_of(_flat(table["variables"]))
    order, pieces = [], []
    for code in np.unique(dataset.codes):
        at = np.flatnonzero(dataset.codes == code)
        domain, spec = by_name.get(names[code]), specs.get(names[code])
        order.append(at)
        pieces.append(_piece(domain, spec, record[at], variable.take(at), by_name))
    if not pieces:
        return table
    back = np.argsort(np.concatenate(order), kind="stable")
    whole = pa.concat_tables(pieces).take(pa.array(back))
    for group, given in (
        (("usubjid",), "usubjid"),
        (("seq",), "seq"),
        (("keys",), "keys"),
        (("raw_file", "raw_record", "raw_column"), "raw_file"),
        (("spec_file", "spec_line"), "spec_file"),
    ):
        own = table[given].is_valid()
        for name in group:  # a position is given whole by a stage, or traced whole; a column may stand alone
            table = _set(table, name, pc.if_else(own, table[name], pc.coalesce(whole[name], table[name])))
    return table


def _piece(
    domain: Domain | None, spec: DomainSpec | None, record: Rows, variable: Text, others: Mapping[str, Domain]
) -> Any:
    n = len(record)
    rows = np.where(record < (len(domain) if domain is not None else 0), record, -1)
    found = origins(domain, spec, rows, variable)
    usubjid, seq, keys = Text.empty(n).arrow(), pa.nulls(n, pa.int32()), pa.nulls(n, pa.string())
    if domain is not None:
        if "USUBJID" in domain.columns:
            usubjid = as_text(take(domain.columns["USUBJID"], rows)).arrow()
        seq = _sequence(domain, rows)
        keys = natural_keys(domain, rows, others)
    position = (_integers(found.raw_record), found.raw_column.arrow(), found.spec_file.arrow())
    cells = (usubjid, seq, keys, found.raw_file.arrow(), *position, _integers(found.spec_line))
    return pa.table([_flat(c) for c in cells], schema=pa.schema([FINDING_SCHEMA.field(n) for n in _FILLED]))


def _sequence(domain: Domain, rows: Rows) -> Any:
    column = domain.columns.get(f"{domain.name[:2]}SEQ")
    if column is None or isinstance(column, Text):
        return pa.nulls(len(rows), pa.int32())
    numbers = np.where(rows < 0, np.nan, column[rows]) if len(column) else np.full(len(rows), np.nan)
    with np.errstate(invalid="ignore"):
        fits = (numbers == np.floor(numbers)) & (np.abs(numbers) < 2**31)
    return pa.array(np.where(fits, numbers, 0).astype(np.int32), mask=~fits)


def _integers(values: npt.NDArray[np.int32]) -> Any:
    return pa.array(values, pa.int32(), mask=values < 0)


def _with_site(table: Any, domains: Sequence[Domain], files: Iterable[RawFile]) -> Any:
    """The site: DM.SITEID of the subject, else the site of the raw file."""
    site = table["site"]
    dm = next((d for d in domains if d.name == "DM"), None)
    if dm is not None and {"USUBJID", "SITEID"} <= dm.columns.keys():
        site = pc.coalesce(
            site, _look_up(table["usubjid"], dm.text("USUBJID").arrow(), dm.text("SITEID").arrow())
        )
    known = sorted({(f.path, f.site) for f in files if f.site})
    paths, sites = (pa.array([pair[i] for pair in known], pa.string()) for i in (0, 1))
    return _set(table, "site", pc.coalesce(site, _look_up(table["raw_file"], paths, sites)))


def _look_up(wanted: Any, keys: Any, values: Any) -> Any:
    at = pc.index_in(wanted, value_set=keys, skip_nulls=True)
    return values.take(_flat(at))


def _fingerprints(table: Any) -> list[str]:
    """SHA-256 (32 hexadecimal digits) of what each finding says.

    Of a finding on a record: rule, dataset, natural keys, variables and values. Where there are no keys,
    subject, raw file and raw column stand for them. Never a sequence or row number. Findings that say the
    same are counted: the second has ordinal 1, and so on.
    """
    no_keys = table["keys"].is_null()
    instead = [pc.if_else(no_keys, table[n], "") for n in ("usubjid", "raw_file", "raw_column")]
    lists = [pc.binary_join(_flat(table[n]), _PART) for n in ("variables", "values")]
    parts = [table["rule"], table["dataset"], table["keys"], *instead, *lists]
    content = pc.binary_join_element_wise(*(pc.fill_null(p, "") for p in parts), _UNIT)
    text = Text.from_arrow(content)
    order = np.argsort(text.codes, kind="stable")
    starts = np.flatnonzero(np.diff(text.codes[order], prepend=-2))
    ordinal = np.empty(len(order), np.int64)
    ordinal[order] = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    bases = [v.encode("utf-8") for v in text.values.to_pylist()]
    sha = hashlib.sha256
    return [
        sha(bases[c] + f"{_UNIT}{o}".encode() if o else bases[c]).hexdigest()[:32]
        for c, o in zip(text.codes.tolist(), ordinal.tolist(), strict=True)
    ]


def _order(table: Any) -> Any:
    """The order of a report: gravest first, then rule, dataset, subject, keys and raw position."""
    rank = pc.index_in(table["severity"], value_set=pa.array(SEVERITIES))
    lists = {n: pc.binary_join(_flat(table[n]), _PART) for n in ("variables", "values")}
    plain = ("rule", "dataset", "usubjid", "keys", "raw_file", "raw_record")
    last = ("detail", "expected", "record", "raw_column", "spec_file", "spec_line", "fingerprint")
    columns = {"rank": rank, **{n: table[n] for n in plain}, **lists, **{n: table[n] for n in last}}
    return pc.sort_indices(pa.table(columns), sort_keys=[(n, "ascending") for n in columns])


def _first_of(lists: Any) -> Text:
    """The first member of each list, empty where there is none."""
    offsets = lists.offsets.to_numpy()
    sizes = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    return Text.from_arrow(lists.values).take(np.where(sizes > 0, offsets[:-1], -1))


def _set(table: Any, name: str, column: Any) -> Any:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(at), column)


def _flat(array: Any) -> Any:
    if isinstance(array, pa.ChunkedArray):
        return array.combine_chunks()
    return array
