"""What sites do otherwise: overlay files, defaults, `none`, `like`, constants."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sdtm_mapper.model.errors import SpecError
from sdtm_mapper.model.study import FormSpec, SpecRef, Study
from sdtm_mapper.study import read_study

Write = Callable[..., Path]
SO, ST, OV = "sources.yaml", "study.yaml", "overlays/N05.yaml"
SITES = "  N05: {name: South, country: TWN, folder: south}\n"
OLD = "overlays:\n  N05: {ae: {encoding: cp950, delimiter: tab, dates: {AESTDAT: yyyy-MM-dd}}}\n"
NO_OVERLAYS = (OLD, "")


def spec(study: Study, form: str, site: str | None) -> FormSpec:
    (found,) = [s for s in study.forms[form] if s.site == site]
    return found


def faults(folder: Path) -> list[str]:
    with pytest.raises(SpecError) as caught:
        read_study(folder)
    return [str(f) for f in caught.value.faults]


def test_an_overlay_file_says_the_same_as_overlays_in_sources(write_study: Write) -> None:
    text = "schema: 1\nforms:\n  ae: {encoding: cp950, delimiter: tab, dates: {AESTDAT: yyyy-MM-dd}}\n"
    study = read_study(write_study({SO: NO_OVERLAYS, OV: text}))
    south = spec(study, "ae", "N05")
    assert (south.files, south.encoding, south.delimiter) == ("south/AE.csv", "cp950", "\t")
    assert south.dates == {"AESTDAT": ("yyyy-MM-dd",), "AEENDAT": ("dd-MMM-yyyy", "yyyy")}
    assert (south.ref, spec(study, "ae", "N01").ref) == (SpecRef(OV, 3, 3), SpecRef(SO, 3, 3))
    assert OV in study.files


def test_defaults_stand_between_the_form_and_the_sites_own_words(write_study: Write) -> None:
    text = (
        "schema: 1\ndefaults: {encoding: cp950, delimiter: semicolon, unknown: [ND], subject: {column: 編號}}\n"
        "forms:\n  ae: {delimiter: tab}\n"
    )
    study = read_study(write_study({SO: NO_OVERLAYS, OV: text}))
    ae, dm = spec(study, "ae", "N05"), spec(study, "dm", "N05")
    assert (ae.encoding, ae.delimiter, ae.unknown) == ("cp950", "\t", ("ND",))
    assert (ae.subject, ae.subject_pattern) == ("編號", "(?P<SITEID>[0-9]+)-(?P<SUBJID>[0-9]+)")
    assert (dm.encoding, dm.delimiter, dm.subject) == ("cp950", ";", "編號")
    assert spec(study, "ae", "N01").encoding == "utf-8"


def test_words_that_the_sites_format_does_not_know_stay_behind(write_study: Write) -> None:
    base = ('files: "{folder}/AE.csv"', 'files: "{folder}/AE.csv"\n    delimiter: tab\n    encoding: cp1252')
    text = (
        "schema: 1\ndefaults: {format: excel, files: '{folder}/all.xlsx', sheet: '{FORM}'}\nforms:\n"
        "  ae: {format: sas7bdat, files: '{folder}/{form}.sas7bdat'}\n"
    )
    folder = write_study({SO: base, OV: text})
    sources = folder / SO
    sources.write_text(sources.read_text(encoding="utf-8").replace(OLD, ""), encoding="utf-8")
    study = read_study(folder)
    ae, dm = spec(study, "ae", "N05"), spec(study, "dm", "N05")
    assert (dm.format, dm.files, dm.sheet) == ("excel", "south/all.xlsx", "DM")
    assert (ae.format, ae.files, ae.sheet, ae.delimiter) == ("sas7bdat", "south/ae.sas7bdat", "", ",")
    assert ae.encoding == ""  # that of the text files is not that of the data set
    assert spec(study, "ae", "N01").encoding == "cp1252"


def test_defaults_without_a_format_give_each_form_what_it_knows(write_study: Write) -> None:
    text = (
        "schema: 1\ndefaults: {encoding: cp950, delimiter: tab}\nforms:\n"
        "  ae: {format: xpt, files: ae.xpt}\n  dm: {format: excel, files: dm.xlsx}\n"
    )
    study = read_study(write_study({SO: NO_OVERLAYS, OV: text}))
    assert (spec(study, "ae", "N05").encoding, spec(study, "ae", "N05").delimiter) == ("cp950", ",")
    assert spec(study, "dm", "N05").format == "excel"


def test_columns_that_only_defaults_name_may_be_absent(write_study: Write) -> None:
    text = (
        "schema: 1\ndefaults: {identifiers: [NAME, CHART], rename: {日期: AESTDAT}, dates: {DAT: yyyy}}\n"
        "forms:\n  ae: {identifiers: [CHART]}\n"
    )
    study = read_study(write_study({SO: NO_OVERLAYS, OV: text}))
    assert spec(study, "ae", "N05").identifiers == ("NAME", "CHART")
    assert spec(study, "ae", "N05").not_missed == ("DAT", "NAME", "日期")
    assert spec(study, "dm", "N05").not_missed == ("CHART", "DAT", "NAME", "日期")
    assert spec(study, "dm", "N01").not_missed == ()


def test_a_form_without_files_is_where_a_site_gives_them(write_study: Write) -> None:
    base = ('    files: "{site}/DM.csv"\n', "")
    text = OLD + '  N01: {dm: {files: "dm_{site}.csv"}}\n'
    folder = write_study({SO: base})
    sources = folder / SO
    sources.write_text(sources.read_text(encoding="utf-8").replace(OLD, text), encoding="utf-8")
    assert [(s.site, s.files) for s in read_study(folder).forms["dm"]] == [("N01", "dm_N01.csv")]


def test_none_says_that_a_site_does_not_deliver_a_form(write_study: Write) -> None:
    study = read_study(write_study({SO: NO_OVERLAYS, OV: "schema: 1\nforms: {dm: none}\n"}))
    assert [s.site for s in study.forms["dm"]] == ["N01"]
    assert [s.site for s in study.forms["ae"]] == ["N01", "N05"]


def test_none_takes_back_a_word_or_an_entry(write_study: Write) -> None:
    base = ("    unknown: [UN, UNK]", "    unknown: [UN, UNK]\n    label_row: 2\n    cutoff: AESTDAT")
    text = "schema: 1\nforms:\n  ae: {label_row: none, cutoff: none, dates: {AEENDAT: none}}\n"
    folder = write_study({SO: base, OV: text})
    sources = folder / SO
    sources.write_text(sources.read_text(encoding="utf-8").replace(OLD, ""), encoding="utf-8")
    study = read_study(folder)
    south, north = spec(study, "ae", "N05"), spec(study, "ae", "N01")
    assert (south.label_row, south.cutoff, list(south.dates)) == (None, None, ["AESTDAT"])
    assert (north.label_row, north.cutoff, list(north.dates)) == (2, "AESTDAT", ["AESTDAT", "AEENDAT"])


def test_defaults_do_not_make_a_common_form_one_of_the_site(write_study: Write) -> None:
    common = ('"{site}/DM.csv"', "DM.csv\n    site_column: SITE")
    text = "schema: 1\ndefaults: {encoding: cp950, files: '{folder}/{form}.csv'}\n"
    folder = write_study({SO: common, OV: text})
    sources = folder / SO
    sources.write_text(sources.read_text(encoding="utf-8").replace(OLD, ""), encoding="utf-8")
    assert [(s.site, s.files) for s in read_study(folder).forms["dm"]] == [(None, "DM.csv")]


def test_a_site_like_another_takes_its_overlay_with_its_own_folder(write_study: Write) -> None:
    more = SITES + "  N10: {name: Tenth, country: TWN, folder: tenth, like: N05}\n"
    study = read_study(write_study({ST: (SITES, more)}))
    south, tenth = spec(study, "ae", "N05"), spec(study, "ae", "N10")
    assert (tenth.files, tenth.site) == ("tenth/AE.csv", "N10")
    assert (tenth.encoding, tenth.delimiter, tenth.dates) == (south.encoding, south.delimiter, south.dates)
    assert tenth.ref.file == SO


def test_a_site_like_another_has_its_own_words_on_top(write_study: Write) -> None:
    more = SITES + "  N10: {name: Tenth, country: TWN, folder: tenth, like: N05}\n"
    text = "schema: 1\nforms: {ae: {encoding: utf-16}}\nignore: {'{folder}/*.pdf': signed pages}\n"
    study = read_study(write_study({ST: (SITES, more), "overlays/N10.yaml": text}))
    tenth = spec(study, "ae", "N10")
    assert (tenth.encoding, tenth.delimiter) == ("utf-16", "\t")
    assert study.ignore == {"tenth/*.pdf": "signed pages"}


def test_constants_and_the_padding_of_a_number(write_study: Write) -> None:
    text = "schema: 1\nforms:\n  ae:\n    constants: {UNIT: mg/dL}\n    subject: {pad: 3}\n"
    study = read_study(write_study({SO: NO_OVERLAYS, OV: text}))
    south = spec(study, "ae", "N05")
    assert (south.constants, south.constants_at) == ({"UNIT": "mg/dL"}, {"UNIT": "overlays/N05.yaml:4"})
    assert (south.subject, south.subject_pad) == ("PATNUM", 3)


FILE = "schema: 1\n"
CASES = [
    (
        {OV: FILE + "forms: {ae: {not_submitted: {PAGE: ''}}}\n"},
        "overlays/N05.yaml:2:30: SPEC004 not_submitted: PAGE needs a reason",
    ),
    ({OV: FILE + "forms: {ae: {encodnig: x}}\n"}, "overlays/N05.yaml:2:14: SPEC003 unknown key 'encodnig'"),
    ({OV: FILE + "defaults: {formt: csv}\n"}, "overlays/N05.yaml:2:12: SPEC003 unknown key 'formt'"),
    ({OV: FILE + "defaults: {delimiter: tabs}\n"}, "overlays/N05.yaml:2:23: SPEC005 delimiter: 'tabs'"),
    ({OV: FILE + "default: {}\n"}, "overlays/N05.yaml:2:1: SPEC003 unknown key 'default'"),
    (
        {OV: FILE + "forms: {aee: none}\n"},
        "overlays/N05.yaml:2:9: SPEC013 there is no form 'aee'. Did you mean 'ae'?",
    ),
    (
        {OV: FILE + "forms: {ae: {files: all.csv, format: odm, item_group: X, delimiter: tab}}\n"},
        "overlays/N05.yaml:2:58: SPEC005 delimiter is a word of csv",
    ),
    (
        {OV: FILE + "defaults: {format: excel, delimiter: tab}\n"},
        "overlays/N05.yaml:2:27: SPEC005 delimiter is a word of csv",
    ),
    (
        {OV: FILE + "forms: {ae: {dates: {AEENDAT: yy}}}\n"},
        "overlays/N05.yaml:2:31: SPEC014 AEENDAT: ",
    ),
    ({OV: FILE + "forms: {ae: [x]}\n"}, "overlays/N05.yaml:2:13: SPEC005 ae: a mapping (key: value) or"),
    ({OV: FILE + "ignore: {x.csv: ' '}\n"}, "overlays/N05.yaml:2:10: SPEC004 ignore: x.csv needs a reason"),
    (
        {"overlays/N55.yaml": FILE},
        "overlays/N55.yaml:1:1: SPEC012 the site 'N55' is not in study.yaml, so this file is of no site. "
        "Did you mean 'N05'?",
    ),
    ({"overlays/N05.yml": FILE}, "overlays/N05.yml:1:1: SPEC006 only files named *.yaml are read"),
    (
        {ST: ("folder: south}", "folder: south, like: N1}")},
        "study.yaml:8:57: SPEC012 like: there is no site 'N1'. Did you mean 'N01'?",
    ),
    (
        {ST: ("folder: south}", "folder: south, like: N05}")},
        "study.yaml:8:57: SPEC012 like: these sites are like each other: N05 -> N05",
    ),
    (
        {OV: FILE + "forms:\n  dm: {rename: {A: B}, constants: {B: x}}\n"},
        "overlays/N05.yaml:3:36: SPEC017 'B' is a constant, and 'A' is renamed to it",
    ),
    (
        {SO: ('    files: "{site}/DM.csv"\n' + "    subject: PATNUM\n", "    subject: PATNUM\n")},
        "sources.yaml:9:3: SPEC004 the key 'files' is missing, and no site's overlay gives it",
    ),
]


@pytest.mark.parametrize(("changes", "expected"), CASES, ids=[c[1][:40] for c in CASES])
def test_a_fault_is_told_with_the_overlays_place(write_study: Write, changes: dict, expected: str) -> None:
    folder = write_study(changes)
    if OV in changes:
        sources = folder / SO
        sources.write_text(sources.read_text(encoding="utf-8").replace(OLD, ""), encoding="utf-8")
    found = faults(folder)
    assert any(line.startswith(expected) for line in found), "\n".join(found)
    assert len(found) <= 2, "\n".join(found)


def test_a_site_in_both_places_is_a_fault(write_study: Write) -> None:
    assert faults(write_study({OV: "schema: 1\n"})) == [
        "sources.yaml:13:3: SPEC012 site N05 has overlays here and in overlays/N05.yaml; keep them in one place"
    ]


def test_an_unreadable_overlay_is_one_fault(write_study: Write) -> None:
    folder = write_study({SO: ('    files: "{site}/DM.csv"\n', ""), OV: "forms: [\n"})
    assert [line.split(" ")[1] for line in faults(folder)] == ["SPEC001"]


def test_the_form_of_subject_aliases(write_study: Write) -> None:
    text = "subject_aliases: {form: dm, subject: OLD, site: OLDSITE}\noverlays:"
    aliases = read_study(write_study({SO: ("overlays:", text)})).aliases
    assert aliases is not None
    assert (aliases.form, aliases.subject, aliases.site) == ("dm", "OLD", "OLDSITE")
    assert aliases.ref == SpecRef(SO, 12, 1)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("{form: dmm, subject: OLD}", "sources.yaml:12:25: SPEC013 subject_aliases: there is no form 'dmm'"),
        ("{form: dm}", "sources.yaml:12:1: SPEC004 the key 'subject' is missing"),
        ("{form: dm, subjct: X, subject: OLD}", "sources.yaml:12:29: SPEC003 unknown key 'subjct'"),
    ],
)
def test_faults_of_subject_aliases(write_study: Write, words: str, expected: str) -> None:
    (found,) = faults(write_study({SO: ("overlays:", f"subject_aliases: {words}\noverlays:")}))
    assert found.startswith(expected)
