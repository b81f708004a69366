"""Columns of other datasets beside the records: plain keys, supplemental qualifiers, related records,
parents of children.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from validation.open_rules.cells import NULL, Cells, as_number
from validation.open_rules.frame import Frame, MissingColumn, MissingDataset
from validation.open_rules.rule import Match, leaves
from validation.open_rules.scene import Scene
from validation.open_rules.table import Dataset, Table

Rows = npt.NDArray[np.int64]
_RELATION = ("STUDYID", "USUBJID", "RELID")
_STATIC_KEYS = ("STUDYID", "USUBJID", "APID", "POOLID", "SPDEVID")


def joined(frame: Frame, scene: Scene) -> Frame:
    """The frame with the columns of the rule's match datasets. A dataset that is not there is left out."""
    done: set[str] = set()
    for match in scene.rule.matches:
        for other in _others(match, scene):
            if other.name in done:
                continue
            done.add(other.name)
            frame = _join(frame, match, other, scene)
    return frame


def _others(match: Match, scene: Scene) -> list[Dataset]:
    datasets, table = scene.study.datasets, scene.table
    if match.child:
        if match.name.startswith(("SUPP", "SQAP")):
            if table.is_supplemental and table.parent and match.name in ("SUPP--", table.name):
                return datasets.by_domain(table.parent)
            return []
        if match.name in (table.domain, table.name):
            return _parents(match, scene)
        return []
    if match.name == scene.dataset.name:
        return []
    if match.name == "SUPP--":
        own = table.domain or table.name
        return [d for d in datasets.all() if not table.is_supplemental and d.whole.parent == own]
    found = datasets.get(match.name)
    return [found] if found else []


def _parents(match: Match, scene: Scene) -> list[Dataset]:
    table = scene.table
    if "RDOMAIN" in table.columns:
        named = set(table.cells("RDOMAIN").distinct())
        return [d for d in scene.study.datasets.all() if d.whole.domain in named]
    return [
        d
        for d in scene.study.datasets.all()
        if all(k in d.whole.columns for _, k in match.keys) and d is not scene.dataset
    ]


def _join(frame: Frame, match: Match, other: Dataset, scene: Scene) -> Frame:
    if match.child:
        return _with_parent(frame, match, other, scene)
    if match.name == "RELREC":
        return _with_related(frame, match, other.whole, scene)
    if match.name.startswith(("SUPP", "SQ")):
        return _with_supplemental(frame, other.whole)
    return _with_plain(frame, match, other.whole, scene)


def _with_plain(frame: Frame, match: Match, other: Table, scene: Scene) -> Frame:
    """All pairs of records that agree in the keys; null agrees with null. Records without a partner are
    dropped
    (kept with nulls in a left join). A column that both have comes as NAME.DATASET, one that the rule has as
    DATASET.NAME under that name.
    """
    left_keys = [_prefixed(k, frame.prefix) for k, _ in match.keys]
    right_keys = [_prefixed(k, other.prefix) for _, k in match.keys]
    for key in right_keys:
        if key not in other.columns:
            raise MissingColumn(key)
    left = match.join == "left"

    def paired() -> tuple[Rows, Rows]:
        ours, theirs = [frame.column(k) for k in left_keys], [other.cells(k) for k in right_keys]
        return pairs(ours, theirs, keep_left=left)

    if frame is scene.study.kept.get(("records", scene.dataset.name)):  # other rules join the same records
        once = ("pairs", scene.dataset.name, other.unsplit, tuple(left_keys), tuple(right_keys), left)
        left_rows, right_rows = scene.study.once(once, paired)
    else:
        left_rows, right_rows = paired()
    named = _named(scene, match.name)
    columns = _taken(frame, left_rows)
    for name in other.columns:
        if name in named:
            target = f"{match.name}.{name}"
        elif name in right_keys and name in left_keys:
            continue
        else:
            target = f"{name}.{match.name}" if frame.has(name) else name
        columns[target] = _other_column(other, name, right_rows)
    if match.join == "left":
        merged = np.where(right_rows < 0, 0, 1)
        columns[f"_merge_{match.name}"] = Cells(merged.astype(np.int32), ["left_only", "both"])
    return _rows_of(frame, columns, left_rows)


def _named(scene: Scene, name: str) -> set[str]:
    """Columns of a dataset that the rule's check names as DATASET.COLUMN."""
    start = f"{name}."
    found = (n for leaf in leaves(scene.rule.check) for n in (leaf.name, leaf.value) if isinstance(n, str))
    return {n[len(start) :] for n in found if n.startswith(start)}


def pairs(left: Sequence[Cells], right: Sequence[Cells], keep_left: bool = False) -> tuple[Rows, Rows]:
    """All (left row, right row) that agree in all keys, in the order of the left rows, then of the right
    rows.
    """
    n = len(left[0])
    a = [c.codes_in(r) for c, r in zip(left, right, strict=True)]
    b = [r.codes for r in right]
    key_a, key_b = np.zeros(n, np.int64), np.zeros(len(right[0]), np.int64)
    lost = np.zeros(n, np.bool_)
    for codes_a, codes_b, column in zip(a, b, right, strict=True):
        width = len(column.values) + 1
        lost |= codes_a == -2
        key_a = key_a * width + codes_a + 1
        key_b = key_b * width + codes_b + 1
        found = pd.factorize(np.concatenate([key_a, key_b]))[0]
        key_a, key_b = found[:n].astype(np.int64), found[n:].astype(np.int64)
    order = np.argsort(key_b, kind="stable")
    ordered = key_b[order]
    start = np.searchsorted(ordered, key_a, "left")
    count = np.searchsorted(ordered, key_a, "right") - start
    count[lost] = 0
    width_of = np.maximum(count, 1) if keep_left else count
    left_rows = np.repeat(np.arange(n), width_of)
    offset = np.arange(len(left_rows)) - np.repeat(np.cumsum(width_of) - width_of, width_of)
    at = np.repeat(start, width_of) + offset
    if keep_left:
        none = np.repeat(count == 0, width_of)
        right_rows = np.where(none, -1, order[np.where(none, 0, at)] if len(order) else -1)
    else:
        right_rows = order[at]
    return left_rows.astype(np.int64), right_rows.astype(np.int64)


def _with_supplemental(frame: Frame, other: Table) -> Frame:
    """Each QNAM as a column of the parent's records; records without the qualifier have null there."""
    if "QNAM" not in other.columns or "IDVAR" not in other.columns:
        raise MissingColumn("QNAM")
    more: dict[str, Cells] = {}
    names = other.cells("QNAM")
    links = other.cells("IDVAR")
    for code in names.used().tolist():
        name = str(names.values[code])
        rows = np.full(frame.n, -1, np.int64)
        for link in np.unique(links.codes[names.codes == code]).tolist():
            chosen = np.flatnonzero((names.codes == code) & (links.codes == link))
            idvar = str(links.values[link]) if link >= 0 else ""
            found = _qualified(frame, other, chosen, idvar)
            rows = np.where(rows < 0, found, rows)
        if not frame.has(name):
            more[name] = other.cells("QVAL").take(rows)
    return frame.with_columns(more)


def _qualified(frame: Frame, other: Table, chosen: Rows, idvar: str) -> Rows:
    keys = [k for k in _STATIC_KEYS if frame.has(k) and k in other.columns]
    left = [frame.column(k) for k in keys]
    right = [other.cells(k).take(chosen) for k in keys]
    if idvar:
        left.append(frame.column(idvar).mapped(_plain))
        right.append(other.cells("IDVARVAL").take(chosen).mapped(_plain))
    if not left:
        raise MissingColumn("USUBJID")
    left_rows, right_rows = pairs(left, right)
    rows = np.full(frame.n, -1, np.int64)
    rows[left_rows[::-1]] = chosen[right_rows[::-1]]
    return rows


def _with_related(frame: Frame, match: Match, relations: Table, scene: Scene) -> Frame:
    """Each record beside each record that RELREC relates it to, in columns RELREC.NAME.

    In those names the related domain's prefix is the rule's wildcard. Without any related record:
    MissingDataset.
    """
    for name in (*_RELATION, "RDOMAIN", "IDVAR", "IDVARVAL"):
        if name not in relations.columns:
            raise MissingColumn(name)
    domains = relations.cells("RDOMAIN")
    code = domains.code_of(scene.table.domain)
    own = np.flatnonzero(domains.codes == code) if code >= 0 else np.zeros(0, np.int64)
    if not len(own):
        raise MissingDataset("RELREC relates no record of this dataset")
    keys = [relations.cells(k) for k in _RELATION]
    a, b = pairs([k.take(own) for k in keys], keys)
    first, second = own[a], b
    differing = domains.codes[first] != domains.codes[second]
    first, second = first[differing], second[differing]
    if not len(first):
        raise MissingDataset("RELREC relates no record of this dataset to another dataset")
    parts: list[tuple[Rows, Rows, Table]] = []
    for code in np.unique(domains.codes[second]).tolist():
        other = scene.study.datasets.by_domain(str(domains.values[code]) if code >= 0 else None)
        chosen = domains.codes[second] == code
        for dataset in other[:1]:
            left, right = _related_rows(frame, dataset.whole, relations, first[chosen], second[chosen])
            parts.append((left, right, dataset.whole))
    if not parts:
        raise MissingDataset("the datasets that RELREC relates this one to are not there")
    return _side_by_side(frame, parts, match.wildcard, scene)


def _related_rows(
    frame: Frame, other: Table, relations: Table, first: Rows, second: Rows
) -> tuple[Rows, Rows]:
    lefts: list[Rows] = []
    rights: list[Rows] = []
    idvar, idvarval = relations.cells("IDVAR"), relations.cells("IDVARVAL")
    by_value = (idvarval.codes[first] != NULL) & (idvarval.codes[second] != NULL)
    kinds = pd.DataFrame({"a": idvar.codes[first], "b": idvar.codes[second], "v": by_value})
    for kind, rows in kinds.groupby(["a", "b", "v"]).indices.items():
        a, b, valued = cast(tuple[int, int, bool], kind)
        if a < 0 or b < 0:
            continue
        left_name, right_name = str(idvar.values[a]), str(idvar.values[b])
        if not frame.has(left_name) or right_name not in other.columns:
            raise MissingColumn(right_name if frame.has(left_name) else left_name)
        x, y = first[rows], second[rows]
        if valued:
            la, ra = _records_of(frame.column, relations, x, left_name)
            lb, rb = _records_of(other.cells, relations, y, right_name)
            names = [n for n in ("STUDYID", "USUBJID") if frame.has(n) and n in other.columns]
            i, j = pairs(
                [_numbered(ra), *(frame.column(n).take(la) for n in names)],
                [_numbered(rb), *(other.cells(n).take(lb) for n in names)],
            )
            lefts.append(la[i])
            rights.append(lb[j])
        else:
            subject = relations.cells("USUBJID").take(x)
            named = set(subject.distinct())
            left = (
                np.arange(frame.n)
                if (subject.codes == NULL).any()
                else np.flatnonzero(frame.column("USUBJID").isin(named))
            )
            names = [n for n in ("STUDYID", "USUBJID") if frame.has(n) and n in other.columns]
            i, j = pairs(
                [
                    *(frame.column(n).take(left) for n in names),
                    frame.column(left_name).take(left).mapped(_plain),
                ],
                [*(other.cells(n) for n in names), other.cells(right_name).mapped(_plain)],
            )
            lefts.append(left[i])
            rights.append(j)
    empty = np.zeros(0, np.int64)
    return np.concatenate([empty, *lefts]), np.concatenate([empty, *rights])


def _records_of(
    column: Callable[[str], Cells], relations: Table, rows: Rows, idvar: str
) -> tuple[Rows, Rows]:
    """Records that relation rows point at by the value of `idvar`, and by USUBJID where they have one.

    Gives the records and, beside each, the index into `rows`.
    """
    subject = relations.cells("USUBJID").take(rows)
    value, values = relations.cells("IDVARVAL").take(rows).mapped(_plain), column(idvar).mapped(_plain)
    named = np.flatnonzero(subject.codes != NULL)
    i, j = pairs([subject.take(named), value.take(named)], [column("USUBJID"), values])
    of_all = np.flatnonzero(subject.codes == NULL)
    k, m = pairs([value.take(of_all)], [values])
    return np.concatenate([j, m]), np.concatenate([named[i], of_all[k]])


def _numbered(rows: Rows) -> Cells:
    return Cells(rows.astype(np.int32), range(int(rows.max(initial=-1)) + 1))


def _side_by_side(frame: Frame, parts: list[tuple[Rows, Rows, Table]], wildcard: str, scene: Scene) -> Frame:
    left_rows = np.concatenate([left for left, _, _ in parts])
    columns = _taken(frame, left_rows)
    named = [
        {f"RELREC.{_wild(n, table.domain or '', wildcard, scene)}": n for n in table.columns}
        for _, _, table in parts
    ]
    for target in dict.fromkeys(t for names in named for t in names):
        columns[target] = Cells.stacked(
            [
                table.cells(names[target]).take(rows) if target in names else Cells.null(len(rows))
                for (_, rows, table), names in zip(parts, named, strict=True)
            ]
        )
    return _rows_of(frame, columns, left_rows)


def _wild(name: str, domain: str, wildcard: str, scene: Scene) -> str:
    if name.startswith(domain) and domain and scene.study.library.has_wildcard("--" + name[len(domain) :]):
        return wildcard + name[len(domain) :]
    return name


def _with_parent(frame: Frame, match: Match, parent: Dataset, scene: Scene) -> Frame:
    """Each child record beside the one parent record that its IDVAR and IDVARVAL name: the parent's
    columns win.

    Without IDVAR, the first parent record that agrees in the other keys. Records whose parent is not
    found, or
    is of another dataset, keep their own columns.
    """
    names = [k for k, _ in match.keys]
    if "IDVAR" not in names and "IDVARVAL" not in names:
        plain = Match(parent.whole.domain or parent.name, match.keys, join="left")
        return _with_plain(frame, plain, parent.whole, scene)
    table = parent.whole
    ours = np.ones(frame.n, np.bool_)
    if not scene.table.is_supplemental and frame.has("RDOMAIN"):
        ours = frame.column("RDOMAIN").isin([table.domain])
    rows = _parent_rows(frame, table, [k for k in names if k not in ("IDVAR", "IDVARVAL")], ours)
    columns: dict[str, Cells] = {}
    for name in table.columns:
        theirs = table.cells(name).take(rows)
        if frame.has(name):
            columns[name] = _chosen(rows >= 0, theirs, frame.column(name))
        else:
            columns[name] = theirs
    return frame.with_columns(columns)


def _parent_rows(frame: Frame, table: Table, keys: list[str], ours: npt.NDArray[np.bool_]) -> Rows:
    rows = np.full(frame.n, -1, np.int64)
    idvar, idvarval = frame.column("IDVAR"), frame.column("IDVARVAL")
    keys = [k for k in keys if frame.has(k) and k in table.columns]
    for code in np.unique(idvar.codes[ours]).tolist():
        valued = (idvar.codes == code) & (idvarval.codes != NULL) & ours
        name = str(idvar.values[code]) if code >= 0 else ""
        if code >= 0 and name in table.columns and valued.any():
            chosen = np.flatnonzero(valued)
            left = [frame.column(k).take(chosen) for k in keys] + [idvarval.take(chosen).mapped(_plain)]
            right = [table.cells(k) for k in keys] + [table.cells(name).mapped(_plain)]
            _first(rows, chosen, left, right)
    unlinked = np.flatnonzero(ours & ((idvar.codes == NULL) | (idvarval.codes == NULL)))
    if len(unlinked) and keys:
        _first(rows, unlinked, [frame.column(k).take(unlinked) for k in keys], [table.cells(k) for k in keys])
    return rows


def _first(rows: Rows, chosen: Rows, left: list[Cells], right: list[Cells]) -> None:
    i, j = pairs(left, right)
    rows[chosen[i[::-1]]] = j[::-1]


def _chosen(where: npt.NDArray[np.bool_], a: Cells, b: Cells) -> Cells:
    both = Cells.stacked([a, b])
    n = len(a)
    return Cells(np.where(where, both.codes[:n], both.codes[n:]), both.values)


def _plain(value: object) -> object:
    """A value as IDVARVAL and the variable it names are compared: numbers as numbers."""
    number = as_number(value)
    return str(value).strip() if number != number else number


def _prefixed(name: str, prefix: str | None) -> str:
    return name.replace("--", prefix or "")


def _taken(frame: Frame, rows: Rows) -> dict[str, object]:
    def one(name: str) -> object:
        return lambda: frame.column(name).take(rows)

    return {name: one(name) for name in frame.names}


def _other_column(table: Table, name: str, rows: Rows) -> object:
    return lambda: table.cells(name).take(rows)


def _rows_of(frame: Frame, columns: dict[str, object], rows: Rows) -> Frame:
    return Frame(columns, len(rows), frame.prefix, frame.record[rows], frame.part[rows], frame.files)  # type: ignore[arg-type]
