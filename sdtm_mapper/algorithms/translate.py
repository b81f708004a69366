"""translate: a verbatim in another language through the study's own translations. Nothing is transliterated."""

from __future__ import annotations

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import Case, cased, problems
from sdtm_mapper.model.study import VariableSpec


class Translate(Params):
    """`translate: COLUMN`; `case` changes the case of the English."""

    translate: str
    case: Case | None = None


def apply(params: Translate, rows: Rows) -> Outcome:
    """The English of each verbatim; ASCII text stands for itself. One without an entry stays and is MAP007."""
    raw = rows.text(params.translate)
    column = cased(raw, None)
    table = {t.source.strip(): t.english for t in rows.study.terminology.translations}
    values = column.values.to_pylist()
    missing = column.hits([v not in table and not v.isascii() for v in values])
    english = cased(column.remap([table.get(v, v) for v in values]), params.case)
    return Outcome(english, problems("MAP007", missing, (params.translate,), (raw,)))


def reads(params: Translate, target: VariableSpec) -> Reads:
    """One column."""
    return Reads(names=(params.translate,))


def sentence(params: Translate, target: VariableSpec) -> str:
    """For Define-XML."""
    return f"{params.translate} as collected; text in another language in the sponsor's English translation."


VERB = Verb("translate", Translate, "row", apply, reads, sentence, origin="Collected")
