"""Errors that reach a user without a traceback: faults of spec, configuration and usage."""

from __future__ import annotations

from collections.abc import Sequence

from sdtm_mapper.model.study import Fault


class UserError(Exception):
    """What is wrong, where, why and what to do next; ends the command with exit status 2."""


class SpecError(UserError):
    """All faults of a spec at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(
            sorted(set(faults), key=lambda f: (f.where.file, f.where.line, f.where.column, f.code))
        )
        super().__init__("\n".join(map(str, self.faults)))
