"""`diff`: what a small change of a delivery changes in the package."""

import json
import shutil

from sdtm_mapper.cli.diff import FORMATS
from sdtm_mapper.report.diff import DIFF_FORMATS


def twice(user, tiny):
    """The package of the delivery as it is, and one to be changed."""
    assert tiny.quiet().status == 0
    first = tiny.out.with_name("first")
    shutil.copytree(tiny.out, first)
    return first


def told(user, first, second, *args):
    done = user.call("diff", first, second, "-f", "json", *args)
    return done.status, json.loads(done.out)


def test_a_package_equals_itself(user, tiny):
    first = twice(user, tiny)
    done = user.call("diff", first, tiny.out)
    assert (done.status, done.out) == (0, "equal: 4 datasets\n")


def test_one_value_one_record_more_and_one_less(user, tiny):
    first = twice(user, tiny)
    tiny.change("ae.csv", "001,1,Headache,Headache,N", "001,1,Headache,Headache,Y")
    tiny.change("ae.csv", "001,2,Cough,Cough,N,2024-03-01,\n", "")
    tiny.change(
        "ex.csv", "002,1,PILL,20.5,2024-03-04\n", "002,1,PILL,20.5,2024-03-04\n002,2,PILL,40,2024-03-06\n"
    )
    tiny.quiet()
    status, diff = told(user, first, tiny.out)
    by_name = {d["name"]: d for d in diff["datasets"]}
    assert status == 1
    assert not diff["equal"]
    ae = by_name["AE"]
    assert ae["removed"] == ["USUBJID=TINY-001|AEDECOD=Cough|AESTDTC=2024-03-01"]
    assert ae["added"] == []
    changes = [(c["variable"], c["before"], c["after"]) for c in ae["cells"]]
    assert changes == [("AESEQ", "2", "1"), ("AESER", "N", "Y")]
    assert by_name["EX"]["added"] == ["USUBJID=TINY-002|EXTRT=PILL|EXSTDTC=2024-03-06"]
    assert "SUPPAE" not in by_name or not by_name["SUPPAE"]["added"]
    text = user.call("diff", first, tiny.out).out
    assert "  ~ AESER: 1 value\n      USUBJID=TINY-001|AEDECOD=Headache|AESTDTC=2024-03-02: N -> Y\n" in text


def test_findings_and_datasets_new_and_gone(user, tiny):
    first = twice(user, tiny)
    tiny.change("ae.csv", "Rash,Rash,Y,2024-03-05,Home", ",Rash,Y,2024-03-05,")
    tiny.change("ae.csv", "2024-03-02,Ward", "2024-03-02,")
    assert tiny.quiet().status == 1
    status, diff = told(user, first, tiny.out)
    assert status == 1
    assert diff["datasets_removed"] == ["SUPPAE"]
    assert "VAL003" in [f["rule"] for f in diff["findings_new"]]
    _, back = told(user, tiny.out, first)
    assert back["datasets_added"] == ["SUPPAE"]
    assert "VAL003" in [f["rule"] for f in back["findings_gone"]]


def test_variables_new_and_gone(user, tiny):
    first = twice(user, tiny)
    tiny.change("domains/ae.yaml", "  AESTDY: auto\n", "")
    tiny.quiet()
    _, diff = told(user, first, tiny.out)
    (ae,) = [d for d in diff["datasets"] if d["name"] == "AE"]
    assert (ae["variables_removed"], ae["variables_added"]) == (["AESTDY"], [])


def test_values_are_left_out_on_request(user, tiny):
    first = twice(user, tiny)
    tiny.change("ae.csv", "Headache,Headache,N", "Headache,Headache,Y")
    tiny.quiet()
    for form in FORMATS:
        out = user.call("diff", first, tiny.out, "--no-values", "-f", form).out
        assert "Headache" not in out
        assert "TINY-001" in out


def test_folders_of_xpt_files_without_define_have_no_keys(user, tiny, tmp_path):
    first = twice(user, tiny)
    tiny.change("ae.csv", "Headache,Headache,N", "Headache,Headache,Y")
    tiny.quiet()
    folders = []
    for i, package in enumerate((first, tiny.out)):
        folders.append(tmp_path / str(i))
        folders[-1].mkdir()
        for path in (package / "sdtm").glob("*.xpt"):
            shutil.copy(path, folders[-1])
    done = user.call("diff", *folders)
    assert done.status == 1
    assert "no keys are known" in done.out
    assert "2 records added, 2 removed, 0 values changed" in done.out  # with the qualifier of the event


def test_a_folder_without_datasets_is_usage(user, tiny, tmp_path):
    (tmp_path / "none").mkdir()
    assert user.call("diff", tmp_path / "none", tmp_path / "none").status == 2


def test_formats_are_those_of_the_report():
    assert set(FORMATS) == set(DIFF_FORMATS)
