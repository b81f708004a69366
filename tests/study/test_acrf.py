"""The annotated CRF of a study: its file and its pages."""

import pytest

from sdtm_mapper.model.errors import SpecError
from sdtm_mapper.study.reader import read_study


def told(write_study, acrf, **files):
    folder = write_study()
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    path = folder / "study.yaml"
    path.write_text(f"{path.read_text('utf-8')}acrf: {acrf}\n", encoding="utf-8")
    return folder


def faults(folder):
    with pytest.raises(SpecError) as error:
        read_study(folder)
    return [(f.code, f.where.file) for f in error.value.faults]


def test_pages_in_the_study_file(write_study):
    folder = told(
        write_study, "{file: acrf.pdf, pages: {ae: 12 14, ae.TERM: 13, dm: dm_page}}", acrf_pdf="%PDF-1.7"
    )
    acrf = read_study(folder).acrf
    assert (acrf.file, dict(acrf.pages)) == ("acrf.pdf", {"ae": "12 14", "ae.TERM": "13", "dm": "dm_page"})


def test_pages_in_a_table(write_study):
    table = "form,item,pages\nae,,12-15\nae,TERM,13\n"
    folder = told(write_study, "{file: acrf.pdf, pages: pages.csv}", acrf_pdf="%PDF-1.7", pages_csv=table)
    assert dict(read_study(folder).acrf.pages) == {"ae": "12-15", "ae.TERM": "13"}


def test_a_study_without_one(write_study):
    assert read_study(write_study()).acrf is None


@pytest.mark.parametrize(
    ("acrf", "files", "expected"),
    [
        ("{file: acrf.pdf}", {}, ("SPEC006", "study.yaml")),
        ("{file: ../acrf.pdf}", {"acrf_pdf": "%PDF"}, ("SPEC016", "study.yaml")),
        ("{file: acrf.txt}", {"acrf_txt": "%PDF"}, ("SPEC006", "study.yaml")),
        ("{file: acrf.pdf, pages: none.csv}", {"acrf_pdf": "%PDF"}, ("SPEC006", "study.yaml")),
        ("{file: acrf.pdf, pages: {xx: 1}}", {"acrf_pdf": "%PDF"}, ("SPEC013", "study.yaml")),
        ("{file: acrf.pdf, pages: {ae: 1; 2}}", {"acrf_pdf": "%PDF"}, ("SPEC005", "study.yaml")),
        ("{file: acrf.pdf, pages: p.csv}", {"acrf_pdf": "%PDF", "p_csv": "a,b\n"}, ("SPEC004", "p.csv")),
        (
            "{file: acrf.pdf, pages: p.csv}",
            {"acrf_pdf": "%PDF", "p_csv": "form,pages\nae,1\nae,2\n"},
            ("SPEC002", "p.csv"),
        ),
        ("{file: acrf.pdf, page: 1}", {"acrf_pdf": "%PDF"}, ("SPEC003", "study.yaml")),
    ],
)
def test_faults(write_study, acrf, files, expected):
    assert faults(told(write_study, acrf, **files)) == [expected]


def test_pages_without_a_crf(write_study):
    change = ("AETERM: {assign_no_ct: TERM, case: upper}",)
    new = (
        "AETERM: {assign_no_ct: TERM, case: upper, origin: {type: Collected, source: Investigator, pages: 3}}"
    )
    assert faults(write_study({"domains/ae.yaml": (*change, new)})) == [("SPEC050", "domains/ae.yaml")]
