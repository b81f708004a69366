"""Where the product's own data and a user's installed data are."""

from __future__ import annotations

import os
from pathlib import Path

from sdtm_mapper.model.errors import UserError

HOME_VARIABLE = "SDTM_MAPPER_HOME"
_PACKAGE = Path(__file__).resolve().parents[1]


def specs_dir() -> Path:
    """The product's own `specs`: inside an installed package, beside the package in a clone.

    Found from the package alone, so that a folder named specs in the working directory never stands in.
    """
    for folder in (_PACKAGE / "_specs", _PACKAGE.parent / "specs"):
        if (folder / "standards" / "ct").is_dir():
            return folder
    raise UserError(
        f"{_PACKAGE}: the product's own standards are missing, so this installation is damaged. "
        "Install sdtm-mapper again."
    )


def home_dir() -> Path:
    """Where what a user installs is: SDTM_MAPPER_HOME, else `.sdtm-mapper` in the home folder.

    The folder need not exist.
    """
    named = os.environ.get(HOME_VARIABLE, "")
    try:
        return Path(named).expanduser().absolute() if named else Path.home() / ".sdtm-mapper"
    except RuntimeError as fault:
        raise UserError(
            f"This user has no home folder ({fault}). Set {HOME_VARIABLE} to a folder."
        ) from fault
