"""A delivery against the last one: what vanished, what changed after the lock, what came too early."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sdtm_mapper.datasets.audit import read_lineage
from sdtm_mapper.model.domain import Domain, Ledger
from sdtm_mapper.model.finding import RuleResult, all_findings, findings
from sdtm_mapper.model.raw import RawFile
from sdtm_mapper.pipeline.diff import changed
from sdtm_mapper.pipeline.opened import keyed, open_package, paired, read_manifest
from sdtm_mapper.pipeline.package import LEDGER, LINEAGE

CODES = ("DLV001", "DLV002", "DLV003", "DLV004", "DLV005", "DLV006")
FEWER = 0.8  # of the last delivery's records: below, a file has far fewer
AT_LEAST = 5  # records fewer, so that a small file does not count
_DELETED = "deleted"  # reasons of rows that the site itself marks begin with it

Columns = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Delivered:
    """What is compared of a delivery. `deleted` are file and record of rows that the site marks as deleted."""

    domains: Mapping[str, Domain]
    said: Mapping[str, Any]  # extracted, locked, sha256
    files: Mapping[str, tuple[str, str, int]]  # path -> form, site, records
    columns: Columns
    deleted: frozenset[tuple[str, int]] = frozenset()


def delivered_now(
    domains: Iterable[Domain], said: Mapping[str, Any], files: Iterable[RawFile], ledger: Ledger
) -> Delivered:
    """The delivery of this run."""
    files = tuple(files)
    gone = ((f.path, r) for f in files for why, rows in f.excluded if why.startswith(_DELETED) for r in rows)
    columns = frozenset((c.form, c.column) for c in ledger.columns)
    inputs = {f.path: (f.form or "", f.site or "", f.records) for f in files if f.form}
    return Delivered({d.name: d for d in domains}, said, inputs, columns, frozenset(gone))


def against_last(now: Delivered, package: Path) -> tuple[Any, tuple[RuleResult, ...]]:
    """Findings DLV001 to DLV006 against the package of the last delivery, and how the rules ended.

    The rules are skipped where `package` is no package of ours, and where both are of the same delivery.
    UserError where the package cannot be read.
    """
    manifest = read_manifest(package) if package.is_dir() else {}
    if not manifest:
        return all_findings([]), _skipped("the baseline is findings alone, not a package")
    last = manifest.get("delivery", {})
    if _same(now, manifest):
        return all_findings([]), _skipped("the baseline is of the same delivery")
    opened = open_package(package)
    keys = {n: d.spec.keys for n, d in now.domains.items()}
    before, after = keyed(opened.domains, keys), dict(now.domains)
    lost = _subjects(before, after)
    tables = [
        *_rows(package, before, after, lost, now.deleted),
        *(_changed(before, after, last["locked"]) if last.get("locked") else ()),
        *(findings("DLV003", dataset="DM", usubjid=s, keys=f"USUBJID={s}") for s in sorted(lost)),
        *_files(manifest["inputs"], now.files),
        *_columns(package, now.columns),
        *_not_later(last.get("extracted", ""), now.said.get("extracted", "")),
    ]
    found = all_findings(tables)
    results = _results(
        found, bool(last.get("locked")), bool(last.get("extracted") and now.said.get("extracted"))
    )
    return found, results


def _same(now: Delivered, manifest: Mapping[str, Any]) -> bool:
    """Whether the delivery's own description and all files' sizes in records are those of the last."""
    last = manifest.get("delivery", {})
    said = all((last.get(n) or "") == (now.said.get(n) or "") for n in ("extracted", "sha256"))
    return said and now.said.get("inputs") == sorted((i["path"], i["sha256"]) for i in manifest["inputs"])


def _subjects(before: Mapping[str, Domain], after: Mapping[str, Domain]) -> set[str]:
    sets = [set(d["DM"].text("USUBJID").distinct()) if "DM" in d else set() for d in (before, after)]
    return sets[0] - sets[1]


def _rows(
    package: Path,
    before: Mapping[str, Domain],
    after: Mapping[str, Domain],
    lost: set[str],
    deleted: frozenset[tuple[str, int]],
) -> list[Any]:
    """DLV001: records that are gone, but not of lost subjects, and not of rows that are marked as deleted."""
    out = []
    for name, one in before.items():
        if "USUBJID" not in one.columns or not len(one) or name.startswith("SUPP"):
            continue  # a qualifier goes with its parent
        if name not in after:
            out.append(findings("DLV001", dataset=name, detail=f"all {len(one)} records"))
            continue
        two = after[name]
        shared = tuple(k for k in two.spec.keys if k in one.columns and k in two.columns)
        pair = paired(name, _with_keys(before, name, shared), _with_keys(after, name, shared))
        subject = one.text("USUBJID").take(pair.removed)
        places = _places(package, name, pair.removed)
        told = zip(
            subject.strings(), pair.keys_before.take(pa.array(pair.removed)).to_pylist(), places, strict=True
        )
        for usubjid, key, place in told:
            if usubjid not in lost and place not in deleted:
                where = f"{place[0]} record {place[1]}" if place else "a record"
                out.append(findings("DLV001", dataset=name, usubjid=usubjid, keys=key, detail=where))
    return out


def _with_keys(domains: Mapping[str, Domain], name: str, keys: tuple[str, ...]) -> dict[str, Domain]:
    domain = domains[name]
    return {**domains, name: replace(domain, spec=replace(domain.spec, keys=keys))}


def _places(package: Path, name: str, rows: Any) -> list[tuple[str, int] | None]:
    """File and record that rows of the last package's dataset came from."""
    path = package / LINEAGE / f"{name.lower()}.parquet"
    if not path.is_file():
        return [None] * len(rows)
    lineage = read_lineage(path)
    made = lineage.records[0]
    pairs = zip(made.file[rows].tolist(), made.record[rows].tolist(), strict=True)
    return [(lineage.files[f], r) if f >= 0 else None for f, r in pairs]


def _changed(before: Mapping[str, Domain], after: Mapping[str, Domain], locked: str) -> list[Any]:
    """DLV002: values of raw columns that differ in records of both, after a lock."""
    out = []
    for name in sorted(before.keys() & after.keys()):
        one, two = before[name], after[name]
        if name.startswith("SUPP") or not len(one) or not len(two):
            continue
        shared = tuple(k for k in two.spec.keys if k in one.columns and k in two.columns)
        pair = paired(name, _with_keys(before, name, shared), _with_keys(after, name, shared))
        for variable in (v for v in _collected(two) if v in one.columns and v in two.columns):
            differs, was, now = changed(variable, one, two, pair)
            if len(differs):
                at = pa.array(differs)
                out.append(
                    findings(
                        "DLV002",
                        dataset=name,
                        record=(pair.after[differs] + 1).tolist(),
                        variables=(variable,),
                        values=(now.take(at).to_pylist(),),
                        expected=was.take(at).to_pylist(),
                        detail=locked[:10],
                    )
                )
    return out


def _collected(domain: Domain) -> list[str]:
    """Variables that are made of raw columns; without lineage all but sequence numbers."""
    if domain.lineage is None:
        return [n for n in domain.columns if not n.endswith("SEQ")]
    made = {v.variable for v in domain.lineage.variables if v.columns}
    return [n for n in domain.columns if n in made]


def _files(last: Sequence[Mapping[str, Any]], now: Mapping[str, tuple[str, str, int]]) -> list[Any]:
    """DLV004. A file of another name is the same where it is its form's and site's only one, then and now."""
    out = []
    then = [(i["path"], (i["form"], i["site"] or ""), i["records"]) for i in last if i["form"]]
    for path, of, records in then:
        here = now.get(path)
        if here is None:
            alone = sum(o == of for _, o, _ in then) == 1
            same = [f for f in now.values() if f[:2] == of]
            here = same[0] if alone and len(same) == 1 else None
        if here is None:
            out.append(
                findings(
                    "DLV004", raw_file=path, expected=str(records), values=("0",), variables=("records",)
                )
            )
        elif here[2] < FEWER * records and records - here[2] >= AT_LEAST:
            out.append(
                findings(
                    "DLV004",
                    raw_file=path,
                    expected=str(records),
                    values=(str(here[2]),),
                    variables=("records",),
                )
            )
    return out


def _columns(package: Path, now: Columns) -> list[Any]:
    """DLV005, of forms that both deliveries have."""
    table = pq.read_table(package / LEDGER / "columns.parquet", columns=["form", "column"])
    then = frozenset(zip(table["form"].to_pylist(), table["column"].to_pylist(), strict=True))
    forms = {f for f, _ in then} & {f for f, _ in now}
    told = [(c, "gone") for c in then - now] + [(c, "new") for c in now - then]
    return [
        findings("DLV005", raw_column=f"{form}.{column}", detail=how)
        for (form, column), how in sorted(told)
        if form in forms
    ]


def _not_later(last: str, now: str) -> list[Any]:
    """DLV006: by the days of extraction, with their time where both say one."""
    n = min(len(last), len(now))
    if not n or now[:n] > last[:n] or (now[:n] == last[:n] and n == 10 and len(last) != len(now)):
        return []
    return [findings("DLV006", expected=last, detail=now)]


def _skipped(reason: str) -> tuple[RuleResult, ...]:
    return tuple(RuleResult(c, "", "skipped", reason=reason) for c in CODES)


def _results(found: Any, locked: bool, dated: bool) -> tuple[RuleResult, ...]:
    hit = set(found["rule"].to_pylist())
    out = []
    for code in CODES:
        idle = {"DLV002": not locked, "DLV006": not dated}.get(code, False)
        what = "locked" if code == "DLV002" else "extracted"
        if idle:
            reason = f"delivery.yaml does not say `{what}`"
            out.append(RuleResult(code, "", "skipped", reason=reason, missing=(what,)))
        elif code not in hit:
            out.append(RuleResult(code, "", "clean", 1))
    return tuple(out)  # of those that found something, the findings are counted by dataset
