"""Checks over all domains: names that verbs and conditions read, reasons for columns, cycles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sdtm_mapper.algorithms.code import part_of, wrong_part
from sdtm_mapper.algorithms.conditions import names as condition_names
from sdtm_mapper.algorithms.graph import Cycle, order, variables_of
from sdtm_mapper.model.study import Condition, DomainSpec, FormSpec, SpecRef
from sdtm_mapper.study.designed import block_names
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.toolbox import GuideLike, Library
from sdtm_mapper.study.yamltext import Doc

Forms = Mapping[str, tuple[FormSpec, ...]]


def check_reads(
    domains: Sequence[DomainSpec], forms: Forms, guide: GuideLike, library: Library, faults: Faults
) -> None:
    """SPEC034 for a name that can be no raw column and is no variable. Plain names may be raw columns:
    only the data can tell, so the mapping judges them.
    """
    by_name = {d.name: d for d in domains}
    for domain in domains:
        local = {b.form for b in domain.records} | {j.form for b in domain.records for j in b.joins}
        made = [block_names(b) for b in domain.records]
        columns = frozenset().union(*made) if made and all(made) else None
        own = [v.name for v in variables_of(domain)]
        for name, where in _names(domain, library):
            prefix, _, rest = name.partition(".")
            if columns is not None and not rest and name not in (*columns, *own):
                message = f"'{name}' is no column of the records and no variable of {domain.name}"
                faults.add(where, "SPEC034", message, name, columns)
            if not rest or prefix in local:
                continue
            if prefix in by_name:
                _check_variable(prefix, rest, by_name[prefix], where, faults)
            elif prefix in forms:
                message = f"'{name}': form {prefix} is neither the record's form nor joined to it"
                faults.add(where, "SPEC034", message)
            elif guide.dataset(prefix) is not None:
                faults.add(where, "SPEC034", f"'{name}': this study has no domain {prefix}", prefix, by_name)
        for name, where in _whole(domain, library):
            prefix, _, rest = name.partition(".")
            if prefix in by_name:
                _check_variable(prefix, rest, by_name[prefix], where, faults)
            elif prefix not in forms or not rest:
                message = (
                    f"'{name}': there is no domain or form '{prefix}'; write DOMAIN.VARIABLE or form.COLUMN"
                )
                faults.add(where, "SPEC034", message, prefix, [*by_name, *forms])


def check_variable(name: str, domains: Mapping[str, DomainSpec], where: SpecRef, faults: Faults) -> None:
    """SPEC034 where DOMAIN.VARIABLE is none of the study's."""
    prefix, _, rest = name.partition(".")
    if prefix not in domains:
        faults.add(where, "SPEC034", f"'{name}': this study has no domain {prefix}", prefix, domains)
    else:
        _check_variable(prefix, rest, domains[prefix], where, faults)


def _check_variable(prefix: str, rest: str, domain: DomainSpec, where: SpecRef, faults: Faults) -> None:
    known = [v.name for v in variables_of(domain)]
    if rest not in known:
        faults.add(where, "SPEC034", f"{prefix} has no variable '{rest}'", rest, known)


def _names(domain: DomainSpec, library: Library) -> Iterator[tuple[str, SpecRef]]:
    """Names that are resolved for each record."""
    for block in domain.records:
        yield from _of(block.keep)
        for join in block.joins:
            yield from _of(join.keep)
    for variable in variables_of(domain):
        for call in variable.branches:
            for name in library.verbs[call.verb].reads(call.params, variable).names:
                yield name, call.ref
            yield from _of(call.condition)


def _of(condition: Condition | None) -> Iterator[tuple[str, SpecRef]]:
    for name in condition_names(condition.tree) if condition else ():
        yield name, condition.ref  # type: ignore[union-attr]


def _whole(domain: DomainSpec, library: Library) -> Iterator[tuple[str, SpecRef]]:
    """Names that are read over all rows of a domain or form."""
    for variable in variables_of(domain):
        for call in variable.branches:
            reads = library.verbs[call.verb].reads(call.params, variable)
            for name in dict.fromkeys((*reads.variables, *reads.columns)):
                yield name, call.ref


def check_coding(
    domains: Sequence[DomainSpec], declared: Mapping[str, str], where: SpecRef, faults: Faults
) -> None:
    """SPEC005 for a variable that a dictionary does not fill; SPEC004 for a dictionary without its version."""
    used: dict[str, str] = {}
    for domain in domains:
        for variable in variables_of(domain):
            for call in variable.branches:
                if call.verb == "code":
                    used.setdefault(call.params.known.name, f"{domain.name}.{variable.name}")
                    if part_of(call.params, variable) is None:
                        faults.add(call.ref, "SPEC005", wrong_part(call.params, variable))
    for name, first in used.items():
        if not declared.get(name, "").strip():
            message = f"dictionaries: the version of {name} is missing, in which {first} is coded"
            faults.add(where, "SPEC004", message, name, declared)


def check_columns(reasons: Mapping[str, str], doc: Doc, forms: Forms, faults: Faults) -> None:
    """`not_submitted` names FORM.COLUMN of a form that is there."""
    for name in reasons:
        form, _, column = name.partition(".")
        where = doc.key(("not_submitted", name))
        if not column:
            faults.add(where, "SPEC005", f"not_submitted: '{name}' is not form.COLUMN")
        elif form not in forms:
            faults.add(where, "SPEC013", f"not_submitted: there is no form '{form}'", form, forms)
        if not reasons[name].strip():
            faults.add(where, "SPEC004", f"not_submitted: {name} needs a reason")


def check_cycles(
    domains: Sequence[DomainSpec],
    forms: Forms,
    library: Library,
    faults: Faults,
    moments: Sequence[str] = (),
) -> None:
    """SPEC036 where variables wait for each other. `moments`: what elements of subjects begin and end with."""
    raw = {d.name: _raw_names(d, forms, library) for d in domains}
    result = order(domains, library.verbs, lambda domain, name: name in raw[domain], moments)
    if not isinstance(result, Cycle):
        return
    by_name = {d.name: d for d in domains}
    domain, _, variable = result.path[0].partition(".")
    where = next(v.ref for v in variables_of(by_name[domain]) if v.name == variable)
    faults.add(where, "SPEC036", f"these variables wait for each other: {result}")


def _raw_names(domain: DomainSpec, forms: Forms, library: Library) -> frozenset[str]:
    """Names that the spec itself shows to be raw columns; only the data knows the others."""
    names: set[str] = set()
    for block in domain.records:
        names |= block_names(block)
        for form in forms.get(block.form, ()):
            names |= {*form.dates, *form.row_key, *form.rename.values(), *form.constants, *form.identifiers}
            names |= {n for n in (form.subject, form.site_column, form.cutoff) if n}
        for item in block.unpivot:
            names |= {"item", "value", item.column, *item.fields, *item.also}
            names |= {v for v in item.fields.values() if not v.startswith("=")}
        names |= {*block.columns, *(v for v in block.columns.values() if not v.startswith("="))}
        for pick in (block.pick, domain.pick):
            names |= {pick.by, *pick.per} if pick else set()
        names |= {*block.distinct, *(ours for j in block.joins for ours, _ in j.on)}
    for variable in variables_of(domain):
        for call in variable.branches:
            if variable.name in library.verbs[call.verb].reads(call.params, variable).names:
                names.add(variable.name)
    return frozenset(names)
