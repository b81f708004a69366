"""Which rows of a form count: deleted ones do not, and of rows sent several times the latest does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sdtm_mapper.model.columns import Text, group_codes
from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.sources.parsed import Flaw, Part

Mask = npt.NDArray[np.bool_]
Index = npt.NDArray[np.int64]

# What a format itself says of withdrawn rows, where the spec does not say `deleted`.
CONVENTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "rave": {"RecordActive": ("0", "n", "no", "false", "inactive")}
}

UNCHANGED = "sent again unchanged by a later file"
CHANGED = "changed by a later file"
WITHDRAWN = "deleted by a later record"


def current_rows(parts: Sequence[Part]) -> tuple[list[Part], list[tuple[str, FormSpec, Flaw]]]:
    """The parts of a form with the rows that count; the others stand in their file's account with the reason."""
    out = list(parts)
    flaws: list[tuple[str, FormSpec, Flaw]] = []
    for spec in {id(p.spec): p.spec for p in parts}.values():
        at = [i for i, p in enumerate(parts) if p.spec is spec]
        if spec.delivery == "incremental":
            order, found = _in_order([parts[i] for i in at], spec)
            flaws += found
            at = [at[i] for i in order]
        mine = [parts[i] for i in at]
        gone = [_deleted(p) for p in mine]
        older = _superseded(mine, gone) if spec.delivery == "incremental" else [{} for _ in mine]
        for i, part, dead, past in zip(at, mine, gone, older, strict=True):
            out[i] = _without(part, {**past, **dead})
    return out, flaws


def _in_order(parts: Sequence[Part], spec: FormSpec) -> tuple[list[int], list[tuple[str, FormSpec, Flaw]]]:
    """Positions of the files from the earliest to the latest: by what `order` finds in the path, else by name."""
    keys: list[tuple[int, tuple[int, str], str]] = []
    flaws = []
    for part in parts:
        match = re.search(spec.order, part.file.path) if spec.order else None
        text = (match[1] if match.re.groups else match[0]) if match else None
        if spec.order and text is None:
            flaws.append((part.file.path, spec, Flaw("SRC051", expected=spec.order)))
        number = (int(text), text) if text and text.isdecimal() else (0, text or "")
        keys.append((0 if text is None else 1, number, part.file.path))
    return sorted(range(len(parts)), key=lambda i: keys[i]), flaws


def _deleted(part: Part) -> dict[str, Mask]:
    """Rows that a column declares deleted, by reason."""
    out: dict[str, Mask] = {}
    declared = part.spec.deleted or CONVENTIONS.get(part.spec.format, {})
    for name, words in declared.items():
        column = part.table.column(name)
        if column is None:
            continue
        known = {w.casefold() for w in words}
        for value in column.distinct():
            if value.strip().casefold() in known:
                out[f"deleted at its source: {name} is {value.strip()}"] = column.equals(value)
    return out


def _superseded(parts: Sequence[Part], gone: Sequence[dict[str, Mask]]) -> list[dict[str, Mask]]:
    """Rows that a later file sends again, changes or deletes, by key; earliest file first."""
    key = parts[0].spec.row_key
    if not key or not all(set(key) <= set(p.table.names) for p in parts):
        return [{} for _ in parts]
    sizes = [len(p.table.record) for p in parts]
    file = np.repeat(np.arange(len(parts)), sizes)
    keys = [_stacked(parts, k) for k in key]
    group = _groups(keys)
    dead = np.concatenate([_any(g, n) for g, n in zip(gone, sizes, strict=True)])
    at = np.arange(len(group))
    last_death = _last(group, np.where(dead, at, -1))
    last_file = _last(group, file)
    names = sorted({n for p in parts for n in p.table.names} - set(parts[0].spec.deleted))
    whole = group_codes([_stacked(parts, n) for n in names])
    same = whole == whole[_next(group)]
    keyed = ~np.logical_and.reduce([k.is_empty for k in keys])
    withdrawn = keyed & ~dead & (at < last_death[group])
    older = keyed & ~dead & ~withdrawn & (file < last_file[group])
    reasons = {WITHDRAWN: withdrawn, UNCHANGED: older & same, CHANGED: older & ~same}
    cuts = np.cumsum(sizes)[:-1]
    split = {reason: np.split(mask, cuts) for reason, mask in reasons.items()}
    return [{reason: masks[i] for reason, masks in split.items()} for i in range(len(parts))]


def _stacked(parts: Sequence[Part], name: str) -> Text:
    cells = [p.table.column(name) or Text.empty(len(p.table.record)) for p in parts]
    return Text.concat(cells)


def _groups(keys: Sequence[Text]) -> Index:
    _, group = np.unique(group_codes(keys), return_inverse=True)
    return group.astype(np.int64)


def _last(group: Index, values: Index) -> Index:
    """The greatest value of each group."""
    out = np.full(int(group.max(initial=-1)) + 1, -1, np.int64)
    np.maximum.at(out, group, values)
    return out


def _next(group: Index) -> Index:
    """For each row the next one of its group; itself where there is none."""
    order = np.argsort(group, kind="stable")
    out = np.arange(len(group))
    follows = group[order[1:]] == group[order[:-1]]
    out[order[:-1][follows]] = order[1:][follows]
    return out


def _any(masks: dict[str, Mask], n: int) -> Mask:
    out: Mask = np.logical_or.reduce([np.zeros(n, np.bool_), *masks.values()])
    return out


def _without(part: Part, reasons: dict[str, Mask]) -> Part:
    """The part without these rows, which its file's account names."""
    held = {reason: mask for reason, mask in reasons.items() if mask.any()}
    if not held:
        return part
    left: Mask = np.zeros(len(part.table.record), np.bool_)
    account = []
    for reason, mask in held.items():
        account.append((reason, tuple(part.table.record[mask & ~left].tolist())))
        left |= mask
    file = replace(part.file, excluded=(*part.file.excluded, *((r, n) for r, n in account if n)))
    return replace(part, file=file, table=part.table.rows(~left))
