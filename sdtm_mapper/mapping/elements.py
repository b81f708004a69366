"""The elements that subjects began, as rows that records are made of once the variables are there that say so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sdtm_mapper.algorithms.design_tables import BEGAN, form_name
from sdtm_mapper.algorithms.elements import SUBJECTS, elements_of
from sdtm_mapper.mapping.forms import Forms
from sdtm_mapper.mapping.rows import Workspace, one_of_subject
from sdtm_mapper.model.columns import Text, as_text

OF_SUBJECT = form_name(BEGAN)


def with_elements(space: Workspace) -> Forms:
    """The forms of a workspace with the elements that its subjects began."""
    design, forms = space.study.design, space.forms
    assert design is not None
    everyone = np.arange(len(forms.subjects))

    def get(name: str) -> Text | None:
        domain, _, variable = name.partition(".")
        other = space.domains.get(domain)
        if other is None or variable not in other.made:
            return None
        return as_text(one_of_subject(space, domain, variable, everyone))

    dm = space.domains[SUBJECTS]
    known = np.zeros(len(everyone), np.bool_)
    known[np.asarray(dm.subject_codes)[np.asarray(dm.subject_codes) >= 0]] = True
    began = elements_of(design, known, get)
    empty = forms.by_name[OF_SUBJECT]
    form = replace(empty, raw=replace(empty.raw, columns=began.columns), alive=began.present)
    return replace(forms, by_name={**forms.by_name, OF_SUBJECT: form})
