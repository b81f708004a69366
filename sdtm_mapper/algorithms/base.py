"""The one signature of all verbs: what a verb reads, what it gives, and how Define-XML says it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from sdtm_mapper.model.columns import Column, Index, Mask, Text
from sdtm_mapper.model.standard import Codelist
from sdtm_mapper.model.study import DomainSpec, FormSpec, Study, VariableSpec

Scope = Literal["row", "subject", "study"]


class Params(BaseModel):
    """Typed arguments of a verb, as the spec writes them. The field named like the verb is what stands after it."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


@dataclass(frozen=True)
class Reads:
    """What a call reads: names as the spec writes them, resolved by the engine, and whole other columns."""

    names: tuple[
        str, ...
    ] = ()  # raw columns, or variables of the same domain, or DOMAIN.VARIABLE per subject
    variables: tuple[str, ...] = ()  # DOMAIN.VARIABLE read over all its records
    columns: tuple[str, ...] = ()  # FORM.COLUMN read over all its rows
    dates_of_all: tuple[str, ...] | None = None  # every --DTC of every domain but these variables


@dataclass(frozen=True)
class Problem:
    """Cells that a verb could not turn into a value: becomes findings with the raw text."""

    rule: str
    rows: Index  # records of the block, before sorting
    columns: tuple[str, ...]  # names as the spec writes them
    values: tuple[Text, ...]  # one per column, aligned with rows
    expected: Text | str = ""
    detail: Text | str = ""


@dataclass(frozen=True)
class Outcome:
    """A verb's result on the records it was asked for."""

    column: Column
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Table:
    """A form or domain seen whole: its columns, its subject, and the order of its rows."""

    subject: Text
    get: Callable[[str], Column]
    n: int


class Rows(Protocol):
    """What a verb sees: the records of a domain, in creation order, and the way to other data."""

    n: int
    study: Study
    domain: DomainSpec
    target: VariableSpec

    def column(self, name: str) -> Column:
        """A raw column, else a variable of this domain, else DOMAIN.VARIABLE of the record's subject."""

    def text(self, name: str) -> Text:
        """The same, as text."""

    def is_raw(self, name: str) -> bool:
        """Whether the name is a raw column on these records."""

    def date_specs(self, name: str) -> Sequence[tuple[Mask | None, FormSpec, str]]:
        """Who declares this raw column's date formats: (rows or None for all, form spec, column there)."""

    def subject(self) -> Text:
        """USUBJID."""

    def domain_table(self, domain: str) -> Table | None:
        """Another domain whole, or None where the study has none or it has no records."""

    def form_table(self, form: str) -> Table | None:
        """A raw form whole, or None where it was not delivered."""

    def form_dates(self, form: str, column: str) -> Outcome:
        """A raw form's date column as ISO 8601, by the form's declared formats."""

    def codelist(self, code: str) -> Codelist | None:
        """A codelist by C-code, submission value or study.NAME."""


@dataclass(frozen=True)
class Verb:
    """One algorithm. `apply` works on whole columns; `sentence` is what Define-XML says of the method."""

    name: str
    params: type[Params]
    scope: Scope
    apply: Callable[[Any, Rows], Outcome]
    reads: Callable[[Any, VariableSpec], Reads]
    sentence: Callable[[Any, VariableSpec], str]
    origin: str = "Derived"  # Define-XML origin type where the spec says none
    doc: str = ""
