"""The trial summary of design.yaml: parameters with their values, codes and null flavours."""

from __future__ import annotations

from collections.abc import Sequence

from sdtm_mapper.model.design import NULL_FLAVORS, Derived, Parameter
from sdtm_mapper.model.study import DomainSpec, SpecRef
from sdtm_mapper.study.checks import check_variable
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.schema_design import DesignFile, ParameterModel
from sdtm_mapper.study.terminology import Terms
from sdtm_mapper.study.variables import check_name, read_condition
from sdtm_mapper.study.yamltext import Doc, Path

CODES, NAMES = "TSPARMCD", "TSPARM"
CDISC = "CDISC CT"
_DATA = ("min", "max", "count")
_SOURCES = (*_DATA, "delivery", "study")


def read_summary(
    file: DesignFile, doc: Doc, terms: Terms, version: str, faults: Faults
) -> tuple[Parameter, ...]:
    """All values in the order of the file."""
    out = []
    for code, values in file.summary.items():
        check_name(code, doc.key(("summary", code)), faults)
        for i, value in enumerate(values):
            path: Path = ("summary", code, i)
            path = path if doc.has(path) else path[:-1]
            out.append(_Reader(code, value, path, doc, terms, version, faults).parameter())
    return tuple(out)


class _Reader:
    """One value of one parameter."""

    def __init__(
        self,
        code: str,
        model: ParameterModel,
        path: Path,
        doc: Doc,
        terms: Terms,
        version: str,
        faults: Faults,
    ) -> None:
        self.code, self.model, self.path, self.doc = code, model, path, doc
        self.terms, self.version, self.faults = terms, version, faults

    @property
    def where(self) -> SpecRef:
        """The value's place; of one text, its parameter's."""
        return self.doc.at(self.path) if isinstance(self.path[-1], int) else self.doc.key(self.path)

    def parameter(self) -> Parameter:
        """The value with its codes."""
        m = self.model
        derived = self._derived()
        if m.null and m.null not in NULL_FLAVORS:
            message = f"{self.code}: '{m.null}' is no null flavour of ISO 21090"
            self._fault("null", "SPEC005", message, m.null, NULL_FLAVORS)
        if m.value and m.null:
            self._fault("null", "SPEC049", f"{self.code}: has a value and a null flavour; keep one")
        if not m.value and not derived and not m.null:
            self._fault("", "SPEC049", f"{self.code}: has neither a value nor `null`, which says why")
        if derived and derived.how not in ("count", "study") and not m.null:
            self._fault("", "SPEC049", f"{self.code}: say `null` for the time when there is no value yet")
        code, dictionary, version = self._coded()
        return Parameter(
            self.code,
            self._name(),
            m.value,
            m.null,
            code,
            dictionary,
            version,
            m.group,
            derived,
            m.final,
            self.where,
        )

    def _fault(self, key: str, rule: str, message: str, given: str = "", among: Sequence[str] = ()) -> None:
        where = self.doc.at((*self.path, key)) if key else self.where
        self.faults.add(where, rule, message, given, among)

    def _derived(self) -> Derived | None:
        m = self.model
        said = [s for s in _SOURCES if getattr(m, s) is not None]
        if len(said) > 1 or (said and m.value):
            self._fault("", "SPEC049", f"{self.code}: takes its value from one place, not from several")
        condition = read_condition(m.where, (*self.path, "where"), self.doc, self.faults)
        if m.where is not None and not any(s in _DATA for s in said):
            self._fault("where", "SPEC004", f"{self.code}: `where` goes with min, max or count")
        if not said:
            return None
        source = getattr(m, said[0])
        if said[0] in _DATA and "." not in source:
            self._fault(said[0], "SPEC005", f"{self.code}: '{source}' is not DOMAIN.VARIABLE")
        return Derived(said[0], source, condition)  # type: ignore[arg-type]

    def _name(self) -> str:
        """TSPARM: as the study says, else the published name of the same concept."""
        codes, names = self.terms.codelist(CODES), self.terms.codelist(NAMES)
        if self.model.name or codes is None or names is None:
            return self.model.name
        term = codes.by_value.get(self.code)
        published = next((t.value for t in names.terms if term is not None and t.code == term.code), "")
        if not published:
            message = f"summary: '{self.code}' is no term of codelist {CODES}; if it is yours, say its `name`"
            where = self.doc.key(("summary", self.code))
            self.faults.add(where, "SPEC042", message, self.code, codes.by_value)
        return published

    def _coded(self) -> tuple[str, str, str]:
        """TSVALCD, TSVCDREF, TSVCDVER."""
        m = self.model
        if not m.codelist:
            return m.code, m.dictionary, m.version
        listed = self.terms.code(m.codelist, self.doc.at((*self.path, "codelist")), self.faults)
        found = self.terms.codelist(listed) if listed else None
        if found is None:
            return "", "", ""
        for key in ("code", "dictionary", "version"):
            if getattr(m, key):
                self._fault(key, "SPEC049", f"{self.code}: `codelist` says {key}; leave it out")
        term = found.by_value.get(m.value)
        if term is None:
            message = f"{self.code}: '{m.value}' is no term of codelist {m.codelist}"
            self._fault("value", "SPEC042", message, m.value, [*found.by_value])
            return "", "", ""
        return term.code, CDISC, self.version


def check_summary(summary: Sequence[Parameter], domains: Sequence[DomainSpec], faults: Faults) -> None:
    """SPEC034 for values of variables that the study's domains do not have."""
    by_name = {d.name: d for d in domains}
    for parameter in summary:
        derived = parameter.derived
        if derived is not None and derived.how in _DATA and "." in derived.source:
            check_variable(derived.source, by_name, parameter.ref, faults)
