"""What a define.xml says of a dataset, or a Dataset-JSON file of itself: OIDs, types, lengths, keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Item:
    """One variable. `data_type` is Define-XML's or Dataset-JSON's name of a type; None and '' are not said."""

    oid: str
    data_type: str = ""
    length: int | None = None
    key: int | None = None  # KeySequence


@dataclass(frozen=True)
class Described:
    """One dataset: its OID, its variables by name, and the study and metadata version it belongs to."""

    oid: str
    items: Mapping[str, Item] = field(default_factory=dict)
    study_oid: str = ""
    version_oid: str = ""
    reference: str = ""  # the define.xml, relative to the dataset's file

    def item(self, dataset: str, variable: str) -> Item:
        """A variable; what nothing describes has the OID that our define.xml would give it."""
        return self.items.get(variable) or Item(f"IT.{dataset}.{variable}")


def undescribed(dataset: str) -> Described:
    """A dataset of which nothing is known: the OID is what our define.xml would give it."""
    return Described(f"IG.{dataset}")


def full_datetime(timestamp: str) -> str:
    """An ISO 8601 date or date-time, to the second and with its offset where it has one."""
    return datetime.fromisoformat(timestamp).isoformat(timespec="seconds")
