"""Paths and globs that a spec may name."""

from __future__ import annotations

import re


def outside(path: str) -> str | None:
    """Why a path or glob may leave its folder, or None."""
    if not path or path.startswith("/") or re.match(r"[A-Za-z]:", path):
        return f"'{path}' must be a path inside the folder, without a leading / or drive"
    if "\\" in path:
        return f"'{path}': write / between folders"
    if ".." in path.split("/"):
        return f"'{path}' leaves the folder"
    return None
