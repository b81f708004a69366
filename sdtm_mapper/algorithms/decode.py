"""decode: the term of a paired codelist, by the concept's C-code: --TEST of --TESTCD, and the like."""

from __future__ import annotations

from collections.abc import Mapping

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import problems
from sdtm_mapper.model.columns import as_text
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.standard import Codelist
from sdtm_mapper.model.study import VariableSpec


class Decode(Params):
    """`decode: VARIABLE` of the same domain; `of` is its codelist where it has several, `codelist` that of the names.

    `terms` pairs what the sponsor added to the lists.
    """

    decode: str
    of: str | None = None
    codelist: str | None = None
    terms: Mapping[str, str] = {}


def apply(params: Decode, rows: Rows) -> Outcome:
    """For each code the term of this variable's codelist that means the same concept.

    A pair of `terms` comes first. A code without a counterpart is MAP045 and the cell stays empty.
    Source: CDISC controlled terminology pairs the lists of --TESTCD and --TEST by C-code (SDTMIG 3.4, section 4.3).
    """
    codes, names = _lists(params, rows)
    by_code = {t.code: t.value for t in names.terms if t.code}
    text = as_text(rows.own(params.decode))
    found: list[str | None] = []
    for value in text.values.to_pylist():
        term = codes.by_value.get(value)
        found.append(params.terms.get(value) or (by_code.get(term.code) if term and term.code else None))
    lost = [f is None and bool(v) for f, v in zip(found, text.values.to_pylist(), strict=True)]
    detail = f"{names.value or names.code} ({names.code})"
    bad = problems("MAP045", text.hits(lost), (params.decode,), (text,), "", detail)
    return Outcome(text.remap(found), bad)


def _lists(params: Decode, rows: Rows) -> tuple[Codelist, Codelist]:
    spec = next((v for v in rows.domain.variables if v.name == params.decode), None)
    found = [
        rows.codelist(c) if c else None
        for c in (params.of or (spec and spec.codelist), params.codelist or rows.target.codelist)
    ]
    if found[0] is None or found[1] is None:
        missing = params.decode if found[0] is None else rows.target.name
        raise UserError(
            f"{rows.target.ref}: {rows.target.name} is decoded from {params.decode}, but {missing} has no codelist;"
            " name one with `codelist:` (of the names) or `of:` (of the codes), or use another verb"
        )
    return found[0], found[1]


def reads(params: Decode, target: VariableSpec) -> Reads:
    """The variable that holds the code."""
    return Reads(names=(params.decode,), own=(params.decode,))


def sentence(params: Decode, target: VariableSpec) -> str:
    """For Define-XML."""
    return f"The name that controlled terminology gives to {params.decode}."


VERB = Verb("decode", Decode, "row", apply, reads, sentence, origin="Assigned")
