"""The elements that subjects began: what the design plans, where the data show that it started."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sdtm_mapper.algorithms.design_tables import BEGAN_COLUMNS
from sdtm_mapper.model.columns import Mask, Text
from sdtm_mapper.model.design import UNPLANNED, Arm, Design

SUBJECTS = "DM"
ARMS = ("DM.ACTARMCD", "DM.ARMCD")  # the arm that a subject was in: the actual one, else the planned
WHY_UNPLANNED = "DM.ACTARMUD"
_DAY = 10  # characters of a complete date

Codes = npt.NDArray[np.int64]


def elements_read(design: Design) -> tuple[str, ...]:
    """The variables, DOMAIN.VARIABLE, that the elements of subjects are made of, where the study has them."""
    return (*design.moments, *ARMS, WHY_UNPLANNED)


@dataclass(frozen=True)
class Began:
    """A row per subject and element of the design, in that order. `present`: the rows that are records."""

    columns: Mapping[str, Text]
    present: Mask


def elements_of(design: Design, subjects: Mask, get: Callable[[str], Text | None]) -> Began:
    """Which elements each subject began, and when.

    `subjects` are those that have elements at all; `get` gives DOMAIN.VARIABLE of each subject, None where the study
    lacks it. An element of the subject's arm began where its `starts` is filled; it ends where the next one begins, the
    last where participation ends. An element that would begin after that did not begin. A subject without an arm has
    the elements up to the first branch; others that began are one unplanned element. Source: SDTMIG 3.4, SE.
    """
    n, size = len(subjects), len(design.elements)
    arm = _arms(design, n, get)
    cells = [_Cells.of(a) for a in design.arms]
    common = _common(design)
    starts, dates = _starts(design, n, get)
    last = dates.codes[size * n :]
    began = np.zeros((size, n), np.bool_)
    planned = np.zeros((size, n), np.bool_)
    for i, element in enumerate(design.elements):
        mine = np.array([*(element.code in c.orders for c in cells), element.code in common], np.bool_)
        planned[i] = mine[arm]
        late = _after(dates, starts[i], last)
        began[i] = subjects & ~late & (planned[i] | (arm < 0)) & _filled(element.starts, n, get)
    present = began & (planned | ~_follows(began & ~planned, began))
    ends = _ends(starts, present, last)
    columns = _described(design, cells, arm, planned)
    columns["start"] = _grid(dates, starts)
    columns["end"] = _grid(dates, ends)
    why = get(WHY_UNPLANNED) or Text.empty(n)
    columns["unplanned"] = why.take(np.repeat(np.arange(n), size)).where(~planned.T.reshape(-1))
    return Began({name: columns[name] for name in BEGAN_COLUMNS}, present.T.reshape(-1))


@dataclass(frozen=True)
class _Cells:
    """An arm's elements: the place and epoch of each, at its first cell."""

    orders: Mapping[str, str]
    epochs: Mapping[str, str]

    @staticmethod
    def of(arm: Arm) -> _Cells:
        back = tuple(reversed(arm.cells))
        return _Cells({c.element: str(c.order) for c in back}, {c.element: c.epoch for c in back})


def _common(design: Design) -> set[str]:
    """The elements that all subjects may have: in each arm those up to the first branch."""
    found = set()
    for arm in design.arms:
        for cell in arm.cells:
            found.add(cell.element)
            if cell.branch:
                break
        else:
            found -= {c.element for c in arm.cells[1:]}
    return found


def _arms(design: Design, n: int, get: Callable[[str], Text | None]) -> Codes:
    """The number of each subject's arm; -1 where it has none."""
    out = np.full(n, -1, np.int64)
    codes = [a.code for a in design.arms]
    for name in reversed(ARMS):
        column = get(name)
        if column is None:
            continue
        known = np.array([*(codes.index(v) if v in codes else -1 for v in column.values.to_pylist()), -1])
        of_column = known[column.codes]
        out = np.where(of_column >= 0, of_column, out)
    return out


def _filled(moment: object, n: int, get: Callable[[str], Text | None]) -> Mask:
    column = get(moment.variable) if moment is not None else None  # type: ignore[attr-defined]
    return np.zeros(n, np.bool_) if column is None else ~column.is_empty


def _starts(design: Design, n: int, get: Callable[[str], Text | None]) -> tuple[npt.NDArray[np.int32], Text]:
    """Codes of the start of each element and subject, and the dates that they are of, in order; last, the end."""
    moments = [*(e.starts for e in design.elements), design.participation_ends]
    columns = []
    for moment in moments:
        column = (get(moment.variable) if moment else None) or Text.empty(n)
        days = moment.days if moment else 0
        columns.append(column.map(lambda v, days=days: later(v, days)) if days else column)  # type: ignore[misc]
    dates = Text.concat(columns).sorted() if n else Text.empty(0)
    return dates.codes[: len(design.elements) * n].reshape(len(design.elements), n), dates


def later(date: str, days: int) -> str:
    """The day `days` after a date; '' where the date is not known to the day."""
    try:
        return (datetime.date.fromisoformat(date[:_DAY]) + datetime.timedelta(days)).isoformat()
    except (ValueError, OverflowError):
        return ""


def _after(dates: Text, codes: npt.NDArray[np.int32], ends: npt.NDArray[np.int32]) -> Mask:
    """Where a day is after another; not where one of them is not known to the day."""
    days = [v[:_DAY] if len(v) >= _DAY else "" for v in dates.values.to_pylist()]
    rank = {d: i for i, d in enumerate(sorted(set(days) - {""}))}
    table = np.array([*(rank.get(d, -1) for d in days), -1], np.int64)
    one, two = table[codes], table[ends]
    result: Mask = (one >= 0) & (two >= 0) & (one > two)
    return result


def _follows(unplanned: npt.NDArray[np.bool_], began: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Unplanned elements right behind another one: together they are one record, that of the first."""
    out = np.zeros_like(unplanned)
    before = np.zeros(unplanned.shape[1], np.bool_)
    for i in range(len(unplanned)):
        out[i] = unplanned[i] & before
        before = np.where(began[i], unplanned[i], before)
    return out


def _ends(
    starts: npt.NDArray[np.int32], present: npt.NDArray[np.bool_], last: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    out = np.full_like(starts, -1)
    following = last
    for i in reversed(range(len(starts))):
        out[i] = np.where(present[i], following, -1)
        following = np.where(present[i], starts[i], following)
    return out


def _grid(dates: Text, codes: npt.NDArray[np.int32]) -> Text:
    return Text(np.ascontiguousarray(codes.T.reshape(-1)), dates.values)


def _described(
    design: Design, cells: list[_Cells], arm: Codes, planned: npt.NDArray[np.bool_]
) -> dict[str, Text]:
    """etcd, element, order and epoch of each subject and element."""
    size, kinds = len(design.elements), len(cells) + 1  # the last: subjects without an arm
    everyone = [_Cells.of(a) for a in reversed(design.arms)]
    names = [(e.code, e.element) for e in design.elements]
    any_order = {k: v for c in everyone for k, v in c.orders.items()}
    any_epoch = {k: v for c in everyone for k, v in c.epochs.items()}
    orders = [[*(c.orders.get(e, "") for c in cells), any_order.get(e, "")] for e, _ in names]
    epochs = [[*(c.epochs.get(e, "") for c in cells), any_epoch.get(e, "")] for e, _ in names]
    at = (np.arange(size)[:, None] * kinds + arm[None, :] % kinds).T.reshape(-1)
    which = np.tile(np.arange(size), len(arm))
    off_plan = ~planned.T.reshape(-1)
    code = np.where(off_plan, size, which).astype(np.int32)
    order = Text.empty(0).recoded(at.astype(np.int32), [o for row in orders for o in row])
    return {
        "etcd": Text.empty(0).recoded(code, [*(c for c, _ in names), UNPLANNED]),
        "element": Text.empty(0).recoded(code, [*(n for _, n in names), None]),
        "order": order.where(~off_plan),
        "epoch": Text.empty(0).recoded(at.astype(np.int32), [e for row in epochs for e in row]),
    }
