"""Forms that no file gives: tables of the design, literal records, elements of subjects, the trial summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from sdtm_mapper.algorithms.design_tables import (
    BEGAN_COLUMNS,
    SUMMARY,
    SUMMARY_COLUMNS,
    TABLES,
    Row,
    form_name,
    is_made,
)
from sdtm_mapper.algorithms.summary import summary_rows
from sdtm_mapper.mapping.built import Built
from sdtm_mapper.mapping.elements import OF_SUBJECT
from sdtm_mapper.mapping.forms import Form, Forms
from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.model.design import Design
from sdtm_mapper.model.raw import RawFile, RawForm
from sdtm_mapper.model.study import Delivery, DomainSpec, Study

_SUMMARY = form_name(SUMMARY)
_IDENTIFIERS = ("USUBJID", "SITEID", "SUBJID")


def is_late(domain: DomainSpec) -> bool:
    """Whether a domain is made after all others are whole: it reads what they hold over all subjects."""
    return any(b.form == _SUMMARY for b in domain.records)


def spec_files(study: Study) -> tuple[str, ...]:
    """The files of the spec that records are made of."""
    found = {b.literal[0].ref.file for d in study.domains for b in d.records if b.literal}
    designed = any(b.form.startswith("design/") for d in study.domains for b in d.records)
    if designed and study.design is not None:
        found.add(study.design.file)
    return tuple(sorted(found))


def with_made(study: Study, forms: Forms) -> Forms:
    """The forms with those that the spec gives. Elements of subjects and the summary have no rows that count yet."""
    made: dict[str, Form] = {}
    for block in (b for d in study.domains for b in d.records if is_made(b.form)):
        if block.literal:
            names = tuple(dict.fromkeys(n for row in block.literal for n in row.fields))
            made[block.form] = _form(block.form, names, [(r.fields, r.ref) for r in block.literal])
        elif block.form == OF_SUBJECT and study.design is not None:
            made[block.form] = _subjects(study.design, forms.subjects)
        elif study.design is not None:
            table = TABLES[block.form.removeprefix("design/")]
            made[block.form] = _form(block.form, table.columns, table.rows(study.design), study.design.file)
    return replace(forms, by_name={**forms.by_name, **made}) if made else forms


def with_summary(study: Study, delivery: Delivery, forms: Forms, built: Sequence[Built]) -> Forms:
    """The forms with the values of the trial summary, from domains that are whole."""
    whole: Mapping[str, Built] = {b.spec.name: b for b in built}

    def get(domain: str, variable: str) -> Column | None:
        found = whole.get(domain)
        return None if found is None else found.columns.get(variable)

    rows = summary_rows(study, delivery, get)
    file = study.design.file if study.design else ""
    return replace(forms, by_name={**forms.by_name, _SUMMARY: _form(_SUMMARY, SUMMARY_COLUMNS, rows, file)})


def _form(name: str, columns: Sequence[str], rows: Sequence[Row], file: str = "") -> Form:
    """Rows of the spec as a form: its file is the spec's, and a row's record is its line there."""
    n = len(rows)
    raw = RawForm(
        name=name,
        columns={c: Text.of([row.get(c, "") for row, _ in rows]) for c in columns},
        files=(_file(rows[0][1].file if rows else file),),
        specs=(),
        file=np.zeros(n, np.int32),
        record=np.array([ref.line for _, ref in rows], np.int32),
    )
    nobody = {name: Text.empty(n) for name in _IDENTIFIERS}
    return Form(raw, np.full(n, -1, np.int32), nobody, np.ones(n, np.bool_), ())


def _subjects(design: Design, subjects: tuple[str, ...]) -> Form:
    """A row per subject and element, none of which counts yet."""
    size, n = len(design.elements), len(subjects)
    codes = np.repeat(np.arange(n, dtype=np.int32), size)
    raw = RawForm(
        name=OF_SUBJECT,
        columns={c: Text.empty(n * size) for c in BEGAN_COLUMNS},
        files=(_file(design.file),),
        specs=(),
        file=np.zeros(n * size, np.int32),
        record=np.tile(np.array([e.ref.line for e in design.elements], np.int32), n),
    )
    people = Text.of(subjects).take(codes)
    identifiers = {"USUBJID": people, "SITEID": Text.empty(len(codes)), "SUBJID": Text.empty(len(codes))}
    return Form(raw, codes, identifiers, np.zeros(n * size, np.bool_), ())


def _file(path: str) -> RawFile:
    return RawFile(path, None, None, "", 0, 0)
