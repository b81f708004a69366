"""What holding one large dataset against its compiled schema costs: CPU seconds, clean and with failures.

    python bench/pandera_floor.py [--rows 1000000]

Rows are laboratory records with 30 columns. `failing` has one wrong cell in every tenth record, spread over
the columns that can be wrong. The figure is the processor time of `check_domains` in this process.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pyarrow as pa

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.standard import Codelist, IgDataset, IgVariable, Term
from sdtm_mapper.model.study import DomainSpec, SpecRef, VariableSpec
from validation.floor import check_domains
from validation.inputs import Standards

LISTED = ("LBTESTCD", "LBTEST", "LBCAT", "LBORRESU", "LBSTRESU", "LBNRIND", "LBSPEC", "LBBLFL")
DATED = ("LBDTC", "LBENDTC", "LBRFTDTC")
FREE = ("LBSCAT", "LBMETHOD", "LBFAST", "LBNAM", "LBREFID", "LBSPID", "LBORRES", "LBSTRESC", "VISIT", "EPOCH")
FIXED = ("STUDYID", "DOMAIN", "USUBJID")
NUMBERS = ("LBSEQ", "LBSTRESN", "VISITNUM", "LBDY", "LBORNRLO", "LBORNRHI")
NAMES = (*FIXED, *LISTED, *DATED, *FREE, *NUMBERS)
TERMS = 40


class OneGuide:
    """A guide with one dataset."""

    def __init__(self, dataset: IgDataset) -> None:
        self.one = dataset

    def dataset(self, name: str) -> IgDataset | None:
        return self.one if name == self.one.name else None


class OneList:
    """A terminology in which every codelist has the same terms."""

    def codelist(self, code: str) -> Codelist | None:
        terms = tuple(Term(f"C{i}", f"TERM {i}", f"Term {i}") for i in range(TERMS))
        return Codelist(code, "List", "LIST", False, terms)


def variables() -> tuple[IgVariable, ...]:
    def one(order: int, name: str) -> IgVariable:
        kind = "Num" if name in NUMBERS else "Char"
        described = "ISO 8601 datetime or interval" if name in DATED else ""
        core = "Req" if name in (*FIXED, "LBSEQ", "LBTESTCD", "LBTEST") else "Perm"
        return IgVariable(name, name, kind, "", core, order, ("C1",) if name in LISTED else (), described)

    return tuple(one(i, n) for i, n in enumerate(NAMES, 1))


def cells(name: str, n: int, rng: np.random.Generator) -> Text | np.ndarray:
    per_subject = 500
    if name == "LBSEQ":
        return (np.arange(n) % per_subject + 1).astype(float)
    if name in NUMBERS:
        return np.round(rng.random(n) * 100, 1)
    if name in ("STUDYID", "DOMAIN"):
        return Text.constant("LB" if name == "DOMAIN" else "STUDY01", n)
    if name == "USUBJID":
        subjects = pa.array([f"STUDY01-{i:05}" for i in range(n // per_subject + 1)], pa.string())
        return Text((np.arange(n) // per_subject).astype(np.int32), subjects)
    if name in LISTED:
        return Text(rng.integers(0, TERMS, n, np.int32), pa.array([f"TERM {i}" for i in range(TERMS)]))
    if name in DATED:
        days = np.datetime_as_string(np.datetime64("2020-01-01T00:00") + np.arange(50_000) * 37, unit="m")
        return Text(rng.integers(0, len(days), n, np.int32), pa.array(days.tolist()))
    return Text(rng.integers(0, 20_000, n, np.int32), pa.array([f"value {i}" for i in range(20_000)]))


def dataset(n: int, failing: bool) -> tuple[Domain, Standards]:
    rng = np.random.default_rng(20_251_122)
    columns = {name: cells(name, n, rng) for name in NAMES}
    tests, number = columns["LBTESTCD"].codes, rng.integers(0, 5_000, n, np.int32)
    for name in ("LBTEST", "LBSTRESU"):  # code and name are one term, a test has one unit
        columns[name] = Text(tests, columns[name].values)
    columns["LBSTRESN"] = number / 10
    columns["LBSTRESC"] = Text(number, pa.array([f"{i // 10}.{i % 10}" for i in range(5_000)]))
    if failing:
        bad = np.arange(0, n, 10)
        for i, name in enumerate((*LISTED, *DATED)):
            rows = bad[i :: len(LISTED) + len(DATED)]
            text = columns[name]
            codes = text.codes.copy()
            codes[rows] = len(text.values)
            columns[name] = Text(codes, pa.concat_arrays([text.values, pa.array(["not right"])]))
    guide = IgDataset("LB", "Laboratory Test Results", "Findings", "", variables())
    ref = SpecRef("domains/lb.yaml", 1)
    specs = tuple(
        VariableSpec(v.name, v.label, v.type, v.role, v.core, v.order, ref, described=v.described, length=40)
        for v in guide.variables
    )
    keys = ("USUBJID", "LBSEQ")
    spec = DomainSpec("LB", guide.label, "Findings", "", ref, (), specs, keys, keys)
    return Domain(spec, specs, columns), Standards(OneGuide(guide), OneList())


def cpu(n: int, failing: bool) -> tuple[float, int]:
    domain, standards = dataset(n, failing)
    start = time.process_time()
    _, found = check_domains([domain], standards)
    return time.process_time() - start, found.num_rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    cpu(1_000, True)  # imports and first calls
    for failing in (False, True):
        small, _ = min(cpu(rows // 4, failing) for _ in range(3))
        large, found = min(cpu(rows, failing) for _ in range(3))
        state = "failing" if failing else "clean"
        print(
            f"{state:8} {rows:,} rows x {len(NAMES)} columns: {large:.2f} CPU s, {found:,} findings;"
            f" {large / small:.1f} times a quarter of the rows"
        )


if __name__ == "__main__":
    main()
