"""A study as YAML text and its raw files as CSV text, mapped; the result as lists of dicts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sdtm_mapper.mapping.map import map_study
from sdtm_mapper.model.domain import Domain, Ledger, Mapped
from sdtm_mapper.pipeline.load import load_standards
from sdtm_mapper.sources.read import read_delivery
from sdtm_mapper.standards.meddra import Meddra
from sdtm_mapper.study.delivery import read_delivery_file
from sdtm_mapper.study.reader import read_study

STUDY = """\
schema: 1
study: S1
title: A study
standards: {sdtmig: 3.4, terminology: 2025-03-28, define: 2.1}
usubjid: "{SUBJID}"
epochs: [SCREENING, TREATMENT, FOLLOW-UP]
arms: {A: Arm A, B: Arm B}
visits:
  - {visit: BASELINE, number: 1, day: 1, names: [Day 1]}
  - {visit: WEEK 2, number: 2.5}
"""


@dataclass(frozen=True)
class Result:
    """What came of mapping."""

    mapped: Mapped

    def domain(self, name: str) -> Domain:
        return next(d for d in self.mapped.domains if d.name == name)

    @property
    def names(self) -> list[str]:
        return [d.name for d in self.mapped.domains]

    @property
    def ledger(self) -> Ledger:
        return self.mapped.ledger

    def rows(self, name: str, *columns: str) -> list[dict[str, str]]:
        """Records of a domain as text, '' where empty; the named variables, or all that are there."""
        domain = self.domain(name)
        wanted = columns or tuple(domain.columns)
        cells = [domain.text(c).strings() for c in wanted]
        return [dict(zip(wanted, record, strict=True)) for record in zip(*cells, strict=True)]

    def column(self, domain: str, variable: str) -> list[str]:
        return self.domain(domain).text(variable).strings()

    def findings(self, *rules: str) -> list[dict[str, Any]]:
        """Findings (of these rules) without their null fields."""
        rows = self.mapped.findings.to_pylist()
        return [
            {k: v for k, v in r.items() if v is not None} for r in rows if not rules or r["rule"] in rules
        ]

    def rules(self) -> list[str]:
        return sorted(r["rule"] for r in self.findings())

    def balanced(self) -> bool:
        """Whether every raw row has an account, and every account is of a counted row."""
        return all(b.balanced for b in self.ledger.balance)

    def reasons(self, form: str) -> list[tuple[str, str, int]]:
        """(status, why, rows) of a form, only where there are rows."""
        account = next(r for r in self.ledger.rows if r.form == form)
        counts = [(account.reason == i).sum() for i in range(len(account.reasons))]
        return [(s, w, int(n)) for (s, w), n in zip(account.reasons, counts, strict=True) if n]

    def uses(self, form: str) -> dict[str, tuple[str, ...]]:
        return {c.column: c.uses for c in self.ledger.columns if c.form == form}


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Map a study.

    `domains` is the text after `schema: 1` of each domain's file, by domain; `raw` the CSV text (or a file's
    bytes) by form. A form is read from FORM.csv with its subject in ID; `top` is further text of
    sources.yaml; `forms` adds lines to a form, or replaces it where it starts with `files:`.
    """
    counter = itertools.count()

    def mapped(
        domains: Mapping[str, str],
        raw: Mapping[str, str | bytes],
        forms: Mapping[str, str] | None = None,
        overlays: str = "",
        study: str = "",
        terminology: str = "",
        delivery: str = "",
        tests: str = "",
        design: str = "",
        partitions: int = 1,
        meddra: Meddra | None = None,
        top: str = "",
    ) -> Result:
        folder = tmp_path / f"study{next(counter)}"
        delivered = folder / "raw"
        declared = dict.fromkeys((n for n in raw if "/" not in n), "") | dict(forms or {})
        sources = f"schema: 1\n{top}forms:\n" + "".join(_form(n, t) for n, t in declared.items())
        files = {
            "spec/study.yaml": study if study.startswith("schema") else STUDY + study,
            "spec/sources.yaml": sources + (f"overlays:\n{overlays}" if overlays else ""),
            **{f"spec/domains/{n.lower()}.yaml": f"schema: 1\ndomain: {n}\n{t}" for n, t in domains.items()},
            **{f"raw/{n}" if "/" in n else f"raw/{n}.csv": t for n, t in raw.items()},
        }
        if terminology:
            files["spec/terminology.yaml"] = f"schema: 1\n{terminology}"
        if design:
            files["spec/design.yaml"] = design
        if tests:
            files["spec/tests.yaml"] = tests
        if delivery:
            files["raw/delivery.yaml"] = f"schema: 1\n{delivery}"
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        spec = read_study(folder / "spec")
        arrived = read_delivery_file(delivered)
        standards = load_standards(spec)
        reading = read_delivery(spec, delivered, arrived)
        return Result(
            map_study(spec, reading, arrived, standards.guide, standards.terminology, partitions, meddra)
        )

    return mapped


def _form(name: str, text: str) -> str:
    lines = text.strip("\n").split("\n") if text else []
    if not any(line.startswith("files:") for line in lines):
        lines = [f"files: {name}.csv", *lines]
        if not any(line.startswith("subject:") for line in lines):
            lines.insert(1, "subject: ID")
    return f"  {name}:\n" + "".join(f"    {line}\n" for line in lines)
