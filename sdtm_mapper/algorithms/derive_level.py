"""derive_level: how far an item is from the one it was taken from, along its parents."""

from __future__ import annotations

import numpy as np

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import problems
from sdtm_mapper.model.columns import Text, as_text, group_codes
from sdtm_mapper.model.study import VariableSpec


class DeriveLevel(Params):
    """`derive_level: ID`, with the ID of the `parent`."""

    derive_level: str
    parent: str


def apply(params: DeriveLevel, rows: Rows) -> Outcome:
    """1 where there is no parent, else the parent's level and 1.

    A parent that the subject does not have, or that comes back to the item itself, is MAP064; the level is empty.
    Source: SDTMIG 3.4, RELSPEC.
    """
    ids, parents = (as_text(rows.own(n)) for n in (params.derive_level, params.parent))
    n = rows.n
    subjects = np.asarray(rows.subject_codes, np.float64)
    codes = group_codes([np.r_[subjects, subjects], Text.concat([ids, parents]).map(str.strip)])
    row_of = np.full(int(codes.max(initial=-1)) + 1, -1, np.int64)
    named = np.flatnonzero(~ids.is_empty)
    row_of[codes[:n][named][::-1]] = named[::-1]  # the first of equal ones
    above = np.where(parents.is_empty, -1, row_of[codes[n:]])
    level = np.where(parents.is_empty & ~ids.is_empty, 1.0, np.nan)
    while True:  # once for each level that there is
        known = np.where(above >= 0, level[np.maximum(above, 0)] if n else level, np.nan)
        new = np.flatnonzero(np.isnan(level) & ~np.isnan(known))
        if not len(new):
            break
        level[new] = known[new] + 1
    open_ended = np.isnan(level) & ~parents.is_empty
    names = (params.derive_level, params.parent)
    told = ["there is no such parent", "the chain of parents has no begin"]
    why = Text.empty(0).recoded((above >= 0).astype(np.int32), told)
    return Outcome(level, problems("MAP064", open_ended, names, (ids, parents), "", why))


def reads(params: DeriveLevel, target: VariableSpec) -> Reads:
    """The item and its parent."""
    names = (params.derive_level, params.parent)
    return Reads(names=names, own=names)


def sentence(params: DeriveLevel, target: VariableSpec) -> str:
    """For Define-XML."""
    return f"1 where {params.parent} is empty, else the level of {params.parent} and 1."


VERB = Verb("derive_level", DeriveLevel, "subject", apply, reads, sentence)
