"""What sites 02, 03, 05, 06 and 09 write reads back, by the study's sources and overlays, as what they collected."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from sdtm_mapper.algorithms.dates import compile_formats, is_time_format
from sdtm_mapper.demo.codes import CODES, YESNO
from sdtm_mapper.demo.collected import Collected, Day, Line, Value, Written
from sdtm_mapper.demo.crf import FORMS, Form, Item
from sdtm_mapper.demo.generate import collect
from sdtm_mapper.demo.phrases import CHINESE_OF
from sdtm_mapper.demo.write_central import write_central, write_delivery
from sdtm_mapper.demo.write_excel import write_excel
from sdtm_mapper.demo.write_hospital import write_hospital
from sdtm_mapper.demo.write_incremental import write_incremental
from sdtm_mapper.demo.write_rave import write_rave
from sdtm_mapper.demo.write_sas import write_sas
from sdtm_mapper.demo.write_text import FREE, ISO, MEASURED
from sdtm_mapper.demo.write_words import CHINESE_TESTS, ENGLISH_TESTS
from sdtm_mapper.model.raw import RawForm
from sdtm_mapper.study import read_delivery_file

SPECS = Path(__file__).parents[2] / "specs" / "studies" / "nct07151326"
SITES = {
    "02": ("tpevgh", write_rave, "{:02}-{:03}"),
    "03": ("mmh", write_hospital, "MMH{1:03}"),
    "05": ("cgmhlk", write_excel, "{1}"),
    "06": ("tcvgh", write_sas, "TCVGH-{1:04}"),
    "09": ("cgmhks", write_incremental, "KS {1:03}"),
}
CHINESE = ("03", "05")
NOTES = frozenset({"SRC023", "SRC024", "SRC035"})
Made = Callable[[str], Collected]
Read = Callable[[str, Written], SimpleNamespace]
Row = tuple[tuple[str, str], ...]


DECLARED = frozenset(
    "TEMP HEIGHT WEIGHT LBRES LBLO LBHI CMDOSE EXDOSE BIOVOL TLDIAM SUMDIAM EGHR EGRR EGQT EGQTCF".split()  # noqa: SIM905
)


def meant(site: str, item: Item, value: Value) -> str:
    """The text that the reader should give for a value, dates in ISO 8601."""
    if isinstance(value, Day):
        return ISO.text(value)
    chinese = site in CHINESE
    if item.codes == "LABTEST":
        names = CHINESE_TESTS if chinese else ENGLISH_TESTS if site in ("02", "06") else {}
        text = names.get(value, value)
    elif item.kind == "yesno":
        text = YESNO[value][chinese]
    elif item.codes:
        text = ";".join(CODES[item.codes][term][chinese] for term in value.split(";"))
    elif item.name in FREE:
        text = CHINESE_OF[value] if chinese else value
    else:
        number = item.kind == "number" or item.name in MEASURED
        comma = (
            site == "09" and number and item.name not in DECLARED
        )  # of a declared one the reader gives a point
        return value.replace(".", ",") if comma else value
    return text.upper() if site == "06" else text


def iso(form: RawForm, column: str) -> list[str]:
    """A column's cells as the spec of each row's file reads them, full-width digits made plain."""
    spec = form.specs[0]
    cells = form.columns[column].strings() if column in form.columns else [""] * len(form)
    cells = [
        c.translate({ord("０") + d: ord("0") + d for d in range(10)} | {ord("．"): ".", ord("＜"): "<"})
        for c in cells
    ]
    if column not in spec.dates or is_time_format(spec.dates[column][0]):
        return cells
    parser = compile_formats(spec.dates[column], spec.unknown)
    parsed = [parser(c) if c else None for c in cells]
    assert not [p for p in parsed if p and (p.problem or p.note)]
    return [p.iso if p else "" for p in parsed]


def as_read(site: str, form: RawForm, names: list[str]) -> list[Row]:
    """The rows of a form as its filled items; a date beside its text is one."""
    columns = {n: iso(form, n) for n in ("SUBJECT", *names)}
    for name in names:
        beside = f"{name.removesuffix('AT')}TX"
        if beside in form.columns:
            texts = iso(form, beside)
            assert not [1 for a, b in zip(columns[name], texts, strict=True) if a and b]
            columns[name] = [a or b for a, b in zip(columns[name], texts, strict=True)]
    return sorted(tuple((n, c[i]) for n, c in columns.items() if c[i]) for i in range(len(form)))


def who(site: str, subject: int) -> str:
    return SITES[site][2].format(int(site), subject)


def as_collected(site: str, form: Form, lines: tuple[Line, ...]) -> list[Row]:
    """The same of what was collected."""
    out = []
    for line in lines:
        cells = {i.name: meant(site, i, line.values[i.name]) for i in form.items if i.name in line.values}
        out.append((("SUBJECT", who(site, line.subject)), *cells.items()))
    return sorted(out)


def unpivoted(form: RawForm) -> list[Row]:
    """The sheet of visits side by side as a row a result."""
    out = []
    for column in form.columns:
        if match := re.fullmatch(r"((.+?)( \d+)?) / 結果", column):
            dates, why = iso(form, f"{match[1]} / 日期"), form.columns[f"{match[1]} / 未檢驗原因"].strings()
            fixed = [form.columns[c].strings() for c in ("SUBJECT", "LBTEST", "LBUNIT")]
            for i, value in enumerate(form.columns[column].strings()):
                if dates[i]:
                    names = ("SUBJECT", "VISIT", "LBDAT", "LBTEST", "LBRES", "LBUNIT", "LBNDREA")
                    cells = (fixed[0][i], match[2], dates[i], fixed[1][i], value, fixed[2][i], why[i])
                    out.append(tuple((n, c) for n, c in zip(names, cells, strict=True) if c))
    return sorted(out)


def write(site: str, made: Made, tmp_path: Path) -> tuple[Collected, Written]:
    folder, writer, _ = SITES[site]
    collected = made(site)
    return collected, writer(collected, tmp_path / "raw" / folder)


@pytest.mark.parametrize("site", SITES)
def test_the_reader_gives_back_what_was_collected(site: str, made: Made, read: Read, tmp_path: Path) -> None:
    collected, written = write(site, made, tmp_path)
    got = read(site, written)
    assert [f for f in got.found if f[0] not in NOTES] == []
    for form in FORMS:
        if form.per == "central":
            continue
        expected = as_collected(site, form, collected.forms.get(form.name, ()))
        if form.name == "lb" and site == "05":
            assert unpivoted(got.forms["lbx"]) == expected
            continue
        rows = as_read(site, got.forms[form.name], [i.name for i in form.items])
        assert rows == expected, form.name


@pytest.fixture(scope="session")
def generated() -> dict[str, Collected]:
    """What the generator collects of six subjects a site."""
    return {part.site: part for part in collect(11, 54)}


@pytest.mark.parametrize("site", SITES)
def test_the_reader_gives_back_what_was_generated(
    site: str, generated: dict[str, Collected], read: Read, tmp_path: Path
) -> None:
    folder, writer, _ = SITES[site]
    forms = generated[site].forms
    written = writer(generated[site], tmp_path / "raw" / folder)
    got = read(site, written)
    assert [f for f in got.found if f[0] not in NOTES] == []
    for form in FORMS:
        if form.per == "central":
            continue
        expected = as_collected(site, form, forms.get(form.name, ()))
        if form.name == "lb" and site == "05":  # the unit is the row's, also where a test was not done
            rows = [_without_unit(r) for r in unpivoted(got.forms["lbx"])]
            assert sorted(rows) == sorted(_without_unit(r) for r in expected)
            continue
        assert as_read(site, got.forms[form.name], [i.name for i in form.items]) == expected, form.name


def _without_unit(row: Row) -> Row:
    return tuple((n, v) for n, v in row if n != "LBUNIT") if "LBNDREA" in dict(row) else row


@pytest.mark.parametrize("site", SITES)
def test_every_file_is_claimed_and_every_record_accounted(
    site: str, made: Made, read: Read, tmp_path: Path
) -> None:
    _, written = write(site, made, tmp_path)
    got = read(site, written)
    assert {f.file for f in got.files} == set(written.counts)
    for file in got.files:
        form = got.forms[file.form]
        kept = int((form.file == [f.path for f in form.files].index(file.path)).sum())
        left_out = sum(len(r) for _, r in file.excluded)
        assert (file.rejected, kept + left_out) == ((), file.records), file.path


@pytest.mark.parametrize("site", SITES)
def test_the_same_bytes_with_and_without_places(site: str, made: Made, tmp_path: Path) -> None:
    folder, writer, _ = SITES[site]
    collected = made(site)
    first, again = tmp_path / "a" / folder, tmp_path / "b" / folder
    one, two = writer(collected, first), writer(collected, again, places=False)
    assert (one.counts, two.places) == (two.counts, ())
    names = sorted(p.name for p in first.iterdir())
    assert names == sorted(p.name for p in again.iterdir())
    assert all((first / n).read_bytes() == (again / n).read_bytes() for n in names)


@pytest.mark.parametrize("site", SITES)
def test_each_line_stands_where_its_place_says(site: str, made: Made, read: Read, tmp_path: Path) -> None:
    """By the reader: the record of a place holds the line's subject, and each item's column a cell."""
    collected, written = write(site, made, tmp_path)
    lines = {(name, i) for name, lines in collected.forms.items() for i in range(len(lines))}
    assert len(written.places) == len(lines)
    assert {(p.form, p.line) for p in written.places} == lines
    got = read(site, written)
    for place in written.places:
        line = collected.forms[place.form][place.line]
        form = got.forms["lbx" if place.form == "lb" and site == "05" else place.form]
        found = [form.files.index(f) for f in form.files if f.path == place.file]
        at = [
            i for i, r in enumerate(form.record.tolist()) if str(r) == place.record and form.file[i] in found
        ]
        assert len(at) == 1, place
        assert form.columns["SUBJECT"].cell(at[0]) == who(site, line.subject)
        for name in set(place.columns) & set(line.values):
            column = form.specs[0].rename.get(place.columns[name], place.columns[name])
            assert form.columns[column].cell(at[0]), (place, name)


@pytest.mark.parametrize(
    ("site", "columns"), {"03": ("病歷號", "身分證字號"), "05": ("受試者 / 病歷號",)}.items()
)
def test_identifiers_do_not_pass_the_reader(
    site: str, columns: tuple[str, ...], made: Made, read: Read, tmp_path: Path
) -> None:
    _, written = write(site, made, tmp_path)
    got = read(site, written)
    assert got.forms["subject"].identifiers == dict.fromkeys(columns, 3)
    assert not [c for f in got.forms.values() for c in f.columns if c in columns]


def test_increments_change_add_and_delete(tmp_path: Path, read: Read) -> None:
    lines = [
        Line(1, {"AENO": str(n), "AETERM": f"T{n}", "AESTDAT": Day(2026, 1, 1 + n), "AEENDAT": Day(2026, 2, 1),
                 "AEONGO": "N", "AEOUT": "RECOVERED/RESOLVED"})
        for n in range(1, 14)
    ]  # fmt: skip
    lines[0] = Line(1, {**lines[0].values, "AEENDAT": Day(2026, 7, 9)})
    lines.append(Line(1, {"AENO": "14", "AETERM": "T14", "AESTDAT": Day(2026, 9, 1), "AEONGO": "Y"}))
    collected = Collected("09", {"ae": tuple(lines)})
    written = write_incremental(collected, tmp_path / "raw" / "cgmhks")
    assert {n: c for n, c in written.counts.items() if "AE_" in n} == {
        "cgmhks/AE_20260630.csv": 14,
        "cgmhks/AE_20261201.csv": 4,
    }
    texts = [(tmp_path / "raw" / n).read_text("cp1252").splitlines() for n in written.counts if "AE_" in n]
    assert texts[0][1].startswith("KS 001;1;;T1;02/01/2026;;Yes;")
    assert texts[1][1].startswith("KS 001;1;;T1;02/01/2026;09/07/2026;No;")
    got = read("09", written)
    reasons = {r: len(n) for f in got.files if "AE_" in f.path for r, n in f.excluded}
    assert reasons == {
        "changed by a later file": 1,
        "sent again unchanged by a later file": 1,
        "deleted by a later record": 1,
        "deleted at its source: STATUS is D": 1,
    }
    form = next(f for f in FORMS if f.name == "ae")
    assert as_read("09", got.forms["ae"], [i.name for i in form.items]) == as_collected(
        "09", form, tuple(lines)
    )


def test_central_files_and_the_delivery(tmp_path: Path, read: Read) -> None:
    reading = {"SITE": "03", "READER": "READER 1", "VISIT": "SCREENING", "IMGDAT": Day(2026, 1, 5), "LESID": "T01",
               "LESTYPE": "TARGET", "LESLOC": "LIVER", "LESVAL": "34", "ACCEPT": "Y"}  # fmt: skip
    deviation = {"SITE": "03", "DVNO": "1", "DVCAT": "STUDY DRUG", "DVTERM": "Dose taken, twice"}
    collected = Collected(
        "",
        {"irc": (Line(7, reading),), "dev": (Line(7, deviation),)},
        {
            "transfers": (
                {"SITE": "03", "SUBJECT": "7", "NEWSITE": "05", "NEWSUBJECT": "9", "REASON": "MOVED"},
            )
        },
    )
    raw = tmp_path / "raw"
    written = write_central(collected, raw / "central")
    write_delivery(raw, [written])
    got = read("", written)
    assert [f for f in got.found if f[0] not in NOTES and f[0] != "SRC002"] == []
    assert as_read("", got.forms["irc"], ["VISIT", "IMGDAT", "LESLOC", "ACCEPT"]) == [
        (
            ("SUBJECT", "03-007"),
            ("VISIT", "Screening"),
            ("IMGDAT", "2026-01-05"),
            ("LESLOC", "Liver"),
            ("ACCEPT", "Yes"),
        )
    ]
    assert got.forms["dev"].columns["DVTERM"].strings() == ["Dose taken, twice"]
    delivery = read_delivery_file(raw)
    assert (delivery.kind, delivery.cutoff, delivery.timestamp) == (
        "submission",
        "2026-11-30",
        "2026-12-01T10:30:00",
    )
    assert delivery.files["central/irc.csv"] == 1
    transfers = (raw / "central" / "transfers.csv").read_text("utf-8").splitlines()
    assert transfers == ["SITE,SUBJECT,NEWSITE,NEWSUBJECT,REASON,DATE", "03,7,05,9,MOVED,"]
