"""derive_seq: --SEQ."""

from __future__ import annotations

import numpy as np

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.model.columns import Text, distinct_rows
from sdtm_mapper.model.study import DomainSpec, VariableSpec

_WITHIN = {"TS": "TSPARMCD", "DI": "SPDEVID and DIPARMCD", "OI": "NHOID and OIPARMCD"}  # no subjects there


class DeriveSeq(Params):
    """`derive_seq: auto` counts in the domain's `seq` order; or a list of variables to count in."""

    derive_seq: str | tuple[str, ...] = "auto"


def order_of(params: DeriveSeq, domain: DomainSpec, target: str) -> tuple[str, ...]:
    """The variables that decide the order within a subject."""
    if not isinstance(params.derive_seq, str):
        return params.derive_seq
    return tuple(
        n for n in domain.seq_by or domain.sort or domain.keys if n not in ("STUDYID", "USUBJID", target)
    )


def apply(params: DeriveSeq, rows: Rows) -> Outcome:
    """1, 2, ... within USUBJID, in the declared order; ties in the order of the raw rows.

    Records that are of no subject count within what they describe instead: --PARMCD (TS), SPDEVID, NHOID.
    """
    keys = []
    for name in order_of(params, rows.domain, rows.target.name):
        column = rows.own(name)
        keys.append(column.ranks() if isinstance(column, Text) else np.nan_to_num(column, nan=-np.inf))
    _, subjects = distinct_rows([np.asarray(rows.subject_codes, np.float64), *map(rows.own, _within(rows))])
    order = np.lexsort((*reversed(keys), subjects))
    ordered = subjects[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if rows.n else np.array([], np.int64)
    lengths = np.diff(np.r_[starts, rows.n])
    out = np.empty(rows.n, np.float64)
    out[order] = np.arange(rows.n) - np.repeat(starts, lengths) + 1
    return Outcome(out)


def _within(rows: Rows) -> list[str]:
    variables = {v.name for v in rows.domain.variables}
    return [] if "USUBJID" in variables else [n for n in _describing(rows.target) if n in variables]


def _describing(target: VariableSpec) -> tuple[str, ...]:
    return ("SPDEVID", "NHOID", f"{target.name[:2]}PARMCD")


def reads(params: DeriveSeq, target: VariableSpec) -> Reads:
    """The variables that it counts in; those of the domain are added by the engine."""
    names = () if isinstance(params.derive_seq, str) else params.derive_seq
    return Reads(names=names, own=names, optional=_describing(target))


def sentence(params: DeriveSeq, target: VariableSpec) -> str:
    """For Define-XML."""
    within = _WITHIN.get(target.name[:2], "USUBJID")
    return f"Sequential number of the record within {within}, in the order of the dataset's sequence keys."


VERB = Verb("derive_seq", DeriveSeq, "subject", apply, reads, sentence)
