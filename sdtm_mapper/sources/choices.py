"""What a REDCap data dictionary says of columns: labels, decodes of codes, identifiers, checkboxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from sdtm_mapper.model.columns import Text, distinct_rows
from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.sources.dictionary import CHECKBOX, Dictionary
from sdtm_mapper.sources.parsed import Flaw, Table

DECODE = ".decode"
OWN = ("redcap_",)  # columns that REDCap adds by itself
CHECKED = ("1", "Checked")
BETWEEN = "; "


def undefined(table: Table, dictionary: Dictionary) -> list[Flaw]:
    """Columns that the dictionary does not know: nobody has said whether they identify a person."""
    out = []
    for name in table.names:
        known = dictionary.field_of(name) is not None or dictionary.form_of(name) is not None
        if not known and not name.startswith(OWN) and name != "record":
            out.append(Flaw("SRC062", column=name))
    return out


def decoded(table: Table, dictionary: Dictionary, spec: FormSpec) -> tuple[Table, list[Flaw]]:
    """The table with labels, with X.decode beside each coded column X, and with its identifiers named."""
    labels, secret, flaws = [], set(table.secret), []
    for i, name in enumerate(table.names):
        known = dictionary.field_of(name)
        labels.append(known.label if known else (table.labels[i] if i < len(table.labels) else ""))
        if known is not None and known.identifier:
            secret.add(name)
    out = replace(table, labels=tuple(labels), secret=frozenset(secret))
    for name, column in zip(table.names, table.columns, strict=True):
        known = dictionary.fields.get(name)
        if known is None or not known.choices or known.kind == "checkbox":
            continue
        out, found = with_decode(out, name, column, known.choices, spec)
        flaws += found
    return out, flaws


def with_decode(
    table: Table, name: str, column: Text, choices: Mapping[str, str], spec: FormSpec
) -> tuple[Table, list[Flaw]]:
    """NAME.decode: the label of each code. A code without a label stays empty and is a finding."""
    out = table.with_column(f"{name}{DECODE}", column.map(choices.get), (name,))
    unknown = [v for v in column.distinct() if v not in choices]
    if not unknown:
        return out, []
    target = spec.rename.get(name, name)
    known = {name, target, f"{name}{DECODE}", f"{target}{DECODE}"}
    hidden = name in table.secret or bool(known & set(spec.identifiers))
    rows = np.flatnonzero(column.isin(unknown))
    seen, group = distinct_rows([column.take(rows)])
    counts = np.bincount(group, minlength=len(seen))
    return out, [
        Flaw(
            "SRC053",
            record=table.record[rows[seen]],
            column=name,
            detail=[str(c) for c in counts.tolist()],
            variables=None if hidden else (name,),
            values=None if hidden else (column.take(rows[seen]),),
        )
    ]


def gathered(table: Table, name: str, dictionary: Dictionary | None) -> tuple[Table, list[Flaw]]:
    """NAME: the checked codes of its checkbox columns NAME___code, and NAME.decode where labels are known."""
    boxes = [n for n in table.names if n.startswith(f"{name}{CHECKBOX}")]
    if not boxes or name in table.names:
        why = "there is a column of that name" if boxes else f"there is no column {name}{CHECKBOX}..."
        return table, [Flaw("SRC063", column=name, detail=why)]
    known = dictionary.fields.get(name) if dictionary else None
    codes = [b.removeprefix(f"{name}{CHECKBOX}") for b in boxes]
    by_column = {c.lower().replace("-", "_"): (c, t) for c, t in (known.choices.items() if known else ())}
    pairs = [by_column.get(c, (c, "")) for c in codes]
    columns = [table.columns[table.names.index(b)] for b in boxes]
    marks = [Text.empty(0).recoded(c.isin(CHECKED).astype(np.int32) - 1, ["x"]) for c in columns]
    first, group = distinct_rows(marks)
    checked = list(zip(*(m.take(first).strings() for m in marks), strict=True))

    def put(which: int) -> Text:
        texts = [BETWEEN.join(p[which] for p, x in zip(pairs, row, strict=True) if x) for row in checked]
        return Text.empty(0).recoded(group, texts)

    out = table.with_column(name, put(0), boxes, known.label if known else "")
    return (out.with_column(f"{name}{DECODE}", put(1), (name,)) if known else out), []
