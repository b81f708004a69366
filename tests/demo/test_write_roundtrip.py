"""What sites 01, 04, 07 and 08 write reads back, by the study's own sources and overlays, as what they collected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from sdtm_mapper.algorithms.dates import compile_formats, is_time_format
from sdtm_mapper.demo.codes import CODES, YESNO
from sdtm_mapper.demo.collected import Collected, Day, Line, Value, Written
from sdtm_mapper.demo.crf import FORMS, Form, Item
from sdtm_mapper.demo.generate import collect
from sdtm_mapper.demo.phrases import CHINESE_OF
from sdtm_mapper.demo.redcap_project import PROJECTS
from sdtm_mapper.demo.write_events import Unscheduled
from sdtm_mapper.demo.write_labs import wide_form
from sdtm_mapper.demo.write_odm import event_oid, write_odm
from sdtm_mapper.demo.write_redcap import write_redcap
from sdtm_mapper.demo.write_text import FREE, ISO
from sdtm_mapper.demo.write_viedoc import write_viedoc
from sdtm_mapper.model.raw import RawForm

SITES = {
    "01": ("ntuh", write_redcap),
    "04": ("tsgh", write_odm),
    "07": ("cmuh", write_viedoc),
    "08": ("nckuh", write_redcap),
}
Made = Callable[[str], Collected]
Read = Callable[[str, Written], SimpleNamespace]
LAB = ("", "_U", "_LO", "_HI", "_ND")


def write(site: str, made: Made, tmp_path: Path, *, places: bool = True) -> tuple[Collected, Written]:
    folder, writer = SITES[site]
    collected = made(site)
    return collected, writer(collected, tmp_path / "raw" / folder, places=places)


def meant(site: str, item: Item, value: Value) -> str:
    """The text that the reader should give for a value, dates in ISO 8601."""
    if isinstance(value, Day):
        return ISO.text(value)
    if item.name == "VISIT":
        if site in PROJECTS:
            return PROJECTS[site].events[value]
        return event_oid(value) if site == "04" else CODES["VISIT"][value][0]
    which = site == "08"
    if item.kind == "yesno":
        return YESNO[value][which]
    if item.codes in CODES:
        order = list(CODES[item.codes])
        terms = sorted(value.split(";"), key=order.index)
        return "; ".join(CODES[item.codes][t][which] for t in terms)
    return CHINESE_OF[value] if which and item.name in FREE else value


def iso(form: RawForm, column: str) -> list[str]:
    """A column's cells as the form's spec reads them."""
    spec = form.specs[0]
    cells = form.columns[column].strings()
    if column not in spec.dates or is_time_format(spec.dates[column][0]):
        return cells
    parser = compile_formats(spec.dates[column], spec.unknown)
    return ["" if not c else parser(c).iso for c in cells]


def as_read(form: RawForm, names: list[str]) -> list[tuple[tuple[str, str], ...]]:
    """The rows of a form as its filled items, in an order of their own."""
    columns = {n: iso(form, n) for n in ("SUBJECT", *names)}
    return sorted(tuple((n, c[i]) for n, c in columns.items() if c[i]) for i in range(len(form)))


def as_collected(site: str, form: Form, lines: list[Line]) -> list[tuple[tuple[str, str], ...]]:
    """The same of what was collected."""
    out = []
    for line in lines:
        cells = {i.name: meant(site, i, line.values[i.name]) for i in form.items if i.name in line.values}
        out.append((("SUBJECT", f"{site}-{line.subject:03}"), *cells.items()))
    return sorted(out)


def side_by_side(lines: tuple[Line, ...]) -> list[Line]:
    """Laboratory lines as one line a sample."""
    found: dict[tuple[object, ...], dict[str, Value]] = {}
    suffixes = dict(zip(("LBRES", "LBUNIT", "LBLO", "LBHI", "LBNDREA"), LAB, strict=True))
    for line in lines:
        v = line.values
        same = {n: v[n] for n in ("VISIT", "LBDAT", "LBTIM") if n in v}
        cells = found.setdefault((line.subject, *same.values()), dict(same))
        cells.update({f"{v['LBTEST']}{s}": v[n] for n, s in suffixes.items() if n in v})
    return [Line(int(str(key[0])), values) for key, values in found.items()]


def generated(site: str) -> Collected:
    """What the generator collects at a site with four subjects."""
    return next(iter(collect(11, 36, (site,))))


@pytest.mark.parametrize("by_hand", [True, False], ids=["by hand", "generated"])
@pytest.mark.parametrize("site", SITES)
def test_the_reader_gives_back_what_was_collected(
    site: str, by_hand: bool, made: Made, read: Read, tmp_path: Path
) -> None:
    collected, written = write(site, made if by_hand else generated, tmp_path)
    got = read(site, written)
    assert got.found == []
    wide = site != "04"
    for each in FORMS:
        if each.per == "central":
            continue
        form, lines = each, list(collected.forms.get(each.name, ()))
        if form.name == "lb" and wide:
            form, lines = wide_form(site != "01"), side_by_side(collected.forms["lb"])
        names = [i.name for i in form.items]
        assert as_read(got.forms[form.name], names) == as_collected(site, form, lines), form.name


@pytest.mark.parametrize("site", SITES)
def test_every_file_is_claimed_and_every_record_accounted(
    site: str, made: Made, read: Read, tmp_path: Path
) -> None:
    _, written = write(site, made, tmp_path)
    got = read(site, written)
    assert {f.file for f in got.files} == set(written.counts)
    for file in got.files:
        form = got.forms.get(file.form or "")
        if form is not None:
            kept = int((form.file == [f.path for f in form.files].index(file.path)).sum())
            left_out = sum(len(r) for _, r in file.excluded)
            assert (file.rejected, kept + left_out) == ((), file.records), file.path


@pytest.mark.parametrize("site", SITES)
def test_identifiers_do_not_pass_the_reader(site: str, made: Made, read: Read, tmp_path: Path) -> None:
    _, written = write(site, made, tmp_path)
    got = read(site, written)
    assert sum(got.forms["subject"].identifiers.values()) == 3
    for form in got.forms.values():
        assert not any("chart" in c.lower() or "UniqueIdentifier" in c for c in form.columns)


@pytest.mark.parametrize("site", SITES)
def test_the_same_bytes_with_and_without_places(site: str, made: Made, tmp_path: Path) -> None:
    folder, writer = SITES[site]
    first, again = tmp_path / "a" / folder, tmp_path / "b" / folder
    one, two = writer(made(site), first), writer(made(site), again, places=False)
    assert one.counts == two.counts
    assert two.places == ()
    names = sorted(p.relative_to(first) for p in first.rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(again) for p in again.rglob("*") if p.is_file())
    assert all((first / n).read_bytes() == (again / n).read_bytes() for n in names)


@pytest.mark.parametrize("site", SITES)
def test_each_line_stands_where_its_place_says(site: str, made: Made, read: Read, tmp_path: Path) -> None:
    """By the reader: the record of a place holds the line's subject, and its column an item's cell or nothing."""
    collected, written = write(site, made, tmp_path)
    assert {(p.form, p.line) for p in written.places} == {
        (name, i) for name, lines in collected.forms.items() for i in range(len(lines))
    }
    got = read(site, written)
    for place in written.places:
        line = collected.forms[place.form][place.line]
        form = got.forms["lbw" if place.form == "lb" and site != "04" else place.form]
        (at,) = [i for i, r in enumerate(form.record.tolist()) if str(r) == place.record]
        assert form.columns["SUBJECT"].cell(at) == f"{site}-{line.subject:03}"
        assert form.files[form.file[at]].path == place.file
        delivered = _delivered(form)
        for name, column in place.columns.items():
            if name not in line.values or name == "LBTEST":
                continue
            assert any(form.columns[c].cell(at) for c in delivered[column] if c in form.columns), (
                place,
                name,
            )


def _delivered(form: RawForm) -> Mapping[str, list[str]]:
    """Delivered columns to the columns that they became."""
    out: dict[str, list[str]] = {c: [c] for c in form.columns}
    for source, target in form.specs[0].rename.items():
        out.setdefault(source, []).append(target)
        out.setdefault(source.removesuffix(".decode").removesuffix(".unit"), []).append(target)
    for gathered in form.specs[0].gather:
        out.setdefault(gathered, []).append(gathered)
    return out


def test_a_wide_export_has_one_row_an_event_and_one_a_repeat(made: Made, tmp_path: Path) -> None:
    _, _ = write("01", made, tmp_path)
    text = (tmp_path / "raw" / "ntuh" / "data.csv").read_bytes().decode("utf-8")
    assert text.startswith(
        "\ufeffrecord_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,"
    )
    rows = [line.split(",")[:5] for line in text.splitlines()[1:] if line.startswith("01-001")]
    assert rows[0] == ["01-001", "screening_arm_1", "", "", "ntuh"]
    assert rows[1][:4] == ["01-001", "screening_arm_1", "ecg", "1"]
    assert ["01-001", "unscheduled_arm_1", "", "2", "ntuh"] in rows
    assert len({tuple(r) for r in rows}) == len(rows)


def test_an_unchecked_box_is_0_where_its_instrument_is_filled(made: Made, tmp_path: Path) -> None:
    _, written = write("01", made, tmp_path)
    lines = (tmp_path / "raw" / "ntuh" / "data.csv").read_text(encoding="utf-8-sig").splitlines()
    (place,) = [p for p in written.places if p.form == "ae" and p.line == 4]
    header = lines[0].split(",")
    boxes = [header.index(f"ae_acn___{i}") for i in range(1, 6)]
    assert place.columns["AEACN"] == "ae_acn___2"
    assert [lines[int(place.record) - 1].split(",")[b] for b in boxes] == ["0", "1", "1", "0", "0"]
    assert [lines[1].split(",")[b] for b in boxes] == [""] * 5


def test_a_long_export_leaves_out_what_is_empty(made: Made, tmp_path: Path) -> None:
    write("08", made, tmp_path)
    lines = (tmp_path / "raw" / "nckuh" / "data.csv").read_text(encoding="utf-8").splitlines()
    assert (
        lines[0]
        == "record,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,field_name,value"
    )
    assert not [line for line in lines if line.endswith(",")]
    assert any(",lbw_" not in line and ",wbc_lo,1.0" in line for line in lines)


def test_unscheduled_visits_are_numbered_by_their_dates() -> None:
    def line(day: int, **more: str) -> Line:
        return Line(1, {"VISIT": "UNSCHEDULED", "D": Day(2025, 3, day), **more})

    visits = Unscheduled([line(9, VISOCC="Y"), line(4, VISOCC="Y"), line(10)])
    assert [visits.instance(line(d)) for d in (4, 9, 10, 1)] == ["1", "2", "2", "1"]
    assert visits.instance(Line(1, {"VISIT": "SCREENING"})) == ""
