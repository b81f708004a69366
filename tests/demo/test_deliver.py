"""The demo's folder: what is replaced, what is refused, what stands in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sdtm_mapper.cli import cli
from sdtm_mapper.demo.deliver import deliver
from sdtm_mapper.demo.faults import chosen
from sdtm_mapper.model.errors import UserError


def test_the_delivery_of_an_earlier_demo_is_replaced(tmp_path: Path) -> None:
    deliver(tmp_path, 1, 12, chosen("extra-file"))
    assert (tmp_path / "raw" / "tpevgh" / "notes.csv").exists()
    deliver(tmp_path, 2, 9)
    assert not (tmp_path / "raw" / "tpevgh" / "notes.csv").exists()
    about = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    assert about == {"tool": "sdtm-mapper", "seed": 2, "subjects": 9, "faults": []}


def test_a_folder_of_the_users_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "mine.csv").write_text("x", encoding="utf-8")
    with pytest.raises(UserError, match="not replaced"):
        deliver(tmp_path, 1, 9)
    assert (tmp_path / "raw" / "mine.csv").read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize(
    ("subjects", "words", "says"),
    [(11, "labs", "too few"), (2001, "labs", "too many"), (2001, "none", "too many")],
)
def test_numbers_that_cannot_be_had(tmp_path: Path, subjects: int, words: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        deliver(tmp_path, 1, subjects, chosen(words), tmp_path / "truth.json" if words == "none" else None)
    assert list(tmp_path.iterdir()) == []


def test_the_truth_is_that_of_the_clean_data_with_the_list_of_faults(tmp_path: Path) -> None:
    deliver(tmp_path / "a", 1, 12, (), tmp_path / "clean.json")
    deliver(tmp_path / "b", 1, 12, chosen("ecog-2,absent-file"), tmp_path / "faulty.json")
    clean, faulty = (
        json.loads((tmp_path / f"{n}.json").read_text(encoding="utf-8")) for n in ("clean", "faulty")
    )
    assert clean["datasets"] == faulty["datasets"]
    assert clean["faults"] == []
    assert [f["kind"] for f in faulty["faults"]] == ["absent-file", "ecog-2"]
    ecog = faulty["faults"][1]
    assert (ecog["rule"], ecog["column"], ecog["changes"][0]["after"]) == ("PRT005", "ECOG", "2")


def test_an_unknown_fault_is_a_usage_error_that_names_the_nearest(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["demo", "--out", str(tmp_path / "d"), "--faults", "ecog2"])
    assert done.exit_code == 2
    assert "Did you mean 'ecog-2'?" in done.output
    assert not (tmp_path / "d").exists()


def test_help_loads_neither_the_demo_nor_the_pipeline() -> None:
    code = (
        "import sys\nfrom sdtm_mapper.cli import main\nsys.argv = ['sdtm-mapper', 'demo', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = ('pandas', 'pyarrow', 'xlsxwriter', 'sdtm_mapper.demo', 'sdtm_mapper.pipeline')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"
