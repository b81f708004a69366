"""Print constraints that pin every dependency of pyproject.toml to the lowest version it allows.

`python .ci/minimum.py > .ci/constraints-min.txt` after a change there; a test holds the two together.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def constraints(pyproject: str) -> str:
    """One `name==lowest` a line, for the dependencies and the group of test tools; sorted."""
    data = tomllib.loads(pyproject)
    wanted = [*data["project"]["dependencies"], *data["dependency-groups"]["test"]]
    lines = []
    for requirement in wanted:
        match = re.fullmatch(r"([A-Za-z0-9._-]+)>=([0-9.]+)(,[^;]*)?", requirement.replace(" ", ""))
        if match is None:
            raise ValueError(
                f"pyproject.toml: '{requirement}' does not say its lowest version as name>=version"
            )
        lines.append(f"{match[1]}=={match[2]}")
    return "".join(f"{line}\n" for line in sorted(lines))


if __name__ == "__main__":
    print(constraints((ROOT / "pyproject.toml").read_text(encoding="utf-8")), end="")
