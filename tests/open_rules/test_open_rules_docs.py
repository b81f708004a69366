from __future__ import annotations

from pathlib import Path

from validation.open_rules.frames import BUILDERS
from validation.open_rules.operations import OPERATIONS
from validation.open_rules.operators import OPERATORS

PAGE = Path(__file__).parents[2] / "docs" / "open-rules.md"


def test_the_page_has_every_operator_and_operation_as_the_code_says():
    text = PAGE.read_text(encoding="utf-8")
    for name, function in {**OPERATORS, **OPERATIONS}.items():
        said = " ".join((function.__doc__ or "").split()).replace("|", "\\|")
        row = next((line for line in text.splitlines() if line.startswith(f"| `{name}` |")), "")
        assert row.endswith(f"| {said} |"), name
    for kind in BUILDERS:
        assert kind in text
