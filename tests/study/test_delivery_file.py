"""delivery.yaml."""

import pytest

from sdtm_mapper.model.errors import SpecError, UserError
from sdtm_mapper.model.study import Delivery
from sdtm_mapper.study import read_delivery_file


@pytest.fixture(autouse=True)
def _no_epoch(monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


def test_without_a_file_it_is_a_draft_of_unknown_date(tmp_path, monkeypatch):
    assert read_delivery_file(tmp_path) == Delivery(timestamp="1970-01-01T00:00:00")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767571200")
    assert read_delivery_file(tmp_path).timestamp == "2026-01-05T00:00:00"


def test_all_keys(tmp_path):
    text = """\
schema: 1
snapshot: lock-2
extracted: 2026-01-05T18:30:00+08:00
locked: 2026-01-04
cutoff: 2025-12-31
kind: submission
files: {ntuh/AE.csv: 12, ntuh/DM.csv: }
"""
    (tmp_path / "delivery.yaml").write_text(text, encoding="utf-8")
    assert read_delivery_file(tmp_path) == Delivery(
        snapshot="lock-2",
        extracted="2026-01-05T18:30:00+08:00",
        locked="2026-01-04",
        cutoff="2025-12-31",
        kind="submission",
        files={"ntuh/AE.csv": 12, "ntuh/DM.csv": None},
        sha256="b8b722d6f35b2057e27f79214d065f3aa0af623f5b0fd4e4f54440d9a59da9bd",
        timestamp="2026-01-05T10:30:00",
    )


@pytest.mark.parametrize(
    ("extracted", "timestamp"),
    [
        ("2026-01-05", "2026-01-05T00:00:00"),
        ("2026-01-05T18:30", "2026-01-05T18:30:00"),
        ("2026-01-05T18:30:01", "2026-01-05T18:30:01"),
        ("2026-01-05T18:30Z", "2026-01-05T18:30:00"),
    ],
)
def test_the_timestamp_is_the_moment_of_extraction(tmp_path, extracted, timestamp):
    (tmp_path / "delivery.yaml").write_text(f"schema: 1\nextracted: {extracted}\n", encoding="utf-8")
    assert read_delivery_file(tmp_path).timestamp == timestamp


def test_all_faults_at_once(tmp_path):
    text = "schema: 1\nextracted: 2026-13-05\ncutoff: 2025-12\nfiles: {../AE.csv: 1}\n"
    (tmp_path / "delivery.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_delivery_file(tmp_path)
    assert str(caught.value).split("\n") == [
        "delivery.yaml:2:12: SPEC005 extracted: '2026-13-05' is no date such as 2026-01-05 or"
        " 2026-01-05T18:00:00",
        "delivery.yaml:3:9: SPEC005 cutoff: '2025-12' is no date such as 2026-01-05",
        "delivery.yaml:4:9: SPEC016 files: '../AE.csv' leaves the folder",
    ]


def test_unknown_keys_and_kinds(tmp_path):
    (tmp_path / "delivery.yaml").write_text("schema: 1\nkind: drift\nsnapshoot: x\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_delivery_file(tmp_path)
    first, second = str(caught.value).split("\n")
    assert (
        first
        == "delivery.yaml:2:7: SPEC005 kind: 'drift' is not one of draft, submission. Did you mean 'draft'?"
    )
    assert second.startswith("delivery.yaml:3:1: SPEC003 unknown key 'snapshoot'")
    assert second.endswith("Did you mean 'snapshot'?")


def test_a_wrong_source_date_epoch_is_a_usage_fault(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "today")
    with pytest.raises(UserError, match="SOURCE_DATE_EPOCH is 'today', not a number of seconds"):
        read_delivery_file(tmp_path)


def test_no_folder(tmp_path):
    with pytest.raises(UserError, match="is not a folder"):
        read_delivery_file(tmp_path / "none")
