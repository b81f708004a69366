"""Links between records: supplemental qualifiers and comments to their parents, related records to their partners."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from validation.own.base import Data, Issue, OwnRule, at
from validation.own.columns import cell
from validation.own.subjects import look

if TYPE_CHECKING:
    import pandas as pd

_KEYS = ("RDOMAIN", "IDVAR", "IDVARVAL")


def without_parent(data: Data) -> Sequence[Issue]:
    """REL001: a record of SUPP-- or CO points at a record, or a subject, that the domain does not have."""
    issues = []
    for name in sorted(n for n in data.domains if n.startswith("SUPP") or n == "CO"):
        if data.has(name, *_KEYS):
            frame = look(data, name, *_KEYS)
            lost = (cell(frame, "RDOMAIN") != "") & ~_found(data, frame)
            issues.append(Issue(name, at(lost), _KEYS, expected="a record of that domain"))
    return issues


def without_partner(data: Data) -> Sequence[Issue]:
    """REL002: a relationship points at a record that is not there, or has one side only."""
    frame = data.frame("RELREC")
    own = frame["USUBJID"] != ""
    lost = own & ~_found(data, frame)
    gone = ~own & ~_described(data, frame)
    sides = frame.groupby(["USUBJID", "RELID"])["RDOMAIN"].transform("size")
    alone = (sides < 2) & ~lost & ~gone
    return [
        Issue("RELREC", at(lost), (*_KEYS, "RELID"), expected="a record of that domain"),
        Issue("RELREC", at(gone), ("RDOMAIN", "IDVAR", "RELID"), expected="a dataset with that variable"),
        Issue("RELREC", at(alone), ("RDOMAIN", "RELID"), expected="a second side"),
    ]


def _described(data: Data, frame: pd.DataFrame) -> Any:
    """Sides of relationships between whole datasets whose dataset and variable are there."""
    found: Any = np.zeros(len(frame), np.bool_)
    for domain, variable, rows in _parts(frame):
        found[rows] = data.has(domain, *([variable] if variable else []))
    return found


def _found(data: Data, frame: pd.DataFrame) -> Any:
    """Records whose RDOMAIN has a record of the subject with that value of that variable."""
    found: Any = np.zeros(len(frame), np.bool_)
    for domain, variable, rows in _parts(frame):
        known = _keys(data, domain, variable)
        if known is not None:
            part = frame.iloc[rows]
            value = part["IDVARVAL"] if variable else part["IDVARVAL"].str[:0]
            found[rows] = (part["USUBJID"] + "\t" + value).isin(known)
    return found


def _parts(frame: pd.DataFrame) -> Iterator[tuple[str, str, Any]]:
    for (domain, variable), part in frame.groupby(["RDOMAIN", "IDVAR"], sort=True):
        yield str(domain), str(variable), frame.index.get_indexer(part.index)


def _keys(data: Data, domain: str, variable: str) -> Any:
    """Subject and value of all records of a domain, its split datasets too; None where nothing has the variable."""
    import pandas as pd

    asked = [variable] if variable else []
    names = [n for n in data.domains if n == domain or (len(domain) == 2 < len(n) and n.startswith(domain))]
    parts = []
    for name in sorted(n for n in names if data.has(n, *asked)):
        parent = look(data, name, *asked)
        value = _text(parent[variable]) if variable else parent["USUBJID"].str[:0]
        parts.append(parent["USUBJID"] + "\t" + value)
    return pd.concat(parts) if parts else None


def _text(column: Any) -> Any:
    """Numbers as IDVARVAL has them, without zeros at their end."""
    if column.dtype != np.float64:
        return column
    values = column.unique()
    shown = {v: np.format_float_positional(v, trim="-") for v in values if not np.isnan(v)}
    return column.map(shown).astype("str").fillna("")


RULES = (
    OwnRule("REL001", "DM", {"DM": ()}, without_parent),
    OwnRule("REL002", "RELREC", {"RELREC": ("USUBJID", *_KEYS, "RELID")}, without_partner),
)
