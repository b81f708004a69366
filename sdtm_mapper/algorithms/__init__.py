"""Algorithms: one verb a file, and the one table of all."""

from collections.abc import Mapping

from sdtm_mapper.algorithms import (
    assign_ct,
    assign_datetime,
    assign_no_ct,
    baseline,
    code,
    concatenate,
    convert_unit,
    derive_armnrs,
    derive_ctcae,
    derive_epoch,
    derive_seq,
    derive_study_day,
    extract,
    hardcode_ct,
    hardcode_no_ct,
    identifier,
    last_date,
    no_data,
    over,
    result,
    substring,
    translate,
    visit,
)
from sdtm_mapper.algorithms.base import Verb

VERBS: Mapping[str, Verb] = {
    "assign_no_ct": assign_no_ct.VERB,
    "assign_ct": assign_ct.VERB,
    "hardcode_no_ct": hardcode_no_ct.VERB,
    "hardcode_ct": hardcode_ct.VERB,
    "assign_datetime": assign_datetime.VERB,
    "translate": translate.VERB,
    "concatenate": concatenate.VERB,
    "substring": substring.VERB,
    "extract": extract.VERB,
    "first": over.FIRST,
    "last": over.LAST,
    "min": over.MIN,
    "max": over.MAX,
    "last_date": last_date.VERB,
    "convert_unit": convert_unit.VERB,
    "result": result.VERB,
    "code": code.VERB,
    "visit": visit.VERB,
    "derive_seq": derive_seq.VERB,
    "derive_study_day": derive_study_day.VERB,
    "derive_lobxfl": baseline.LOBXFL,
    "derive_blfl": baseline.BLFL,
    "derive_epoch": derive_epoch.VERB,
    "derive_armnrs": derive_armnrs.VERB,
    "derive_ctcae": derive_ctcae.VERB,
    "identifier": identifier.VERB,
    "no_data": no_data.VERB,
}

__all__ = ["VERBS"]
