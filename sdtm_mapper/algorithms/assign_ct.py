"""assign_ct: a column recoded to the terms of a codelist. Nothing is recoded in silence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sdtm_mapper.algorithms.base import Outcome, Params, Problem, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import problems, typed
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.standard import Codelist
from sdtm_mapper.model.study import Spelling, VariableSpec
from sdtm_mapper.standards.matching import meant_term, nearest

NEAREST = 3


class AssignCt(Params):
    """`assign_ct: COLUMN`; `codelist` overrides the guide's; `unmatched: keep` keeps text that no term fits.

    `via`: a list whose terms are terms of the codelist; a text that means one of its terms is read as that term.
    """

    assign_ct: str
    codelist: str | None = None
    via: str | None = None
    unmatched: Literal["empty", "keep"] = "empty"


def apply(params: AssignCt, rows: Rows) -> Outcome:
    """The term of each value.

    In this order: the study's own spelling; the exact submission value; then submission values and
    published synonyms without regard to case, only if one term fits. Several candidates are MAP002,
    none is MAP001, text kept in an extensible list is MAP003.
    """
    column = rows.text(params.assign_ct).compact()  # terms are looked for only where a record has the text
    codelist = _codelist(params, rows)
    spellings = rows.study.terminology.spellings.get(codelist.code, ())
    texts = _via(params, rows, column)
    terms, rules, hints = judge(texts, codelist, spellings, params.unmatched == "keep")
    found: list[Problem] = []
    for rule in ("MAP001", "MAP002", "MAP003"):
        bad = column.hits([r == rule for r in rules])
        expected = Text(column.codes, column.values).remap(hints)
        detail = f"{codelist.value or codelist.code} ({codelist.code})"
        found += problems(rule, bad, (params.assign_ct,), (column,), expected, detail)
    outcome = typed(column.remap(terms), rows.target.type, (params.assign_ct,), (column,))
    return Outcome(outcome.column, (*outcome.problems, *found))


def _via(params: AssignCt, rows: Rows, column: Text) -> list[str]:
    """The column's distinct texts, each as the term of `via` that it means."""
    texts: list[str] = column.values.to_pylist()
    if params.via is None:
        return texts
    between = rows.codelist(params.via)
    if between is None:
        raise UserError(f"{rows.domain.ref}: {rows.target.name}: there is no codelist {params.via}")
    spellings = rows.study.terminology.spellings.get(between.code, ())
    terms, _, _ = judge(texts, between, spellings, keep=False)
    return [term or text for term, text in zip(terms, texts, strict=True)]


def _codelist(params: AssignCt, rows: Rows) -> Codelist:
    code = params.codelist or rows.target.codelist
    codelist = rows.codelist(code) if code else None
    if codelist is None:
        raise UserError(
            f"{rows.domain.ref}: {rows.target.name} uses assign_ct, but there is no codelist {code or ''}".rstrip()
            + "; name one with `codelist:`, or use assign_no_ct"
        )
    return codelist


def judge(
    texts: Sequence[str], codelist: Codelist, spellings: Sequence[Spelling], keep: bool
) -> tuple[list[str | None], list[str], list[str | None]]:
    """Per text: the term, the rule that it breaks ('' for none), what was expected."""
    own = {s.raw: s.term for s in spellings}
    terms: list[str | None] = []
    rules: list[str] = []
    hints: list[str | None] = []
    for raw in texts:
        match = meant_term(codelist, own, raw)
        term, rule, hint = match.term.value if match.term else None, "", None
        if match.candidates and term is None:
            rule, hint = "MAP002", " or ".join(sorted(t.value for t in match.candidates))
        elif term is None and (text := raw.strip()):
            rule, hint = "MAP001", ", ".join(t.value for t in nearest(codelist, text, NEAREST)) or None
            if keep and codelist.extensible:
                term, rule = text, "MAP003"
        terms.append(term)
        rules.append(rule)
        hints.append(hint)
    return terms, rules, hints


def reads(params: AssignCt, target: VariableSpec) -> Reads:
    """One column."""
    return Reads(names=(params.assign_ct,))


def sentence(params: AssignCt, target: VariableSpec) -> str:
    """For Define-XML."""
    return f"{params.assign_ct} as collected, mapped to controlled terminology."


VERB = Verb("assign_ct", AssignCt, "row", apply, reads, sentence, origin="Collected")
