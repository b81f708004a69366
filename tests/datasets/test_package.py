import numpy as np
import pyarrow as pa
import pytest

from sdtm_mapper.datasets import parquet
from sdtm_mapper.datasets.package import as_domain, read_package, verify_xpt
from sdtm_mapper.datasets.parquet import write_parquet, write_table
from sdtm_mapper.datasets.xpt import natural_widths, write_xpt
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.errors import UserError

STAMP = "2025-03-28"


@pytest.fixture
def ae(domain_of):
    return domain_of(
        {"USUBJID": ["S-1", "S-1", "S-2"], "AETERM": ["HEADACHE", None, "COUGH"], "AESEQ": [1, 2, None]},
        AETERM={"format": "$20."},
        AESEQ={"format": "8."},
    )


@pytest.fixture
def dm(domain_of):
    return domain_of({"USUBJID": ["S-1", "S-2"], "AGE": [41, 60]}, name="DM", label="Demographics")


def xpt(folder, domain, name=None):
    write_xpt(folder / (name or f"{domain.name.lower()}.xpt"), domain, natural_widths(domain), STAMP)


@pytest.mark.parametrize("kind", ["xpt", "parquet"])
def test_a_folder_comes_back_without_a_spec(tmp_path, ae, dm, kind):
    for domain in (dm, ae):
        if kind == "xpt":
            xpt(tmp_path, domain)
        else:
            write_parquet(tmp_path / f"{domain.name.lower()}.parquet", domain)
    write_table(tmp_path / "ledger.parquet", pa.table({"x": [1]}))
    (tmp_path / "define.xml").write_text("<x/>")
    back = read_package(tmp_path)
    assert [(d.name, d.label, d.file, len(d)) for d in back] == [
        ("AE", "Adverse Events", f"ae.{kind}", 3),
        ("DM", "Demographics", f"dm.{kind}", 2),
    ]
    assert [(v.name, v.label, v.type, v.width, v.format) for v in back[0].variables] == [
        ("USUBJID", "Label of USUBJID", "Char", 3, ""),
        ("AETERM", "Label of AETERM", "Char", 8, "$20."),
        ("AESEQ", "Label of AESEQ", "Num", 8, "8."),
    ]
    assert back[0].columns["AETERM"].strings() == ["HEADACHE", "", "COUGH"]
    np.testing.assert_array_equal(back[0].columns["AESEQ"], [1, 2, np.nan])
    assert [d.name for d in read_package(tmp_path, only=["dm"])] == ["DM"]


def test_row_groups_do_not_show(tmp_path, domain_of, monkeypatch):
    monkeypatch.setattr(parquet, "ROWS", 2)
    cells = ["B", "A", "", "C", "A", "B", "", "", "D"]
    write_parquet(tmp_path / "a.parquet", domain_of({"A": cells, "N": [1, None, 3, 4, 5, 6, 7, 8, 9]}))
    (back,) = read_package(tmp_path)
    assert back.columns["A"].strings() == cells
    np.testing.assert_array_equal(back.columns["N"], [1, np.nan, 3, 4, 5, 6, 7, 8, 9])


def test_xpt_to_domain_to_the_same_xpt(tmp_path, ae):
    xpt(tmp_path, ae)
    (tmp_path / "again").mkdir()
    xpt(tmp_path / "again", as_domain(read_package(tmp_path)[0]))
    assert (tmp_path / "again" / "ae.xpt").read_bytes() == (tmp_path / "ae.xpt").read_bytes()


def test_faults_come_all_at_once(tmp_path, ae):
    xpt(tmp_path, ae)
    data = (tmp_path / "ae.xpt").read_bytes()
    (tmp_path / "copy.xpt").write_bytes(data)
    (tmp_path / "cut.xpt").write_bytes(data[:-1])
    (tmp_path / "text.xpt").write_text("STUDYID")
    with pytest.raises(UserError) as caught:
        read_package(tmp_path)
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["cut.xpt", "text.xpt", "ae.xpt, copy.xpt"]


def test_no_folder_no_datasets(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        read_package(tmp_path / "absent")
    with pytest.raises(UserError, match="no dataset files"):
        read_package(tmp_path)
    (tmp_path / "a.parquet").write_text("x")
    with pytest.raises(UserError, match=r"a\.parquet"):
        read_package(tmp_path)


@pytest.mark.parametrize("sample", ["sample", "full"])
def test_verify_finds_no_difference_in_what_we_write(tmp_path, domain_of, sample):
    rng = np.random.default_rng(2)
    n = 5000
    domain = domain_of(
        {
            "A": Text.of([f"v{i % 97}" if i % 5 else "" for i in range(n)]),
            "N": rng.normal(size=n),
            "D": [1] * n,
        },
        D={"format": "DATE9."},
    )
    write_xpt(tmp_path / "a.xpt", domain, {"A": 20}, STAMP)
    assert verify_xpt(tmp_path / "a.xpt", domain, {"A": 20}, sample) == []


@pytest.mark.parametrize("sample", ["sample", "full"])
def test_verify_finds_what_differs(tmp_path, ae, domain_of, sample):
    path = tmp_path / "ae.xpt"
    xpt(tmp_path, ae)
    widths = natural_widths(ae)

    def differences(columns=None, widths=widths, **settings):
        said = {"AETERM": {"format": "$20."}, "AESEQ": {"format": "8."}, **settings}
        held = {
            "USUBJID": ["S-1", "S-1", "S-2"],
            "AETERM": ["HEADACHE", None, "COUGH"],
            "AESEQ": [1, 2, None],
        }
        return verify_xpt(path, domain_of({**held, **(columns or {})}, **said), widths, sample)

    assert differences() == []
    assert differences({"AETERM": ["HEADACHE", None, "COLD"]}) == [
        "AE: AETERM differs in 1 records from record 3"
    ]
    assert differences({"AESEQ": [1, 3, 3]}) == ["AE: AESEQ differs in 2 records from record 2"]
    assert differences({"AESEQ": [1, 2, 3]}) == ["AE: AESEQ differs in 1 records from record 3"]
    assert "the label of AESEQ" in differences(AESEQ={"label": "x", "format": "8."})[0]
    assert "the format of AESEQ" in differences(AESEQ={"format": "8.1"})[0]
    assert "the width of AETERM" in differences(widths={**widths, "AETERM": 9})[0]
    assert "the list of variables" in differences({"NEW": [1, 2, 3]})[0]
    longer = {"USUBJID": ["S-1"] * 9, "AETERM": ["A"] * 9, "AESEQ": [1] * 9}
    assert "records need" in differences(longer)[0]
    path.write_bytes(b"no transport file")
    assert "cannot read" in differences()[0]
