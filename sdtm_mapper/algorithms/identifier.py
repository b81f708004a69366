"""identifier: STUDYID, DOMAIN, USUBJID, SITEID and SUBJID, from the study and the form's subject key."""

from __future__ import annotations

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.model.study import VariableSpec

_SENTENCES = {
    "STUDYID": "The study's identifier.",
    "DOMAIN": "The domain's abbreviation.",
    "USUBJID": "Made of the study's, site's and subject's identifiers.",
    "SITEID": "The site of the subject.",
    "SUBJID": "The subject's identifier as collected.",
}


class Identifier(Params):
    """`identifier: NAME` with NAME one of STUDYID, DOMAIN, USUBJID, SITEID, SUBJID."""

    identifier: str


def apply(params: Identifier, rows: Rows) -> Outcome:
    """The identifier on every record."""
    return Outcome(rows.identifier(params.identifier))


def reads(params: Identifier, target: VariableSpec) -> Reads:
    """The form's subject key, which the engine knows."""
    return Reads()


def sentence(params: Identifier, target: VariableSpec) -> str:
    """For Define-XML."""
    return _SENTENCES[params.identifier]


VERB = Verb("identifier", Identifier, "row", apply, reads, sentence, origin="Assigned")
