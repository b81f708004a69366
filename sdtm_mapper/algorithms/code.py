"""code: the terms and codes of a medical dictionary, from the coder's listing, else from a distribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from sdtm_mapper.algorithms.base import Outcome, Params, Problem, Reads, Rows, Verb
from sdtm_mapper.algorithms.code_listing import Entry, Listing, read_listing
from sdtm_mapper.algorithms.code_parts import (
    AUTOMATIC,
    CODER,
    DICTIONARIES,
    METHOD,
    UNCODED,
    VERBATIM,
    VERSION,
    Dictionary,
    declared_version,
    first_present,
    same_version,
)
from sdtm_mapper.algorithms.values import problems, typed
from sdtm_mapper.model.columns import Text, as_text
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import DomainSpec, Study, VariableSpec
from sdtm_mapper.standards.meddra import Lowest, Meddra

NOT_CODED, CONTRADICTED, BY_MACHINE, RETIRED, OTHER_VERSION = "COD001", "COD002", "COD003", "COD004", "COD005"


class CodeParams(Params):
    """`code: VERBATIM`: a variable of the domain, else a raw column (`form.COLUMN` is always the raw one).

    `listing` is the form with the coder's listing, `columns` its columns where they have other names than
    the usual. `part` says which variable of the family is meant where the name does not end in it.
    """

    code: str = Field(min_length=1)
    dictionary: Literal["meddra", "whodrug"] = "meddra"
    listing: str = ""
    columns: Mapping[str, str] = {}
    part: str = ""

    @field_validator("part")
    @classmethod
    def _upper(cls, value: str) -> str:
        return value.upper()

    @model_validator(mode="after")
    def _known(self) -> CodeParams:
        known = DICTIONARIES[self.dictionary]
        if strange := [c for c in self.columns if c not in known.columns]:
            raise ValueError(f"columns: '{strange[0]}' is not one of {', '.join(known.columns)}")
        if self.columns and not self.listing:
            raise ValueError("`columns` are of a `listing`, and none is named")
        if self.part and self.part not in known.all_parts:
            raise ValueError(f"part: '{self.part}' is not one of {', '.join(known.all_parts)}")
        if self.dictionary != "meddra" and not self.listing:
            raise ValueError(f"{known.name} is coded from a coder's `listing` alone, and none is named")
        return self

    @property
    def known(self) -> Dictionary:
        """What is known of the dictionary."""
        return DICTIONARIES[self.dictionary]


@dataclass(frozen=True)
class _Coded:
    """What became of one verbatim: cells by column of a listing, and findings as (rule, expected, detail)."""

    cells: Mapping[str, str]
    method: str = ""
    row: int = -1  # of the listing
    version: str = ""
    faults: tuple[tuple[str, str, str], ...] = ()


def part_of(params: CodeParams, target: VariableSpec) -> str | None:
    """Which variable of the family a variable is; None where it is none of the dictionary's."""
    part = params.part or target.name[2:]
    return part if part in params.known.all_parts else None


def apply(params: CodeParams, rows: Rows) -> Outcome:
    """The part of the family that the variable is. What nobody coded stays empty: no verbatim is copied.

    COD001 not coded, COD002 contradicted by the listing itself, COD003 coded automatically, COD004 by a
    retired term, COD005 another version; each is reported by one variable of the family.
    """
    part = part_of(params, rows.target)
    if part is None:
        raise UserError(f"{rows.target.ref}: {wrong_part(params, rows.target)}")
    raw = as_text(rows.own(params.code)).compact()
    version = declared_version(params.known, rows.study.dictionaries)
    listing, columns = _listing(params, part, rows)
    coder = _Coder(params, listing, rows.meddra if params.dictionary == "meddra" else None, version)
    coded = [coder.code(v) for v in raw.values.to_pylist()]
    at = np.array([c.row for c in coded] + [-1], np.int64)[raw.codes]
    column = Text.empty(0).recoded(raw.codes, [_cell(c, part, columns, version) for c in coded])
    named = params.columns.get(columns[-1], columns[-1]) if columns else part
    outcome = typed(column, rows.target.type, (named,))
    found = tuple(replace(p, form=params.listing, form_rows=at[p.rows]) for p in outcome.problems)
    how = None
    if rows.target.name == _reporter(params, rows.domain):
        found += _reported(params, raw, coded) + _other_version(params, raw, coded, at, version)
        how = Text.empty(0).recoded(raw.codes, [c.method or (UNCODED if c.faults else "") for c in coded])
    return Outcome(outcome.column, found, {params.listing: at} if listing is not None else {}, how)


def _listing(params: CodeParams, part: str, rows: Rows) -> tuple[Listing | None, tuple[str, ...]]:
    """The coder's listing, if it was delivered, and the columns that the part may come from."""
    columns = params.known.parts.get(part, ())
    table = rows.form_table(params.listing) if params.listing else None
    if table is None:
        return None, columns
    there = [c for c in columns if c in params.columns or c in table.columns]
    columns = (first_present(columns, there),) if columns else ()
    return read_listing(table, params.known, params.columns, columns), columns


def _cell(coded: _Coded, part: str, columns: tuple[str, ...], version: str) -> str:
    if part == METHOD:
        return coded.method
    if part == VERSION:
        return (coded.version or version) if coded.method else ""
    return next((found for c in columns if (found := coded.cells.get(c))), "")


@dataclass(frozen=True)
class _Coder:
    """The order in which a verbatim is looked up."""

    params: CodeParams
    listing: Listing | None
    meddra: Meddra | None
    version: str

    def code(self, verbatim: str) -> _Coded:
        """One verbatim."""
        if not verbatim.strip():
            return _Coded({})
        entry = self.listing.find(verbatim) if self.listing else None
        if entry is not None:
            return self._by_coder(entry)
        found = self.meddra.find(verbatim) if self.meddra else ()
        if len(found) == 1:
            return self._automatic(found[0])
        return _Coded({}, faults=((NOT_CODED, self._shown, self._why(len(found))),))

    @property
    def _shown(self) -> str:
        return f"{self.params.known.name} {self.version}".strip()

    def _why(self, terms: int) -> str:
        why = ["not in the coder's listing"] if self.listing else []
        if self.meddra:
            why.append(
                "several lowest level terms have its name" if terms else "no lowest level term has its name"
            )
        return " and ".join(why) or "there is neither a coder's listing nor a dictionary"

    def _by_coder(self, entry: Entry) -> _Coded:
        if entry.several:
            told = "; ".join(", ".join(filter(None, c)) or "no code" for c in entry.codings)
            return _Coded({}, row=entry.row, faults=((CONTRADICTED, "", told),))
        if not entry.cells[self.params.known.term]:
            told = "in the coder's listing without a term"
            return _Coded({}, row=entry.row, faults=((NOT_CODED, self._shown, told),))
        return _Coded(entry.cells, CODER, entry.row, entry.version)

    def _automatic(self, found: Lowest) -> _Coded:
        path, llt = found.path, found.llt
        levels = {"LLT": llt, "PT": path.pt, "HLT": path.hlt, "HLGT": path.hlgt, "SOC": path.soc}
        cells = {name: level.name for name, level in levels.items()}
        cells |= {f"{name}CD": level.code for name, level in levels.items()}
        cells |= {"BODSYS": path.soc.name, "BDSYCD": path.soc.code}
        told = f"{path.pt.name} ({path.pt.code}), {path.soc.name}"
        faults = [(BY_MACHINE, told, "")]
        if not found.current:
            faults.append((RETIRED, f"{llt.name} ({llt.code})", ""))
        return _Coded(cells, AUTOMATIC, faults=tuple(faults))


def _reported(params: CodeParams, raw: Text, coded: list[_Coded]) -> tuple[Problem, ...]:
    found: tuple[Problem, ...] = ()
    for rule in (NOT_CODED, CONTRADICTED, BY_MACHINE, RETIRED):
        told = [next(((e, d) for r, e, d in c.faults if r == rule), None) for c in coded]
        expected = Text.empty(0).recoded(raw.codes, [t and t[0] for t in told])
        detail = Text.empty(0).recoded(raw.codes, [t and t[1] for t in told])
        bad = raw.hits([t is not None for t in told])
        found += problems(rule, bad, (params.code,), (raw,), expected, detail)
    return found


def _other_version(
    params: CodeParams, raw: Text, coded: list[_Coded], at: Any, version: str
) -> tuple[Problem, ...]:
    """COD005: terms of a listing that is of another version than the study declares."""
    told = [c.version for c in coded]
    differs = [bool(v) and bool(version) and not same_version(v, version, params.known) for v in told]
    shown = Text.empty(0).recoded(raw.codes, told)
    name = params.columns.get(VERSION, VERSION)
    found = problems(OTHER_VERSION, raw.hits(differs), (name,), (shown,), version, params.known.name)
    return tuple(replace(p, form=params.listing, form_rows=at[p.rows]) for p in found)


def _reporter(params: CodeParams, domain: DomainSpec) -> str:
    """The variable that reports for all that are made by the same call: --DECOD, else the first there is."""
    ranks = {part: i for i, part in enumerate(params.known.all_parts)}
    alike = params.model_copy(update={"part": ""})
    found = [
        (ranks.get(part_of(call.params, v) or "", len(ranks)), v.name)
        for v in (*domain.variables, *(s.variable for s in domain.supplemental))
        for call in v.branches
        if call.verb == "code" and call.params.model_copy(update={"part": ""}) == alike
    ]
    return min(found)[1]


def dictionaries_of(study: Study) -> tuple[str, ...]:
    """Names of the dictionaries that a study's variables are coded in."""
    return tuple(
        dict.fromkeys(
            call.params.known.name
            for domain in study.domains
            for v in (*domain.variables, *(s.variable for s in domain.supplemental))
            for call in v.branches
            if call.verb == "code"
        )
    )


def reads(params: CodeParams, target: VariableSpec) -> Reads:
    """The verbatim, and of the listing the verbatim, the variable's column and the version."""
    part = part_of(params, target) or ""
    named = [c for c in params.known.parts.get(part, ()) if c in params.columns]
    wanted = (VERBATIM, *(named or params.known.parts.get(part, ())), VERSION)
    columns = [f"{params.listing}.{params.columns.get(c, c)}" for c in wanted] if params.listing else []
    return Reads(names=(params.code,), own=(params.code,), columns=tuple(columns))


def wrong_part(params: CodeParams, target: VariableSpec) -> str:
    """What to say of a variable that the dictionary does not fill."""
    parts = ", ".join(params.known.all_parts)
    return f"{target.name} uses code, which in {params.known.name} makes --{parts}; name one with `part`"


def sentence(params: CodeParams, target: VariableSpec) -> str:
    """For Define-XML."""
    part, name = part_of(params, target), params.known.name
    if part == METHOD:
        return f"How {params.code} was coded in {name}: {CODER} or {AUTOMATIC} (by a term of the same name)."
    if part == VERSION:
        return f"The version of {name} that {params.code} is coded in."
    machine = "a lowest level term of the same name"
    if not params.listing:
        return f"{params.code} coded in {name} by {machine}."
    more = f"; text that the coder's listing lacks by {machine}" if params.dictionary == "meddra" else ""
    return f"{params.code} coded in {name} by the coder{more}."


VERB = Verb(
    "code",
    CodeParams,
    "row",
    apply,
    reads,
    sentence,
    origin="Assigned",
    once=(NOT_CODED, CONTRADICTED, BY_MACHINE, RETIRED, OTHER_VERSION),
)
