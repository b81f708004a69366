"""Plots of what findings are about: the sums of a subject's lesions, and a test's results at each site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.run import Box, Line, Plot

LESIONS, LABS = "RCS", "LBX"  # beginnings of codes whose findings are plotted
_MOST = 100  # plots of a kind
_MARKED = 200  # values of a site that are marked
_SHRUNK, _GROWN = 0.7, 1.2  # partial response against the baseline, progression against the nadir: RECIST 1.1

Numbers = npt.NDArray[np.float64]


def plots(findings: Any, domains: Sequence[Domain]) -> tuple[Plot, ...]:
    """Plots for the open findings of RECIST rules (by subject) and laboratory rules (by test)."""
    by_name = {d.name: d for d in domains}
    live = findings.filter(
        pc.is_in(pc.fill_null(findings["status"], "new"), value_set=_strings("new", "known"))
    )
    return (*_lesions(_of(live, LESIONS), by_name.get("TR")), *_labs(_of(live, LABS), by_name))


def _of(findings: Any, beginning: str) -> Any:
    return findings.filter(pc.starts_with(findings["rule"], beginning))


def _strings(*values: str) -> Any:
    return pa.array(list(values), pa.string())


def _lesions(findings: Any, tr: Domain | None) -> tuple[Plot, ...]:
    """Of each subject that a finding names: the sum of diameters of each evaluator, and its lesions."""
    if tr is None or not findings.num_rows or not {"USUBJID", "TRTESTCD", "TRSTRESN"} <= tr.columns.keys():
        return ()
    day = tr.columns.get("TRDY")
    if day is None or isinstance(day, Text):
        return ()
    rules: dict[str, set[str]] = {}
    pairs = zip(findings["usubjid"].to_pylist(), findings["rule"].to_pylist(), strict=True)
    for subject, rule in pairs:
        if subject:
            rules.setdefault(subject, set()).add(rule)
    found = (_of_subject(tr, day, s, tuple(sorted(rules[s]))) for s in sorted(rules)[:_MOST])
    return tuple(p for p in found if p is not None)


def _of_subject(tr: Domain, day: Numbers, subject: str, rules: tuple[str, ...]) -> Plot | None:
    mine = tr.text("USUBJID").equals(subject)
    test, size = tr.text("TRTESTCD"), tr.columns["TRSTRESN"]
    if isinstance(size, Text):
        return None
    good = mine & ~np.isnan(size) & ~np.isnan(day)
    who = _series(tr, ("TREVAL", "TREVALID"))
    lesion = _series(tr, ("TREVAL", "TREVALID", "TRLNKID"))
    sums = _by_series(who, good & test.equals("SUMDIAM"), day, size)
    if not sums:
        sums = _added_up(who, good & test.isin(["LDIAM", "SAXIS"]), day, size)
    parts = _by_series(lesion, good & test.isin(["LDIAM", "SAXIS"]), day, size)
    if not sums:
        return None
    lines = [Line(name or "sum", points, main=True) for name, points in sums.items()]
    lines += [Line(name or "lesion", points) for name, points in parts.items()]
    guides: tuple[tuple[str, float], ...] = ()
    if len(sums) == 1:
        sizes = [y for _, y in next(iter(sums.values()))]
        guides = (("baseline −30 %", sizes[0] * _SHRUNK), ("nadir +20 %", min(sizes) * _GROWN))
    return Plot(
        f"lesions {subject}",
        f"Sum of target lesions: {subject}",
        "study day",
        "mm",
        rules,
        tuple(lines),
        (),
        guides,
    )


Points = tuple[tuple[float, float], ...]


def _series(domain: Domain, names: Sequence[str]) -> list[str]:
    there = [domain.text(n).strings() for n in names if n in domain.columns]
    return (
        [" ".join(p for p in parts if p) for parts in zip(*there, strict=True)]
        if there
        else [""] * len(domain)
    )


def _by_series(
    names: Sequence[str], mask: npt.NDArray[np.bool_], x: Numbers, y: Numbers
) -> dict[str, Points]:
    """Points by series, in the order of x."""
    out: dict[str, list[tuple[float, float]]] = {}
    for i in np.flatnonzero(mask).tolist():
        out.setdefault(names[i], []).append((float(x[i]), float(y[i])))
    return {name: tuple(sorted(points)) for name, points in sorted(out.items())}


def _added_up(names: Sequence[str], mask: npt.NDArray[np.bool_], x: Numbers, y: Numbers) -> dict[str, Points]:
    """Points by series, those of one x added up."""
    out: dict[str, dict[float, float]] = {}
    for i in np.flatnonzero(mask).tolist():
        sums = out.setdefault(names[i], {})
        sums[float(x[i])] = sums.get(float(x[i]), 0.0) + float(y[i])
    return {name: tuple(sorted(sums.items())) for name, sums in sorted(out.items())}


def _labs(findings: Any, domains: Mapping[str, Domain]) -> tuple[Plot, ...]:
    """Of each test that a finding is on: its results in standard units at each site, those of findings marked."""
    lb = domains.get("LB")
    if lb is None or not findings.num_rows or not {"USUBJID", "LBTESTCD", "LBSTRESN"} <= lb.columns.keys():
        return ()
    value = lb.columns["LBSTRESN"]
    if isinstance(value, Text):
        return ()
    on = findings.filter(pc.and_(pc.equal(findings["dataset"], "LB"), pc.is_valid(findings["record"])))
    record = on["record"].to_numpy().astype(np.int64) - 1
    marked = np.zeros(len(lb), np.bool_)
    marked[record] = True
    test, site = lb.text("LBTESTCD"), np.array(_sites(lb, domains.get("DM")), dtype=object)
    rules: dict[str, set[str]] = {}
    for code, rule in zip(test.take(record).strings(), on["rule"].to_pylist(), strict=True):
        rules.setdefault(code, set()).add(rule)
    out = []
    for code in sorted(c for c in rules if c)[:_MOST]:
        mine = test.equals(code) & ~np.isnan(value)
        if boxes := _boxes(value[mine], site[mine], marked[mine]):
            units = lb.text("LBSTRESU").where(mine).distinct() if "LBSTRESU" in lb.columns else []
            title = f"{code} at each site, in standard units"
            y = ", ".join(u for u in units if u) or "result"
            out.append(Plot(f"lab {code}", title, "site", y, tuple(sorted(rules[code])), (), boxes))
    return tuple(out)


def _sites(lb: Domain, dm: Domain | None) -> list[str]:
    """The site of each record, by its subject in DM; '-' where it has none."""
    subjects = lb.text("USUBJID").strings()
    if dm is None or not {"USUBJID", "SITEID"} <= dm.columns.keys():
        return ["-"] * len(subjects)
    of = dict(zip(dm.text("USUBJID").strings(), dm.text("SITEID").strings(), strict=True))
    return [of.get(s) or "-" for s in subjects]


def _boxes(values: Numbers, sites: npt.NDArray[Any], marked: npt.NDArray[np.bool_]) -> tuple[Box, ...]:
    out = []
    for site in sorted(set(sites.tolist())):
        here = sites == site
        a, b, c, d, e = np.quantile(values[here], (0, 0.25, 0.5, 0.75, 1)).tolist()
        told = np.sort(values[here & marked])[:_MARKED].tolist()
        out.append(Box(site, int(here.sum()), (a, b, c, d, e), tuple(told)))
    return tuple(out)
