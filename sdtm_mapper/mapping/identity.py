"""Who the rows of raw forms are about: USUBJID, SITEID and SUBJID, once for each subject as delivered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import regex

from sdtm_mapper.algorithms.conditions.evaluate import REGEX_SECONDS
from sdtm_mapper.mapping.aliases import Named, first_identities, padded
from sdtm_mapper.model.columns import Mask, Numbers, Text, choose, distinct_rows
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.raw import RawForm
from sdtm_mapper.model.study import FormSpec, Study

SHORT = 16  # characters that no pattern can take long on; a time limit costs more than such a match
_NAME = re.compile(r"\{(\w+)\}")


def spec_masks(raw: RawForm, key: Any) -> list[tuple[Mask | None, FormSpec]]:
    """The rows that share what `key` says of their file's spec; None where all do."""
    keys = [key(s) for s in raw.specs]
    distinct = list(dict.fromkeys(keys))
    if len(distinct) <= 1:
        return [(None, raw.specs[0])] if raw.specs else []
    code = np.array([distinct.index(k) for k in keys])[raw.file]
    return [(code == i, raw.specs[keys.index(k)]) for i, k in enumerate(distinct)]


@dataclass(frozen=True)
class _Share:
    """The rows of a form whose files' specs say the same of subject and site, as delivered."""

    form: str
    rows: npt.NDArray[np.int64]
    spec: FormSpec
    subject: Text
    site: Text


@dataclass(frozen=True)
class _Identities:
    """What each distinct (pattern, subject, site) is called; empty for what cannot be said."""

    usubjid: Text
    site: Text
    subject: Text
    parts: tuple[Text, ...]  # what the template was filled with


def identify(
    study: Study, raws: Mapping[str, RawForm]
) -> tuple[dict[str, dict[str, Text]], tuple[str, ...], Any]:
    """USUBJID, SITEID and SUBJID of all rows of all forms, all subjects, and findings.

    Each distinct (subject, site) is judged once, over all forms.

    Raises
    ------
    UserError
        For a subject pattern that takes too long on an identifier.
    """
    shares = [s for raw in raws.values() for s in _shares(raw)]
    pattern = Text.concat([Text.constant(s.spec.subject_pattern, len(s.rows)) for s in shares])
    pad = np.concatenate([np.zeros(0), *(np.full(len(s.rows), float(s.spec.subject_pad)) for s in shares)])
    subject = Text.concat([s.subject for s in shares]).map(str.strip)
    site = Text.concat([s.site for s in shares]).map(str.strip)
    first, codes = distinct_rows([pattern, pad, subject, site])
    made = _identities(study, pattern.take(first), pad[first], subject.take(first), site.take(first))
    numbers = {name: np.full(len(raw), -1, np.int32) for name, raw in raws.items()}
    start = 0
    for share in shares:
        numbers[share.form][share.rows] = codes[start : start + len(share.rows)]
        start += len(share.rows)
    places = {form: at.astype(np.int64) for form, at in numbers.items()}
    usubjid, wrong = first_identities(
        study.aliases, raws, places, Named(made.usubjid, made.site, made.subject)
    )
    table = {"USUBJID": usubjid, "SITEID": made.site, "SUBJID": made.subject}
    table = {name: column.compact().sorted() for name, column in table.items()}
    identified = {form: {k: t.take(at) for k, t in table.items()} for form, at in numbers.items()}
    return identified, tuple(table["USUBJID"].values.to_pylist()), all_findings([_shared(made), wrong])


def _shares(raw: RawForm) -> list[_Share]:
    out = []
    for mask, spec in spec_masks(raw, _named_by):
        rows = np.arange(len(raw)) if mask is None else np.flatnonzero(mask)
        subject = raw.columns.get(spec.subject or "", Text.empty(len(raw)))
        site = raw.columns.get(spec.site_column or "", Text.empty(len(raw)))
        if spec.site:
            site = Text.constant(spec.site, len(raw))
        out.append(_Share(raw.name, rows, spec, subject.take(rows), site.take(rows)))
    return out


def _named_by(spec: FormSpec) -> tuple[Any, ...]:
    """All of a form's spec that says who its subjects are."""
    return spec.subject, spec.subject_pattern, spec.subject_pad, spec.site, spec.site_column


def _identities(study: Study, pattern: Text, pad: Numbers, subject: Text, site: Text) -> _Identities:
    pieces = _NAME.split(study.usubjid)  # text, name, text, name, ..., text
    n = len(subject)
    fits = ~subject.is_empty
    said = {"STUDYID": Text.constant(study.id, n), "SITEID": site, "SUBJID": subject}
    for declared in pattern.distinct():
        here = pattern.equals(declared)
        matches, groups = _matched(regex.compile(declared), subject.where(here))
        fits &= matches | ~here
        for name, (held, text) in groups.items():  # the pattern wins over the form
            said[name] = choose(held & here, text, said.get(name, Text.empty(n)))
    for width in np.unique(pad[pad > 0]).astype(int).tolist():
        said["SUBJID"] = choose(pad == width, said["SUBJID"].map(partial(_filled, width)), said["SUBJID"])
    parts = tuple(said.get(name, Text.empty(n)) for name in pieces[1::2])
    woven = [
        pa.scalar(pieces[0]),
        *(x for p, t in zip(parts, pieces[2::2], strict=True) for x in (p.arrow(), t)),
    ]
    usubjid = Text.from_arrow(pc.binary_join_element_wise(*woven, "")).where(fits)  # null where a part is
    return _Identities(usubjid, said["SITEID"], said["SUBJID"].where(~usubjid.is_empty), parts)


def _matched(pattern: Any, subject: Text) -> tuple[Mask, dict[str, tuple[Mask, Text]]]:
    """Which subjects the pattern fits, and of each group where it says something, and what."""
    used = subject.compact()
    matches = [_fitted(pattern, v) for v in used.values.to_pylist()]
    groups = {}
    for name in pattern.groupindex:
        texts = [None if m is None else m[name] for m in matches]
        groups[name] = (used.hits([t is not None for t in texts]), used.remap(texts))
    return used.hits([m is not None for m in matches]), groups


def _filled(width: int, subject: str) -> str:
    return padded(subject, width)


def _fitted(pattern: Any, subject: str) -> Any:
    if len(subject) <= SHORT:
        return pattern.fullmatch(subject)
    try:
        return pattern.fullmatch(subject, timeout=REGEX_SECONDS)
    except TimeoutError:
        raise UserError(
            f"sources.yaml: the subject pattern {pattern.pattern!r} takes too long on one of the identifiers;"
            " make it simpler"
        ) from None


def _shared(made: _Identities) -> Any:
    """MAP040: a USUBJID that several sites give, or that the template makes of different parts."""
    named = np.flatnonzero(~made.usubjid.is_empty)
    first, _ = distinct_rows([c.take(named) for c in (made.usubjid, made.site, made.subject, *made.parts)])
    identities = made.usubjid.take(named[first])
    several = np.flatnonzero(identities.counts() > 1)
    tables = []
    for usubjid in sorted(identities.values.take(pa.array(several)).to_pylist()):
        rows = named[first[identities.equals(usubjid)]]
        sites, subjects = made.site.take(rows).strings(), made.subject.take(rows).strings()
        parts = set(zip(*(p.take(rows).strings() for p in made.parts), strict=True))
        if len({s for s in sites if s}) > 1 or len(parts) > 1:
            who = sorted(set(zip(sites, subjects, strict=True)))
            detail = "; ".join(f"site {s or 'unknown'}, subject {subject}" for s, subject in who)
            tables.append(
                findings("MAP040", variables=("USUBJID",), values=(usubjid,), usubjid=usubjid, detail=detail)
            )
    return all_findings(tables)
