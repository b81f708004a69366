"""Forms from the tables of their files: renamed, held against the spec, stripped of identifiers, stacked."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sdtm_mapper.model.columns import Text, group_codes
from sdtm_mapper.model.raw import RawForm
from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.sources.parsed import Flaw, Part, Table, distinct_names
from sdtm_mapper.sources.privacy import exposed_ids
from sdtm_mapper.sources.versions import current_rows

_OF_SOME_FORMS = ("dates", "decimal_comma")  # a site's defaults may name columns that not all its forms have
_COMMA = re.compile(
    r"(?P<sign>\s*[<>=≤≥≦≧＜＞]*\s*[+-]?)(?P<whole>[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]+)(?P<fraction>,[0-9]+)?\s*"
)

Flaws = list[tuple[str, FormSpec, Flaw]]  # (file, spec, what is wrong)


def build_form(name: str, parts: Sequence[Part]) -> tuple[RawForm, Flaws]:
    """Stack a form's files by column name; identifiers are counted and left out."""
    flaws: Flaws = []
    renamed = []
    for part in parts:
        table, found = _rename(part.table, part.spec)
        table, twice = _with_constants(table, part.spec)
        found += twice
        found += _absent(part.table, table, part.spec)
        table, unclear = _with_points(table, part.spec)
        found += unclear
        flaws += [(part.file.path, part.spec, f) for f in found]
        renamed.append(replace(part, table=table))
    renamed, found_versions = current_rows(renamed)
    flaws += found_versions + _duplicate_keys(renamed)
    open_parts, counts = [], dict[str, int]()
    for part in renamed:
        secret = _identifiers(part.table, part.spec)
        for column in sorted(secret):
            filled = int((~part.table.columns[part.table.names.index(column)].is_empty).sum())
            counts[column] = counts.get(column, 0) + filled
        table = part.table.select([i for i, n in enumerate(part.table.names) if n not in secret])
        exposed = [
            replace(f, column=table.delivered.get(f.column or "", f.column)) for f in exposed_ids(table)
        ]
        flaws += [(part.file.path, part.spec, f) for f in exposed]
        given = {c: part.spec.constants_at.get(c, "") for c in sorted(table.constants)}
        file = replace(part.file, delivered=dict(table.delivered), constants=given)
        open_parts.append(replace(part, file=file, table=table))
    columns, found_columns = _stack(open_parts)
    flaws += found_columns
    return _form(name, open_parts, columns, counts), flaws


def _form(
    name: str, parts: Sequence[Part], columns: Mapping[str, Text], identifiers: Mapping[str, int]
) -> RawForm:
    record = np.concatenate([p.table.record for p in parts])
    sizes = [len(p.table.record) for p in parts]
    line: npt.NDArray[np.int32] | None = None
    if any(p.table.line is not None for p in parts):
        line = np.concatenate([p.table.record if p.table.line is None else p.table.line for p in parts])
    labels: dict[str, str] = {}
    for part in parts:
        for column, label in zip(part.table.names, part.table.labels, strict=False):
            if label and column in columns:
                labels.setdefault(column, label)
    return RawForm(
        name=name,
        columns=columns,
        files=tuple(p.file for p in parts),
        specs=tuple(p.spec for p in parts),
        file=np.repeat(np.arange(len(parts), dtype=np.int32), sizes),
        record=record,
        line=line,
        labels=labels,
        identifiers=dict(identifiers),
        derived=_derived(parts, columns),
        withheld=_withheld(parts),
    )


def _derived(parts: Sequence[Part], columns: Mapping[str, Text]) -> dict[str, tuple[str, ...]]:
    """Which columns each column repeats, in any file: sites call them differently."""
    out: dict[str, dict[str, None]] = {}
    for part in parts:
        for column, sources in part.table.derived.items():
            if column in columns:
                out.setdefault(column, {}).update(dict.fromkeys(sources))
    return {column: tuple(sources) for column, sources in out.items()}


def _withheld(parts: Sequence[Part]) -> dict[str, tuple[int, str]]:
    """Columns left out on purpose, with their filled cells over all files."""
    out: dict[str, tuple[int, str]] = {}
    for part in parts:
        for name, (filled, why) in part.table.withheld.items():
            out[name] = (out.get(name, (0, why))[0] + filled, why)
    return out


def _rename(table: Table, spec: FormSpec) -> tuple[Table, list[Flaw]]:
    """Delivered names become the spec's; a name that is then there twice is kept apart and reported.

    A column that says another one in other words (X.decode, X_RAW) follows its renaming.
    """
    wanted = [_renamed(n, table, spec) for n in table.names]
    twice = {n: wanted.count(n) for n in wanted if wanted.count(n) > 1}
    flaws = [Flaw("SRC009", column=n, detail=str(c)) for n, c in twice.items()]
    names = distinct_names(wanted)
    now = dict(zip(table.names, names, strict=True))
    derived = {now[c]: tuple(now.get(s, s) for s in sources) for c, sources in table.derived.items()}
    secret = frozenset(now.get(n, n) for n in table.secret)
    own = {name: was for was, name in now.items() if was != name}
    return replace(table, names=tuple(names), derived=derived, secret=secret, delivered=own), flaws


def _with_constants(table: Table, spec: FormSpec) -> tuple[Table, list[Flaw]]:
    """The table with the columns that the spec gives; one that was delivered stays as it was delivered."""
    flaws = []
    given = []
    for column, text in spec.constants.items():
        if column in table.names:
            flaws.append(Flaw("SRC064", column=table.delivered.get(column, column), expected=text))
        else:
            table = table.with_column(column, Text.constant(text, len(table.record)))
            given.append(column)
    return replace(table, constants=frozenset(given)), flaws


def _with_points(table: Table, spec: FormSpec) -> tuple[Table, list[Flaw]]:
    """The table with 3,5 as 3.5 and 1.234,5 as 1234.5 in the columns that are declared to be written so.

    A sign or comparator before the number stays; a text that is no such number is left as it is. So is 1.234, which may
    be 1234 or a number with a decimal point: SRC065.
    """
    flaws = []
    for name in spec.decimal_comma:
        if name in table.names:
            columns = list(table.columns)
            at = table.names.index(name)
            told = columns[at]
            columns[at] = told.map(_with_point)
            open_ones = told.hits([_may_be_either(v) for v in told.values.to_pylist()])
            if open_ones.any():
                rows = np.flatnonzero(open_ones)
                delivered = table.delivered.get(name, name)
                flaws.append(
                    Flaw("SRC065", record=table.record[rows], column=delivered, values=(told.take(rows),))
                )
            table = replace(table, columns=tuple(columns))
    return table, flaws


def _may_be_either(text: str) -> bool:
    match = _COMMA.fullmatch(text)
    return match is not None and "." in match["whole"] and not match["fraction"]


def _with_point(text: str) -> str:
    match = _COMMA.fullmatch(text)
    if match is None or not match["fraction"]:
        return text
    return match["sign"] + match["whole"].replace(".", "") + match["fraction"].replace(",", ".")


def _renamed(name: str, table: Table, spec: FormSpec) -> str:
    head, dot, tail = name.rpartition(".")
    if name not in spec.rename and head in spec.rename and tail in ("decode", "unit"):
        return spec.rename[head] + dot + tail
    sources = table.derived.get(name, ())
    if name not in spec.rename and len(sources) == 1 and sources[0] in spec.rename:
        tail = name.removeprefix(sources[0])
        if tail.startswith("_") and tail != name:
            return spec.rename[sources[0]] + tail
    return spec.rename.get(name, name)


def declared_columns(spec: FormSpec) -> dict[str, str]:
    """Columns that a form's spec speaks of, by the name used in the spec, with what for."""
    out: dict[str, str] = {}
    for name, role in (
        (spec.subject, "subject"),
        (spec.site_column, "site_column"),
        (spec.cutoff, "cutoff"),
        *((c, "row_key") for c in spec.row_key),
        *((c, "deleted") for c in spec.deleted),
        *((c, "dates") for c in spec.dates),
        *((c, "decimal_comma") for c in spec.decimal_comma),
    ):
        if name:
            out[name] = f"{out[name]}, {role}" if name in out else role
    return out


def _absent(delivered: Table, table: Table, spec: FormSpec) -> list[Flaw]:
    flaws = []
    there = set(table.names)
    roles = {k: v for k, v in declared_columns(spec).items() if k not in there}
    for source, target in spec.rename.items():
        if source not in delivered.names:
            if source in spec.not_missed:
                continue
            flaws.append(Flaw("SRC011", column=source, detail=f"rename{_nearest(source, table)}"))
            roles.pop(target, None)
    for name, role in roles.items():
        if name not in spec.identifiers and not (name in spec.not_missed and role in _OF_SOME_FORMS):
            flaws.append(Flaw("SRC011", column=name, detail=f"{role}{_nearest(name, table)}"))
    for name in spec.identifiers:
        if name in spec.not_missed:
            continue
        if name not in there and name not in delivered.names and name not in delivered.withheld:
            flaws.append(Flaw("SRC012", column=name, detail=_nearest(name, table)))
    return flaws


def _nearest(name: str, table: Table) -> str:
    folded = {n.casefold().strip(): n for n in reversed(table.names)}
    close = difflib.get_close_matches(name.casefold().strip(), list(folded), 1, 0.8)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""


def _identifiers(table: Table, spec: FormSpec) -> set[str]:
    """Columns to leave out: declared by either name or by the file, further ones of that name, what repeats them.

    A column that others are put together of goes with any of them.
    """
    secret = {spec.rename.get(n, n) for n in spec.identifiers} | set(spec.identifiers) | table.secret
    secret = {n for n in table.names if n in secret or _base(n) in secret} | secret
    reached = 0
    while reached != len(secret):  # what repeats a secret column is secret, and so is what that one repeats
        reached = len(secret)
        for column, sources in table.derived.items():
            if not secret.isdisjoint((column, *sources)):
                secret |= {column, *sources}
    return {n for n in table.names if n in secret}


def _base(name: str) -> str:
    head, _, tail = name.rpartition(" (")
    return head if head and tail.rstrip(")").isdigit() else name


def _stack(parts: Sequence[Part]) -> tuple[dict[str, Text], Flaws]:
    """Columns by name over all files; a column that one file lacks is empty there.

    That is worth a note where a file of the same format has the column: exports of different systems share few.
    """
    having: dict[str, set[str]] = {}
    for part in parts:
        having.setdefault(part.spec.format, set()).update(part.table.names)
    names = list(dict.fromkeys(n for p in parts for n in p.table.names))
    flaws: Flaws = []
    columns = {}
    for name in names:
        cells = []
        for part in parts:
            if name in part.table.names:
                cells.append(part.table.columns[part.table.names.index(name)])
            else:
                cells.append(Text.empty(len(part.table.record)))
                if name in having[part.spec.format]:
                    flaws.append((part.file.path, part.spec, Flaw("SRC024", column=name)))
        columns[name] = Text.concat(cells)
    return columns, flaws


def _duplicate_keys(parts: Sequence[Part]) -> Flaws:
    """Rows whose row_key an earlier row of the same source already has."""
    flaws: Flaws = []
    for spec in dict.fromkeys(id(p.spec) for p in parts):
        mine = [p for p in parts if id(p.spec) == spec]
        key = mine[0].spec.row_key
        if key and all(set(key) <= set(p.table.names) for p in mine):
            flaws += _duplicates(mine, key)
    return flaws


def _duplicates(parts: Sequence[Part], key: tuple[str, ...]) -> Flaws:
    columns = [Text.concat([p.table.columns[p.table.names.index(k)] for p in parts]) for k in key]
    codes = group_codes(columns)
    _, first, group = np.unique(codes, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[group] != np.arange(len(codes)))
    if not len(again):
        return []
    record = np.concatenate([p.table.record for p in parts])
    file = np.repeat(np.arange(len(parts)), [len(p.table.record) for p in parts])
    earlier = first[group[again]]
    secret = _identifiers(parts[0].table, parts[0].spec)
    flaws: Flaws = []
    for i, part in enumerate(parts):
        here = file[again] == i
        if here.any():
            rows, before = again[here], earlier[here]
            where = [
                f"record {record[b]}" + ("" if file[b] == i else f" of {parts[file[b]].file.path}")
                for b in before.tolist()
            ]
            values: tuple[Any, ...] = tuple(
                "(withheld)" if k in secret else c.take(rows) for k, c in zip(key, columns, strict=True)
            )
            flaw = Flaw("SRC017", record=record[rows], detail=where, variables=key, values=values)
            flaws.append((part.file.path, part.spec, flaw))
    return flaws
