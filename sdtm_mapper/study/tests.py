"""tests.yaml: the study's own entries of the table of tests, on top of the product's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from sdtm_mapper.model.lab import LabTest, Limits
from sdtm_mapper.standards.units import load_units
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.schema import LimitsModel, TestModel, TestsFile
from sdtm_mapper.study.terminology import Terms
from sdtm_mapper.study.typed import typed
from sdtm_mapper.study.yamltext import Doc, Path

UNIT = "UNIT"


def read_tests(doc: Doc, terms: Terms, faults: Faults) -> tuple[tuple[LabTest, ...], Mapping[str, str]]:
    """The tests, and raw spelling -> UNIT term. SPEC042: no such unit; SPEC002: a test stands twice."""
    file = typed(TestsFile, doc.data, doc, (), faults)
    if file is None:
        return (), {}
    code = found.code if (found := terms.codelist(UNIT)) else UNIT
    allowed = terms.values(code)
    for raw, term in file.units.items():
        _check(term, ("units", raw), allowed, doc, faults)
    product = {t.key: t for t in load_units().tests}
    out: dict[tuple[str, ...], LabTest] = {}
    for i, model in enumerate(file.tests):
        path: Path = ("tests", i)
        for unit, place in ((model.unit or "", "unit"), *((f, "factors") for f in model.factors if f)):
            _check(unit, (*path, place), allowed, doc, faults)
        key = (model.domain, model.test, model.specimen, model.method)
        if key in out:
            faults.add(doc.at(path), "SPEC002", f"the test {' '.join(filter(None, key))} stands twice")
        out[key] = _test(model, product.get(key))
    return tuple(out.values()), file.units


def _check(unit: str, path: Path, allowed: frozenset[str] | None, doc: Doc, faults: Faults) -> None:
    if unit and allowed is not None and unit not in allowed:
        message = f"'{unit}' is no term of codelist UNIT; add it under `extensions` of terminology.yaml if it is yours"
        faults.add(doc.at(path), "SPEC042", message, unit, allowed)


def _test(model: TestModel, base: LabTest | None) -> LabTest:
    """The entry, with what it leaves out from the product's; factors and limits are of one standard unit."""
    base = base or LabTest(model.test, model.domain, model.specimen, model.method)
    if model.unit is not None and model.unit != base.unit:
        base = replace(base, unit=model.unit, factors={}, hard=(None, None), soft=(None, None), decimals=None)
    return replace(
        base,
        analysis_method=base.analysis_method if model.analysis_method is None else model.analysis_method,
        category=base.category if model.category is None else model.category,
        decimals=base.decimals if model.decimals is None else model.decimals,
        kind=model.kind or base.kind,
        factors={**base.factors, **{u: Decimal(f) for u, f in model.factors.items()}},
        hard=_ends(model.hard) or base.hard,
        soft=_ends(model.soft) or base.soft,
        loinc=base.loinc if model.loinc is None else model.loinc,
        words=model.words,
    )


def _ends(limits: LimitsModel | None) -> Limits | None:
    if limits is None:
        return None
    low, high = (None if x is None else Decimal(x) for x in (limits.low, limits.high))
    return low, high
