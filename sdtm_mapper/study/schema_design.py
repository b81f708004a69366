"""design.yaml as pydantic models: text in, typed fields out."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sdtm_mapper.study.schema import Flag, Number, SpecFile, SpecModel, Whole, Words

DURATION = r"^P(?!$)([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(T(?!$)([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$"
MOMENT = re.compile(r"(?:(?:(day)|([0-9]{1,4}) days) after )?([A-Z][A-Z0-9]\.[A-Z][A-Z0-9_]{0,7})")


def _moment(value: Any) -> Any:
    if isinstance(value, str) and not MOMENT.fullmatch(value):
        raise ValueError(
            f"'{value}' is not DOMAIN.VARIABLE, `day after DOMAIN.VARIABLE` or `N days after DOMAIN.VARIABLE`"
        )
    return value


def _window(value: Any) -> Any:
    """One number of days for both sides, or two: before and after."""
    if isinstance(value, str):
        return {"before": value, "after": value}
    if isinstance(value, list) and len(value) == 2:
        return {"before": value[0], "after": value[1]}
    return value


def _duration(value: Any) -> Any:
    if isinstance(value, str) and not re.match(DURATION, value):
        raise ValueError(f"'{value}' is no ISO 8601 duration such as P28D")
    return value


MomentText = Annotated[str, BeforeValidator(_moment, json_schema_input_type=str)]
Duration = Annotated[str, BeforeValidator(_duration, json_schema_input_type=str)]


class WindowModel(SpecModel):
    """Days that something may be early and late."""

    before: Whole
    after: Whole


Window = Annotated[
    WindowModel | None, BeforeValidator(_window, json_schema_input_type=int | list[int] | WindowModel)
]


class ElementModel(SpecModel):
    """A planned element, by its ETCD."""

    element: str = Field(min_length=1)
    start: str = Field(min_length=1)
    end: str = ""
    duration: Duration = ""
    starts: MomentText | None = None


class CellModel(SpecModel):
    """An element in its place of an arm."""

    element: str
    epoch: str
    branch: str = ""
    transition: str = ""


class ArmModel(SpecModel):
    """An arm: its name and its cells in order."""

    arm: str = Field(min_length=1)
    cells: tuple[CellModel, ...] = Field(min_length=1)


class PlannedVisitModel(SpecModel):
    """A planned visit."""

    visit: str = Field(min_length=1)
    number: Number
    day: Number | None = None
    names: Words = ()
    start: str = Field(min_length=1)
    end: str = ""
    window: Window = None
    arms: Words = ()


class UnscheduledModel(SpecModel):
    """Which raw visits are unscheduled, and the form that numbers them."""

    form: str
    visit: str
    date: str
    names: Annotated[Words, Field(min_length=1)]


class CriterionModel(SpecModel):
    """A criterion, or one of its wordings."""

    category: Literal["INCLUSION", "EXCLUSION"]
    subcategory: str = ""
    text: str = Field(min_length=1)
    rule: str = ""
    versions: Words = ()
    check: dict[str, Any] = Field(default_factory=dict)


def _several(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Wordings = Annotated[
    tuple[CriterionModel, ...],
    Field(min_length=1),
    BeforeValidator(_several, json_schema_input_type=CriterionModel | list[CriterionModel]),
]


class AssessmentModel(SpecModel):
    """What is due at which visits."""

    domain: str = ""
    tests: Words = ()
    visits: Annotated[Words, Field(min_length=1)]
    window: Window = None
    condition: str = ""


class ParameterModel(SpecModel):
    """One value of a trial summary parameter, or how it comes from data, delivery or study."""

    value: str = ""
    name: str = ""
    null: str = ""
    codelist: str = ""
    code: str = ""
    dictionary: str = ""
    version: str = ""
    group: str = ""
    min: str | None = None
    max: str | None = None
    count: str | None = None
    where: str | None = None
    delivery: Literal["cutoff", "extracted", "locked", "snapshot"] | None = None
    study: Literal["id", "title", "protocol", "sdtmig", "sdtm", "terminology", "arms"] | None = None
    final: Flag | None = None


def _values(value: Any) -> Any:
    """One text or mapping, or a list of them."""
    many = value if isinstance(value, list) else [value]
    return [{"value": one} if isinstance(one, str) else one for one in many]


Values = Annotated[
    tuple[ParameterModel, ...],
    Field(min_length=1),
    BeforeValidator(_values, json_schema_input_type=str | ParameterModel | list[str | ParameterModel]),
]


class DesignFile(SpecFile):
    """design.yaml."""

    epochs: Annotated[Words, Field(min_length=1)]
    elements: dict[str, ElementModel] = Field(default_factory=dict)
    arms: dict[str, ArmModel] = Field(default_factory=dict)
    visits: tuple[PlannedVisitModel, ...] = ()
    unscheduled: UnscheduledModel | None = None
    protocol_versions: Words = ()
    criteria: dict[str, Wordings] = Field(default_factory=dict)
    schedule: dict[str, AssessmentModel] = Field(default_factory=dict)
    summary: dict[str, Values] = Field(default_factory=dict)
    participation_ends: MomentText = "DM.RFPENDTC"
    checks: dict[str, dict[str, str]] = Field(default_factory=dict)


class DesignSalvage(DesignFile):
    """A design.yaml with faults."""

    schema_: Literal["1"] = Field(default="1", alias="schema")
    epochs: Words = ()
