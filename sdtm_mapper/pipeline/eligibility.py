"""The eligibility that a package holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.run import ELIGIBILITY_SCHEMA
from sdtm_mapper.pipeline.package import ELIGIBILITY


def read_eligibility(package: Path, subject: str = "") -> Any:
    """The table of ELIGIBILITY_SCHEMA of a package, of all subjects or of one.

    Raises
    ------
    UserError
        For a package without it, and for a subject that it does not have.
    """
    path = package / ELIGIBILITY
    if not path.is_file():
        raise UserError(
            f"{package}: there is no {ELIGIBILITY}. `sdtm-mapper run` writes it where design.yaml has criteria."
        )
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as fault:
        raise UserError(
            f"{path}: cannot be read: {fault}. Make the package again with `sdtm-mapper run`."
        ) from fault
    if table.schema.names != ELIGIBILITY_SCHEMA.names:
        raise UserError(f"{path}: made by another version. Make the package again with `sdtm-mapper run`.")
    if not subject:
        return table
    own = table.filter(pc.equal(table["usubjid"], subject))
    if not len(own):
        known = pc.unique(table["usubjid"]).to_pylist()
        raise UserError(
            f"There is no subject {subject!r} among {len(known)}; the first is {known[0] if known else 'none'}."
        )
    return own
