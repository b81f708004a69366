"""Items of unpivot that are patterns: each delivered column that fits becomes an item of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import regex

from sdtm_mapper.algorithms.conditions.evaluate import REGEX_SECONDS
from sdtm_mapper.mapping.forms import Form, Forms
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import DomainSpec, Item, RecordsSpec, Study

_GROUP = re.compile(r"<(\w+)>")


def with_items(study: Study, forms: Forms) -> Study:
    """The study with every pattern of `unpivot` replaced by the delivered columns that fit it.

    Raises
    ------
    UserError
        For a pattern that takes too long on a column's name.
    """
    return replace(study, domains=tuple(_domain(d, forms) for d in study.domains))


def _domain(domain: DomainSpec, forms: Forms) -> DomainSpec:
    if not any(i.pattern for b in domain.records for i in b.unpivot):
        return domain
    return replace(domain, records=tuple(_block(b, forms) for b in domain.records))


def _block(block: RecordsSpec, forms: Forms) -> RecordsSpec:
    form = forms.by_name.get(block.form)
    if form is None or not any(i.pattern for i in block.unpivot):
        return block
    taken = {i.column for i in block.unpivot if not i.pattern} | _identity(form)
    items: list[Item] = []
    for item in block.unpivot:
        found = _fitting(item, block, form, forms, taken) if item.pattern else (item,)
        taken |= {i.column for i in found}
        items += found or (item,)  # a pattern that no column fits stays, and is said to be unknown
    return replace(block, unpivot=tuple(items))


def _identity(form: Form) -> set[str]:
    """Columns that say whose a row is, or which: they are never items."""
    specs = form.raw.specs
    return {c for s in specs for c in (s.subject, s.site_column, *s.row_key) if c}


def _fitting(item: Item, block: RecordsSpec, form: Form, forms: Forms, taken: set[str]) -> tuple[Item, ...]:
    """An item for each column that fits, in the order of the file; a column that one of them names is none."""
    pattern = regex.compile(item.column[1:-1])
    found: list[Item] = []
    for column in form.raw.columns:
        if column not in taken and (groups := _groups(pattern, column, block)) is not None:
            fields = {n: _known(_filled(v, groups), block, form, forms) for n, v in item.fields.items()}
            also = (_filled(n, groups) for n in item.also)
            known = tuple(n for n in also if n in fields or _known(n, block, form, forms) != "=")
            found.append(Item(column, fields, known))
    named = {c for i in found for c in (*i.fields.values(), *i.also) if c != i.column}
    return tuple(i for i in found if i.column not in named)


def _groups(pattern: regex.Pattern[str], column: str, block: RecordsSpec) -> Mapping[str, str] | None:
    try:
        match = pattern.fullmatch(column, timeout=REGEX_SECONDS)
    except TimeoutError:
        raise UserError(
            f"{block.ref}: the pattern {pattern.pattern!r} takes too long on a column's name; make it simpler"
        ) from None
    return None if match is None else {k: v or "" for k, v in match.groupdict().items()}


def _filled(text: str, groups: Mapping[str, str]) -> str:
    return _GROUP.sub(lambda m: groups.get(m[1], m[0]), text)


def _known(source: str, block: RecordsSpec, form: Form, forms: Forms) -> str:
    """The source, or an empty constant where no form of the block has the column."""
    if source.startswith("=") or source in form.raw.columns:
        return source
    name, _, column = source.partition(".")
    joined = [forms.by_name[j.form] for j in block.joins if j.form == name and j.form in forms.by_name]
    own = [form] if name == form.name else []
    return source if any(column in f.raw.columns for f in (*own, *joined)) else "="
