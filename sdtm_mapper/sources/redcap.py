"""REDCap's CSV exports: one row a record, event and instance (wide), or one line a value (EAV)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from sdtm_mapper.model.columns import Index, Mask, Text, distinct_rows
from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.sources.choices import decoded, gathered, undefined
from sdtm_mapper.sources.delimited import read_delimited
from sdtm_mapper.sources.dictionary import CHECKBOX, Dictionary, load_dictionary
from sdtm_mapper.sources.parsed import Flaw, Parsed, Table

EVENT, INSTRUMENT, INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
FIELD, VALUE = "field_name", "value"
COMPLETE = "_complete"
UNCHECKED = ("0", "Unchecked")
OTHER, NOTHING = "row of the repeating instrument", "no value of the instrument"  # why a row is left out


def read_redcap(path: Path, spec: FormSpec) -> Parsed:
    """Read a wide export: rows of the declared instrument and rows of no repeating instrument."""
    parsed = read_delimited(path, spec)
    dictionary = _dictionary(spec)
    if parsed.table is None or isinstance(dictionary, str):
        return _without(parsed, dictionary, spec)
    return _shaped(parsed, parsed.table, spec, dictionary)


def read_redcap_eav(path: Path, spec: FormSpec) -> Parsed:
    """Read a long export; the lines of one record, event and instance become one row, named by the first."""
    parsed = read_delimited(path, spec)
    dictionary = _dictionary(spec)
    if parsed.table is None or isinstance(dictionary, str):
        return _without(parsed, dictionary, spec)
    absent = [c for c in (FIELD, VALUE) if c not in parsed.table.names]
    if absent:
        flaw = Flaw("SRC004", record=spec.header_row, detail=f"the header has no {' and no '.join(absent)}")
        lost = [(int(r), "SRC004") for r in parsed.table.record]
        rejected = tuple(sorted([*parsed.rejected, *lost]))
        return replace(parsed, table=None, rejected=rejected, flaws=(*parsed.flaws, flaw))
    parsed = _nameless(parsed, parsed.table)
    assert parsed.table is not None
    table, flaws = _pivoted(parsed.table, spec, dictionary)
    table = _with_all_fields(table, spec, dictionary)
    records = len(table.record) + len(parsed.rejected)
    parsed = replace(parsed, records=records, flaws=(*parsed.flaws, *flaws))
    return _shaped(parsed, table, spec, dictionary)


def _dictionary(spec: FormSpec) -> Dictionary | str | None:
    """The declared dictionary; the spec's path is a file's by now. A text says why it cannot be used."""
    return load_dictionary(Path(spec.dictionary)) if spec.dictionary else None


def _without(parsed: Parsed, dictionary: Dictionary | str | None, spec: FormSpec) -> Parsed:
    """A file that is not taken over: nobody can say which columns are identifiers."""
    beside = (Path(spec.dictionary),) if spec.dictionary else ()
    parsed = replace(parsed, sheet=spec.instrument or None, beside=beside)
    if not isinstance(dictionary, str) or parsed.table is None:
        return parsed
    return replace(parsed, table=None, flaws=(*parsed.flaws, Flaw("SRC050", detail=dictionary)))


def _shaped(parsed: Parsed, table: Table, spec: FormSpec, dictionary: Dictionary | None) -> Parsed:
    """The instrument's rows and columns, with labels, decodes and gathered checkboxes."""
    instruments = _instruments(table, dictionary)
    flaws: list[Flaw] = []
    excluded: list[tuple[str, tuple[int, ...]]] = []
    if spec.instrument:
        if spec.instrument not in _known_instruments(table, dictionary):
            known = ", ".join(_known_instruments(table, dictionary))
            flaws.append(Flaw("SRC054", detail=spec.instrument, expected=known or "none"))
        table, excluded = _selected(table, spec.instrument)
        if dictionary is not None:
            mine = (None, spec.instrument)
            table = table.select([i for i, n in enumerate(table.names) if dictionary.form_of(n) in mine])
            table, without = _filled(table, spec.instrument, dictionary)
            excluded += without
    if dictionary is not None:
        flaws += undefined(table, dictionary)
        table, found = decoded(table, dictionary, spec)
        flaws += found
    for name in spec.gather:
        table, found = gathered(table, name, dictionary)
        flaws += found
    return replace(
        parsed,
        table=table,
        flaws=(*parsed.flaws, *flaws),
        excluded=tuple(excluded),
        sheet=spec.instrument or None,
        sheets=tuple(instruments),
        beside=(Path(spec.dictionary),) if spec.dictionary else (),
    )


def _instruments(table: Table, dictionary: Dictionary | None) -> list[str]:
    """Instruments that hold data: repeating ones by their rows, others by the dictionary's columns."""
    repeating = table.column(INSTRUMENT)
    found = [] if repeating is None else repeating.distinct()
    for name, column in zip(table.names, table.columns, strict=True):
        form = dictionary.form_of(name) if dictionary else None
        if form and form not in found and not name.endswith(COMPLETE) and not column.is_empty.all():
            found.append(form)
    return found


def _known_instruments(table: Table, dictionary: Dictionary | None) -> list[str]:
    repeating = table.column(INSTRUMENT)
    found = [] if repeating is None else repeating.distinct()
    found += [n.removesuffix(COMPLETE) for n in table.names if n.endswith(COMPLETE)]
    return list(dict.fromkeys([*found, *(dictionary.forms if dictionary else ())]))


def _selected(table: Table, instrument: str) -> tuple[Table, list[tuple[str, tuple[int, ...]]]]:
    """Rows of the instrument and rows of no repeating instrument; the others by their instrument."""
    repeating = table.column(INSTRUMENT)
    if repeating is None:
        return table, []
    out = []
    for other in repeating.distinct():
        if other != instrument:
            records = table.record[repeating.equals(other)].tolist()
            out.append((f"{OTHER} {other}", tuple(records)))
    return table.rows(repeating.is_empty | repeating.equals(instrument)), out


def _filled(
    table: Table, instrument: str, dictionary: Dictionary
) -> tuple[Table, list[tuple[str, tuple[int, ...]]]]:
    """Rows where the instrument was filled; rows of an event hold those of other instruments too.

    Its status says nothing, since REDCap exports one for instruments that nobody opened.
    """
    filled = np.zeros(len(table.record), np.bool_)
    for name, column in zip(table.names, table.columns, strict=True):
        if dictionary.form_of(name) == instrument and not name.endswith(COMPLETE):
            filled |= _answered(name, column)
    if filled.all():
        return table, []
    return table.rows(filled), [(f"{NOTHING} {instrument}", tuple(table.record[~filled].tolist()))]


def _answered(name: str, column: Text) -> Mask:
    """Rows with an answer; an unchecked box is 0 or Unchecked, whether anybody saw it or not."""
    answered = ~column.is_empty
    return answered & ~column.isin(UNCHECKED) if CHECKBOX in name else answered


def _with_all_fields(table: Table, spec: FormSpec, dictionary: Dictionary | None) -> Table:
    """A long export has lines of what was filled alone: the instrument's other fields are empty columns."""
    if dictionary is None or not spec.instrument:
        return table
    for field in dictionary.fields.values():
        if field.form != spec.instrument or field.kind == "descriptive" or field.name == dictionary.key:
            continue
        codes = [c.lower().replace("-", "_") for c in field.choices]
        names = [f"{field.name}{CHECKBOX}{c}" for c in codes] if field.kind == "checkbox" else [field.name]
        for name in names:
            if name not in table.names:
                table = table.with_column(name, Text.empty(len(table.record)))
    return table


def _nameless(parsed: Parsed, table: Table) -> Parsed:
    """Reject lines that name no field: nobody can say where their value belongs."""
    field = table.column(FIELD)
    assert field is not None
    bad = field.is_empty
    if not bad.any():
        return parsed
    lost = [(int(r), "SRC061") for r in table.record[bad]]
    rejected = tuple(sorted([*parsed.rejected, *lost]))
    flaws = (*parsed.flaws, Flaw("SRC061", record=table.record[bad]))
    return replace(parsed, table=table.rows(~bad), rejected=rejected, flaws=flaws)


def _pivoted(table: Table, spec: FormSpec, dictionary: Dictionary | None) -> tuple[Table, list[Flaw]]:
    """One row a distinct key, one column a field; the first value of a field counts."""
    keys = [n for n in table.names if n not in (FIELD, VALUE)]
    key_columns = [table.columns[table.names.index(k)] for k in keys]
    n = len(table.record)
    first, row = distinct_rows(key_columns) if keys else (np.arange(min(n, 1)), np.zeros(n, np.int32))
    fields, values = _checked(table, dictionary)
    filled = np.flatnonzero(~values.is_empty)
    place = row[filled].astype(np.int64) * (len(fields.values) + 1) + fields.codes[filled]
    _, at, again = np.unique(place, return_index=True, return_inverse=True)
    keep = filled[at]
    names, columns = list(keys), [c.take(first) for c in key_columns]
    for code, name in enumerate(fields.values.to_pylist()):
        mine = keep[fields.codes[keep] == code]
        if not len(mine) and not (fields.codes == code).any():
            continue
        codes = np.full(len(first), -1, np.int32)
        codes[row[mine]] = values.codes[mine]
        names.append(name)
        columns.append(Text(codes, values.values).compact())
    line = None if table.line is None else table.line[first]
    wide = Table(tuple(names), tuple(columns), table.record[first], line)
    differs = values.codes[filled] != values.codes[keep[again]]
    return wide, _conflicts(table, fields, values, filled[differs], keep[again][differs], spec, dictionary)


def _checked(table: Table, dictionary: Dictionary | None) -> tuple[Text, Text]:
    """Fields and values; a code of a checkbox field becomes the checkbox's column with the value 1."""
    fields, values = table.column(FIELD), table.column(VALUE)
    assert fields is not None
    assert values is not None
    boxes = [f.name for f in dictionary.fields.values() if f.kind == "checkbox"] if dictionary else []
    if not boxes:
        return fields, values
    first, group = distinct_rows([fields, values])
    names, cells = fields.take(first).strings(), values.take(first).strings()
    for i, (name, cell) in enumerate(zip(names, cells, strict=True)):
        if name in boxes and cell:
            names[i], cells[i] = f"{name}{CHECKBOX}{cell.lower().replace('-', '_')}", "1"
    return Text.empty(0).recoded(group, names), Text.empty(0).recoded(group, cells)


def _conflicts(
    table: Table,
    fields: Text,
    values: Text,
    lines: Index,
    before: Index,
    spec: FormSpec,
    dictionary: Dictionary | None,
) -> list[Flaw]:
    """Lines that give a field another value than an earlier line of the same row."""
    out = []
    for name in fields.take(lines).compact().distinct() if len(lines) else ():
        mine = fields.take(lines).equals(name)
        known = dictionary.field_of(name) if dictionary else None
        hidden = bool({name, spec.rename.get(name, name)} & set(spec.identifiers))
        hidden |= known is not None and known.identifier
        shown = None if hidden else (values.take(before[mine]), values.take(lines[mine]))
        where = [f"record {r}" for r in table.record[before[mine]].tolist()]
        out.append(
            Flaw(
                "SRC056",
                record=table.record[lines[mine]],
                column=name,
                detail=where,
                variables=("first", "later") if shown else None,
                values=shown,
            )
        )
    return out
