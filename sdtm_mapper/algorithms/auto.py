"""What the word `auto` means, by the variable's name, as the guide says it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

IDENTIFIERS = ("STUDYID", "DOMAIN", "USUBJID", "SITEID", "SUBJID")
_OF_PARENT = ("RDOMAIN", "IDVAR", "IDVARVAL")
_DATES = {"STDY": "STDTC", "ENDY": "ENDTC", "DY": "DTC"}


def auto_call(domain: str, variable: str, variables: Collection[str]) -> tuple[str, Mapping[str, Any]] | None:
    """(verb, arguments) that `auto` stands for; None where the guide does not say how.

    `variables` are the names that the domain's spec has; `variable` is one of them.
    """
    suffix = variable[len(domain) :] if variable.startswith(domain) else ""
    if variable in IDENTIFIERS:
        return "identifier", {"identifier": variable}
    if domain == "CO" and variable in _OF_PARENT:
        return "parent", {"parent": variable}
    if suffix == "TEST":
        return "decode", {"decode": f"{domain}TESTCD"}
    if suffix == "SEQ":
        return "derive_seq", {"derive_seq": "auto"}
    if suffix in _DATES:
        return "derive_study_day", {"derive_study_day": domain + _DATES[suffix]}
    if suffix == "LOBXFL":
        return "derive_lobxfl", {"derive_lobxfl": "auto"}
    if suffix == "BLFL":
        return "derive_blfl", {"derive_blfl": "auto"}
    if variable == "EPOCH":
        date = next((domain + s for s in ("STDTC", "DTC") if domain + s in variables), None)
        return ("derive_epoch", {"derive_epoch": date}) if date else None
    if variable == "RFPENDTC":
        return "last_date", {"last_date": "all"}
    if variable == "ARMNRS":
        return "derive_armnrs", {"derive_armnrs": "auto"}
    return None
