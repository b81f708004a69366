"""Which findings a page of limited size shows: all of small groups, the most frequent kinds of large ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.finding import Rule
from sdtm_mapper.report.groups import Example, grouped
from sdtm_mapper.report.summary import OPEN

STATUSES = ("new", "known", "waived", "gone")
_STEPS = (1000, 500, 200, 100, 50, 30, 20, 10, 5, 3, 2, 1)


@dataclass(frozen=True)
class Section:
    """The findings of one rule. `count` is of all, `examples` are those that are shown."""

    rule: str
    severity: str
    owner: str
    count: int
    statuses: Mapping[str, int]
    datasets: tuple[str, ...]
    examples: tuple[Example, ...]

    @property
    def shown(self) -> int:
        """Findings that the examples stand for."""
        return sum(e.count for e in self.examples)


def open_findings(findings: Any) -> Any:
    """Findings that are there and not waived."""
    return findings.filter(pc.is_in(pc.fill_null(findings["status"], "new"), value_set=pa.array(OPEN)))


def sections(findings: Any, rules: Mapping[str, Rule], budget: int) -> tuple[Section, ...]:
    """The findings by rule, in the order of the table, with at most about `budget` examples altogether.

    Every rule x dataset x status shows the same number at most; a group within it is shown finding by finding, a larger
    one by its most frequent kinds, each with how many it stands for.
    """
    if not findings.num_rows:
        return ()
    status = pc.fill_null(findings["status"], "new")
    parts = [pc.fill_null(findings[n], "") for n in ("rule", "dataset")]
    codes = Text.from_arrow(pc.binary_join_element_wise(*parts, status, "\x1f")).codes
    counts = np.bincount(codes)
    cap = next((c for c in _STEPS if np.minimum(counts, c).sum() <= budget), 1)
    small = counts[codes] <= cap
    examples = [Example(row, 1) for row in findings.filter(pa.array(small)).to_pylist()]
    for wanted in STATUSES:
        large = findings.filter(pc.and_(pa.array(~small), pc.equal(status, wanted)))
        examples += [e for g in grouped(large, cap, rules) for e in g.examples]
    by_rule: dict[str, list[Example]] = {}
    for example in examples[:budget] if len(examples) > budget else examples:
        by_rule.setdefault(example.row["rule"], []).append(example)
    return tuple(_sections(findings, by_rule))


def _sections(findings: Any, by_rule: Mapping[str, list[Example]]) -> list[Section]:
    rule = Text.from_arrow(findings["rule"])
    status = pc.fill_null(findings["status"], "new").to_pylist()
    order = np.argsort(rule.codes, kind="stable")
    starts = np.flatnonzero(np.diff(rule.codes[order], prepend=-2))
    out = []
    for at in np.split(order, starts[1:]):
        rows = findings.take(pa.array(at))
        told = [status[i] for i in at.tolist()]
        lead = rows.slice(0, 1).to_pylist()[0]
        datasets = pc.unique(pc.fill_null(rows["dataset"], "")).to_pylist()
        made = Section(
            lead["rule"],
            lead["severity"] or "",
            lead["owner"] or "",
            len(at),
            {s: told.count(s) for s in STATUSES if s in told},
            tuple(sorted(datasets)),
            tuple(by_rule.get(lead["rule"], ())),
        )
        out.append((int(at[0]), made))
    return [section for _, section in sorted(out, key=lambda pair: pair[0])]
