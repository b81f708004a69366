import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sdtm_mapper.cli import explain
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.finding import Rule
from sdtm_mapper.report.rules_page import RULE_FORMATS, rule_text, rules_markdown
from sdtm_mapper.standards.rules import load_rules

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
RULE = Rule(
    "R1", "A|B <i>", "{values} of {variables}", "error", "site", "w*x*", "y_z_", "s", "e", "f", ("CG1",)
)


def test_page_in_docs_is_the_one_that_the_rules_give():
    # python -m sdtm_mapper.report.rules_page > docs/rules.md
    assert PAGE.read_text(encoding="utf-8") == rules_markdown(load_rules())


def test_page_lists_every_rule_and_escapes_its_text():
    page = rules_markdown({"R1": RULE})
    assert "| [R1](#r1) | error | site | A\\|B &lt;i> |\n" in page
    assert "- What: w\\*x\\*\n- Why: y\\_z\\_\n" in page
    assert "- Authority: CG1\n" in page
    assert "`{values} of {variables}`" in page


def test_rule_as_text():
    assert rule_text(RULE).splitlines()[:6] == [
        "R1  error  A|B <i>",
        "Answered by: site",
        "Authority: CG1",
        "",
        "What",
        "  w*x*",
    ]


@pytest.mark.parametrize("form", sorted(RULE_FORMATS))
def test_explain_prints_a_rule(form):
    done = CliRunner().invoke(explain.command, ["val009", "--format", form], catch_exceptions=False)
    assert done.exit_code == 0
    assert "assign_datetime" in done.output.replace("\\", "")
    if form == "json":
        assert json.loads(done.output)["code"] == "VAL009"


def test_explain_names_the_nearest_rule():
    with pytest.raises(UserError, match=r"There is no rule 'VAL09'\. Did you mean VAL009\?"):
        CliRunner().invoke(explain.command, ["VAL09"], catch_exceptions=False)
    with pytest.raises(UserError, match="lists all rules"):
        CliRunner().invoke(explain.command, ["§§§"], catch_exceptions=False)


def test_formats_of_the_command_are_those_of_the_page():
    assert tuple(RULE_FORMATS) == explain.FORMATS


def test_every_rule_of_the_floor_has_a_page():
    from validation.codes import ALL

    assert set(ALL) <= set(load_rules())
