"""The one signature of all verbs: what a verb reads, what it gives, and how Define-XML says it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from sdtm_mapper.model.columns import Column, Index, Mask, Text
from sdtm_mapper.model.standard import Codelist
from sdtm_mapper.model.study import Delivery, DomainSpec, FormSpec, Study, VariableSpec
from sdtm_mapper.standards.meddra import Meddra

Scope = Literal["row", "subject", "study"]


class Params(BaseModel):
    """Typed arguments of a verb as the spec writes them; the field named like the verb is what stands after it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Reads:
    """What a call reads.

    `names` are resolved for each record: a raw column, else a variable of the same domain, else
    DOMAIN.VARIABLE of the record's subject. `variables` (DOMAIN.VARIABLE) and `columns` (FORM.COLUMN)
    are read over all their rows. `dates_of_all`: every --DTC of every domain but the named variables.
    `own`: those of `names` that mean a variable of the domain even where a raw column is called the same.
    `optional`: variables of the domain that are read where it has them.
    """

    names: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    dates_of_all: tuple[str, ...] | None = None
    own: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Cells that a verb could not turn into a value; they become findings with the raw text."""

    rule: str
    rows: Index  # records in creation order
    columns: tuple[str, ...]  # names as the spec writes them
    values: tuple[Text, ...]  # one per column, aligned with rows
    expected: Text | str = ""
    detail: Text | str = ""
    form: str = ""  # where the cells are of another form than the records': that form,
    form_rows: Index | None = None  # and its row for each of `rows`


@dataclass(frozen=True)
class Outcome:
    """A verb's result on all records of the domain.

    `took`: of a form that was looked up, the row that each record's value is from; -1 where it is from none.
    `how`: a word for the way in which each value was found, for the run's count.
    """

    column: Column
    problems: tuple[Problem, ...] = ()
    took: Mapping[str, Index] = field(default_factory=dict)
    how: Text | None = None


@dataclass(frozen=True)
class Table:
    """Another domain, or a raw form, seen whole. `subject_codes` are those of `Rows.subject_codes`."""

    n: int
    subject_codes: Index
    get: Callable[[str], Column]
    is_date: Callable[[str], bool]  # whether a column holds ISO 8601 text
    columns: Collection[str] = ()  # names that `get` knows


@dataclass(frozen=True)
class Parents:
    """The record that each record is about: its domain, IDVAR and value; where there is none, or several."""

    domain: Text
    idvar: Text
    value: Text
    none: Mask
    several: Mask


class Rows(Protocol):
    """What a verb sees: the records of a domain in creation order, and the way to other data."""

    domain: DomainSpec
    target: VariableSpec

    @property
    def n(self) -> int:
        """Records."""

    @property
    def study(self) -> Study:
        """The study's spec."""

    @property
    def delivery(self) -> Delivery:
        """What arrived."""

    @property
    def subject_codes(self) -> Index:
        """One integer per record that is equal for records of one subject; -1 where there is no subject."""

    @property
    def subject_count(self) -> int:
        """How many subjects the study has: subject codes are below it."""

    def column(self, name: str) -> Column:
        """A raw column, else a variable of this domain, else DOMAIN.VARIABLE of the record's subject."""

    def text(self, name: str) -> Text:
        """The same, as text."""

    def own(self, name: str) -> Column:
        """A variable of this domain, else what `column` gives."""

    def date_specs(self, name: str) -> Sequence[tuple[Mask | None, FormSpec, str]]:
        """Who declares a raw column's date formats: (rows or None for all, form spec, its column)."""

    def parents(self) -> Parents:
        """The records of other domains that the blocks' `parent` finds."""

    def identifier(self, name: str) -> Text:
        """STUDYID, DOMAIN, USUBJID, SITEID or SUBJID of each record."""

    def domain_table(self, domain: str) -> Table | None:
        """Another domain whole; None where the study has none."""

    def form_table(self, form: str) -> Table | None:
        """A raw form whole, its declared date columns as ISO 8601; None where it was not delivered."""

    def codelist(self, code: str) -> Codelist | None:
        """A codelist by C-code, submission value or study.NAME, with the study's extensions."""

    @property
    def meddra(self) -> Meddra | None:
        """The user's MedDRA distribution; None where the run was given none."""


@dataclass(frozen=True)
class Verb:
    """One algorithm. `apply` works on whole columns; `sentence` is what Define-XML says of the method.

    `once`: rules whose problems are of a text and not of its records: those that say the same become one finding.
    """

    name: str
    params: type[Params]
    scope: Scope
    apply: Callable[[Any, Rows], Outcome]
    reads: Callable[[Any, VariableSpec], Reads]
    sentence: Callable[[Any, VariableSpec], str]
    origin: str = "Derived"  # Define-XML origin type where the spec says none
    once: tuple[str, ...] = ()
