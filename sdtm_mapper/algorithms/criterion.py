"""criterion: an eligibility criterion's id to what the design says of it, by the protocol version of the subject."""

from __future__ import annotations

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import problems
from sdtm_mapper.model.columns import Text, as_text, distinct_rows
from sdtm_mapper.model.design import Criterion
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import VariableSpec

_FIELDS = {"IETESTCD": "id", "IETEST": "text", "IECAT": "category", "IESCAT": "subcategory"}
_WORDS = {"IETESTCD": "id", "IETEST": "wording", "IECAT": "category", "IESCAT": "subcategory"}


class CriterionParams(Params):
    """`criterion: COLUMN` that holds a criterion's id; `version`: of the protocol that the subject consented to."""

    criterion: str
    version: str | None = None


def apply(params: CriterionParams, rows: Rows) -> Outcome:
    """What the design says of the criterion, by the variable: IETESTCD, IETEST, IECAT or IESCAT.

    MAP054 for an id or version that the design lacks, and where the version is not known and the versions differ.
    Source: SDTMIG 3.4, IE and TI: IETEST is worded as in the protocol version of the subject.
    """
    name = rows.target.name
    design = rows.study.design
    if name not in _FIELDS or design is None:
        what = "no design.yaml" if design is None else f"criterion makes {', '.join(_FIELDS)} only"
        raise UserError(f"{rows.target.ref}: {name} uses criterion; {what}: use another verb")
    ids = rows.text(params.criterion)
    versions = as_text(rows.column(params.version)) if params.version else Text.empty(rows.n)
    first, codes = distinct_rows([ids, versions])
    cells = zip(ids.take(first).strings(), versions.take(first).strings(), strict=True)
    judged = [_judge(design.criteria, design.versions, i.strip(), v.strip(), name) for i, v in cells]
    column = Text.empty(0).recoded(codes, [value for value, _ in judged])
    why = Text.empty(0).recoded(codes, [reason for _, reason in judged])
    names = (params.criterion, params.version) if params.version else (params.criterion,)
    shown = (ids, versions) if params.version else (ids,)
    bad = problems("MAP054", ~why.is_empty, names, shown, detail=why) if _reports(params, rows) else ()
    return Outcome(column, bad)


def _judge(
    criteria: tuple[Criterion, ...], known: tuple[str, ...], id: str, version: str, name: str
) -> tuple[str | None, str | None]:
    """The value, and why there is none."""
    if not id:
        return None, None
    of_id = [c for c in criteria if c.id.casefold() == id.casefold()]
    if not of_id:
        return None, "the design has no such criterion"
    if version and version not in known:
        return None, f"the design has no protocol version {version}"
    fitting = [c for c in of_id if not version or version in c.versions]
    if not fitting:
        return None, f"protocol version {version} does not have it"
    values = {str(getattr(c, _FIELDS[name])) for c in fitting}
    if len(values) > 1:
        return None, "its wording differs between protocol versions, and that of the subject is not known"
    return values.pop(), None


def _reports(params: CriterionParams, rows: Rows) -> bool:
    """Whether this variable says what is wrong: the wording, which alone can differ, else the first that reads so."""
    readers = [v.name for v in rows.domain.variables for c in v.branches if c.params == params]
    return rows.target.name == ("IETEST" if "IETEST" in readers else (readers or [rows.target.name])[0])


def reads(params: CriterionParams, target: VariableSpec) -> Reads:
    """The id, and the version where it is named."""
    return Reads(names=(params.criterion, *((params.version,) if params.version else ())))


def sentence(params: CriterionParams, target: VariableSpec) -> str:
    """For Define-XML."""
    by = f" in protocol version {params.version}" if params.version else ""
    return f"The {_WORDS.get(target.name, 'text')} of the eligibility criterion {params.criterion}{by}."


VERB = Verb("criterion", CriterionParams, "row", apply, reads, sentence, origin="Assigned")
