"""derive_ctcae: --TOXGR and --TOX from the exact result, its range and its baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.lab_grade import Grade, Situation, grade
from sdtm_mapper.algorithms.lab_measure import Measured
from sdtm_mapper.algorithms.result import ResultParams, measure
from sdtm_mapper.algorithms.values import problems
from sdtm_mapper.model.columns import Index, Mask, Text, as_text, group_codes
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import VariableSpec
from sdtm_mapper.standards.ctcae import load_ctcae

_KEYS = ("TESTCD", "SPEC", "METHOD")
_BEFORE = ("ORRES", "STRESN", "STNRLO", "STNRHI", *_KEYS)
_MAKES = ("TOXGR", "TOX")


class DeriveCtcae(Params):
    """`derive_ctcae: FLAG`, the variable that marks the baseline record (LBLOBXFL).

    `without_baseline` says how a test is graded whose baseline is missing: `none`, no grade where the
    criterion asks for it; `normal`, as if the baseline had not been above the normal range.
    """

    derive_ctcae: str
    without_baseline: Literal["none", "normal"] = "none"


def apply(params: DeriveCtcae, rows: Rows) -> Outcome:
    """The worst grade that the value alone decides (--TOXGR; 0 where none holds), or its term (--TOX).

    Source: CTCAE v5.0. Limits are times ULN where the baseline was normal, times the baseline where it was above
    ULN. The unrounded value is graded. A value that cannot be graded has no grade, and is MAP032.
    """
    part = rows.target.name[2:]
    if part not in _MAKES:
        raise UserError(
            f"{rows.target.ref}: {rows.target.name} uses derive_ctcae, which makes --TOXGR and --TOX"
        )
    call = _call(rows)
    columns, _, index, measured = measure(call, rows, ranged=True)
    base = _baselines(params, rows, index, measured)
    pairs, at = np.unique(np.stack([index, base]), axis=1, return_inverse=True)
    made = [_graded(measured[i], measured[b] if b >= 0 else None, params, rows) for i, b in pairs.T.tolist()]
    spread = at.reshape(-1).astype(np.int32)
    shown = [_shown(g, part) for g in made]
    column = Text.empty(0).recoded(spread, shown)
    if part == "TOX" and rows.domain.name + "TOXGR" in rows.domain.by_name:
        return Outcome(column)
    detail = Text.empty(0).recoded(spread, [", ".join(g.missing) if g else "" for g in made])
    return Outcome(column, problems("MAP032", ~detail.is_empty, (call.result,), (columns[0],), "", detail))


def _call(rows: Rows) -> ResultParams:
    spec = rows.domain.by_name.get(rows.domain.name + "ORRES")
    calls = [c.params for c in spec.branches] if spec else []
    if len(calls) != 1 or not isinstance(calls[0], ResultParams):
        raise UserError(
            f"{rows.target.ref}: derive_ctcae grades what {rows.domain.name}ORRES makes with `result`, in one branch"
        )
    return calls[0]


def _baselines(params: DeriveCtcae, rows: Rows, index: Index, measured: list[Measured]) -> Index:
    """For each record the result of its subject's and test's baseline; -1 where there is none."""
    keys = [rows.domain.name + k for k in _KEYS]
    own = [as_text(rows.own(k)) for k in keys if k in rows.domain.by_name]
    group = group_codes([np.asarray(rows.subject_codes, np.float64), *own])
    exact = np.array([m.exact is not None and not m.result.comparator for m in measured] + [False])[index]
    flagged: Mask = as_text(rows.own(params.derive_ctcae)).equals("Y") & exact
    _, codes = np.unique(group, return_inverse=True)
    of_group = np.full(int(codes.max(initial=-1)) + 1, -1, np.int64)
    of_group[codes[flagged]] = np.asarray(index)[flagged]
    found: Index = of_group[codes]
    return found


def _graded(one: Measured, base: Measured | None, params: DeriveCtcae, rows: Rows) -> Grade | None:
    """None where the test has no criteria, or there is no number to grade."""
    if one.exact is None or one.test is None:
        return None
    terms = load_ctcae().get((rows.domain.name, one.test.code, one.test.specimen))
    if terms is None:
        return None
    if one.result.comparator:
        return Grade(None, "", ("the value behind " + one.result.comparator,))
    at = Situation(one.exact, one.test.unit, one.low[1], one.high[1])
    if base is not None and base.exact is not None:
        above = None if base.high[1] is None else base.exact > base.high[1]
        at = replace(at, baseline=base.exact, baseline_above=above)
    elif params.without_baseline == "normal":
        at = replace(at, baseline_above=False)
    return grade(terms, at)


def _shown(found: Grade | None, part: str) -> str | None:
    if found is None or found.grade is None:
        return None
    return str(found.grade) if part == "TOXGR" else found.term


def reads(params: DeriveCtcae, target: VariableSpec) -> Reads:
    """The baseline flag, and what the result is made of."""
    return Reads(
        names=(params.derive_ctcae,),
        own=(params.derive_ctcae,),
        optional=tuple(target.name[:2] + s for s in _BEFORE),
    )


def sentence(params: DeriveCtcae, target: VariableSpec) -> str:
    """For Define-XML."""
    missing = " A missing baseline counts as normal." if params.without_baseline == "normal" else ""
    return (
        "CTCAE v5.0 from the unrounded result in standard units: multiples of the upper limit of normal where the"
        f" record with {params.derive_ctcae} = Y was not above it, else multiples of that record's value.{missing}"
    )


VERB = Verb("derive_ctcae", DeriveCtcae, "subject", apply, reads, sentence)
