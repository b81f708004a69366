"""Raw forms made ready: who each row's subject is, which rows take part, dates as ISO 8601."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sdtm_mapper.algorithms.conditions.evaluate import Meaning
from sdtm_mapper.algorithms.dates import compile_formats, interval
from sdtm_mapper.mapping.identity import identify
from sdtm_mapper.mapping.identity import spec_masks as spec_masks  # rows.py has it from here
from sdtm_mapper.model.columns import Index, Mask, Text
from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.raw import RawForm
from sdtm_mapper.model.study import Delivery, Study, VariableSpec


@dataclass(frozen=True)
class Form:
    """A raw form with its subjects. `alive` marks the rows that may become records."""

    raw: RawForm
    subject_codes: npt.NDArray[np.int32]  # into the study's subjects, sorted by USUBJID; -1 none
    identifiers: Mapping[str, Text]  # USUBJID, SITEID, SUBJID
    alive: Mask
    excluded: tuple[tuple[str, str, Mask], ...]  # (status, reason, rows) in the order they were judged
    dates: dict[str, Text] = field(default_factory=dict, compare=False)  # cache

    @property
    def name(self) -> str:
        """Form name."""
        return self.raw.name

    def iso(self, column: str) -> Text:
        """A date column as ISO 8601 by its declared formats; any other column as it is."""
        if column not in self.dates:
            self.dates[column] = _iso(self.raw, column)
        return self.dates[column]


@dataclass(frozen=True)
class Forms:
    """All forms of a delivery, with one code per subject over all of them."""

    by_name: Mapping[str, Form]
    subjects: tuple[str, ...]  # USUBJID, sorted
    findings: Any
    meaning: Meaning | None = None  # what raw texts mean, for conditions


def prepare_forms(study: Study, raws: Mapping[str, RawForm], delivery: Delivery) -> Forms:
    """Give each row its subject, and judge which rows take part.

    A row without a subject, or whose subject does not fit the declared pattern, is rejected (MAP011);
    a row dated after the cut-off is excluded. Where the cut-off date is no date that can be read, the row
    stays and is MAP041.

    Raises
    ------
    UserError
        For a subject pattern that takes too long on an identifier.
    """
    parts, subjects, shared = identify(study, raws)
    out: dict[str, Form] = {}
    tables = [shared]
    for name, raw in raws.items():
        ids = parts[name]
        subject_codes = ids["USUBJID"].codes  # the distinct values are the subjects, sorted
        wants = any(s.subject for s in raw.specs)
        nobody = (subject_codes < 0) if wants else np.zeros(len(raw), np.bool_)
        judged = [("rejected", "the subject is missing or does not fit the declared pattern", nobody)]
        if nobody.any():
            tables.append(_no_subject(raw, nobody))
        late = np.zeros(len(raw), np.bool_)
        if delivery.cutoff:
            late, unread = _after_cutoff(raw, delivery.cutoff)
            if (unread & ~nobody).any():
                tables.append(_not_dated(raw, unread & ~nobody, delivery.cutoff, ids["USUBJID"]))
        judged.append(("excluded", f"after the cut-off {delivery.cutoff}", late & ~nobody))
        out[name] = Form(raw, subject_codes, ids, ~(nobody | late), tuple(judged))
    return Forms(out, subjects, all_findings(tables))


def _overlay(parts: list[Text], n: int) -> Text:
    if not parts:
        return Text.empty(n)
    out = Text.concat(parts)
    stacked = out.codes.reshape(len(parts), n)
    return Text(np.max(stacked, axis=0), out.values)


def _no_subject(raw: RawForm, rows: Mask) -> Any:
    at = np.flatnonzero(rows)
    tables = []
    for mask, spec in spec_masks(raw, lambda s: s.subject):
        here = at if mask is None else at[mask[at]]
        if spec.subject is None or not len(here):
            continue
        cells = raw.columns.get(spec.subject, Text.empty(len(raw))).take(here)
        paths = Text.of([f.path for f in raw.files]).take(raw.file[here])
        tables.append(
            findings(
                "MAP011",
                n=len(here),
                values=(cells,),
                variables=(spec.subject,),
                expected=spec.subject_pattern,
                raw_file=paths,
                raw_record=raw.record[here],
                raw_column=spec.subject,
            )
        )
    return all_findings(tables)


def _after_cutoff(raw: RawForm, cutoff: str) -> tuple[Mask, Mask]:
    """Rows after the cut-off, and rows whose text for it is no date that can be read."""
    out, unread = np.zeros(len(raw), np.bool_), np.zeros(len(raw), np.bool_)
    for mask, spec in spec_masks(raw, lambda s: (s.cutoff, s.dates.get(s.cutoff or ""), s.unknown)):
        if spec.cutoff is None or spec.cutoff not in raw.columns:
            continue
        here = np.ones(len(raw), np.bool_) if mask is None else mask
        dates = _iso(raw, spec.cutoff)
        firsts = [interval(v)[0] for v in dates.values.to_pylist()]
        out |= here & dates.hits([first[:10] > cutoff[:10] for first in firsts])
        unread |= here & dates.hits([not first for first in firsts])
        unread |= here & _unread(raw, spec.cutoff)[0]
    return out, unread


def _not_dated(raw: RawForm, rows: Mask, cutoff: str, usubjid: Text) -> Any:
    """MAP041: rows that the cut-off could not judge."""
    at = np.flatnonzero(rows)
    tables = []
    for mask, spec in spec_masks(raw, lambda s: s.cutoff):
        here = at if mask is None else at[mask[at]]
        if spec.cutoff is not None and len(here):
            tables.append(_of_rows("MAP041", raw, spec.cutoff, here, usubjid, expected=cutoff))
    return all_findings(tables)


def _of_rows(rule: str, raw: RawForm, column: str, rows: Index, usubjid: Text, **more: Any) -> Any:
    """Findings on raw cells of one column."""
    return findings(
        rule,
        n=len(rows),
        values=(raw.columns[column].take(rows),),
        raw_file=Text.of([f.path for f in raw.files]).take(raw.file[rows]),
        raw_record=raw.record[rows],
        raw_column=column,
        usubjid=usubjid.take(rows),
        **{"variables": (column,), **more},
    )


def unread_dates(form: Form, column: str, dataset: str, variable: VariableSpec) -> Any:
    """MAP005 for the rows of a form that take part and whose text fits no declared format of a date column."""
    bad, details = _unread(form.raw, column)
    at = np.flatnonzero(bad & form.alive)
    return _of_rows(
        "MAP005",
        form.raw,
        column,
        at,
        form.identifiers["USUBJID"],
        dataset=dataset,
        variables=(variable.name,),
        detail=details.take(at),
        spec_file=variable.ref.file,
        spec_line=variable.ref.line,
    )


def _unread(raw: RawForm, column: str) -> tuple[Mask, Text]:
    """Which cells of a date column fit no declared format, and what is wrong with each."""
    text = raw.columns.get(column, Text.empty(len(raw)))
    parts = [Text.empty(len(raw))]
    for mask, spec in spec_masks(raw, lambda s: (s.dates.get(column), s.unknown)):
        if declared := spec.dates.get(column):
            parse = compile_formats(declared, spec.unknown)
            problem = text.map(lambda v, parse=parse: parse(v).problem)  # type: ignore[misc]
            parts.append(problem if mask is None else problem.where(mask))
    details = _overlay(parts, len(raw))
    return ~details.is_empty, details


def _iso(raw: RawForm, column: str) -> Text:
    text = raw.columns.get(column, Text.empty(len(raw)))
    parts = []
    for mask, spec in spec_masks(raw, lambda s: (s.dates.get(column), s.unknown)):
        declared = spec.dates.get(column)
        iso = text
        if declared:
            parse = compile_formats(declared, spec.unknown)
            iso = text.map(lambda v, parse=parse: parse(v).iso)  # type: ignore[misc]
        parts.append(iso if mask is None else iso.where(mask))
    return _overlay(parts, len(raw))


def rows_by_key(codes: Index, wanted: Index) -> tuple[Index, Mask]:
    """For each wanted key the first row that has it (-1: none), and whether several have it."""
    codes, wanted = np.asarray(codes), np.asarray(wanted)
    if not len(codes):
        return np.full(len(wanted), -1, np.int64), np.zeros(len(wanted), np.bool_)
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    left = np.searchsorted(ordered, wanted, side="left")
    right = np.searchsorted(ordered, wanted, side="right")
    found = np.where(right > left, order[np.minimum(left, len(order) - 1)], -1)
    return found, (right - left) > 1
