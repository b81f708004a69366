"""A small, faultless study; tests change one thing of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

FILES = {
    "study.yaml": """\
schema: 1
study: S1
title: A study
standards: {sdtmig: 3.4, terminology: 2025-03-28, define: 2.1}
usubjid: "{STUDYID}-{SITEID}-{SUBJID}"
sites:
  N01: {name: North, country: TWN, folder: north}
  N05: {name: South, country: TWN, folder: south}
arms: {A: Arm A, B: Arm B}
epochs: [SCREENING, TREATMENT]
visits:
  - {visit: BASELINE, number: 1, day: 1, names: [Day 1]}
  - {visit: WEEK 2, number: 2}
not_submitted:
  ae.FOLDER: EDC folder name
""",
    "sources.yaml": """\
schema: 1
forms:
  ae:
    files: "{folder}/AE.csv"
    subject: {column: PATNUM, pattern: "(?P<SITEID>[0-9]+)-(?P<SUBJID>[0-9]+)"}
    row_key: [PATNUM, AESPID]
    dates: {AESTDAT: dd-MMM-yyyy, AEENDAT: [dd-MMM-yyyy, yyyy]}
    unknown: [UN, UNK]
  dm:
    files: "{site}/DM.csv"
    subject: PATNUM
overlays:
  N05: {ae: {encoding: cp950, delimiter: tab, dates: {AESTDAT: yyyy-MM-dd}}}
""",
    "domains/ae.yaml": """\
schema: 1
domain: AE
records:
  - from: ae
    keep: AEYN = "Y" or AETERM is not empty
    join:
      - {form: dm, on: PATNUM, cardinality: m:1, keep: ACTIVE = "1"}
variables:
  AERPDY: DAYS
  AETERM: {assign_no_ct: TERM, case: upper}
  AEDECOD: DECODE
  AESER: SERIOUS
  AEREL: {assign_ct: REL, codelist: study.REL}
  AEACN:
    - {hardcode_ct: DRUG WITHDRAWN, if: GONE is not empty}
    - {hardcode_ct: UNKNOWN}
  AESTDTC: AESTDAT
  AESEQ: auto
  AESTDY: auto
supplemental:
  AETRTEM: {assign_ct: TEFL, codelist: NY, label: Treatment Emergent Flag, qorig: Derived}
  AEOTH: {assign_no_ct: OTHER, label: Other}
keys: [USUBJID, AEDECOD, AESTDTC]
seq: [AESTDTC]
not_submitted:
  ae.AEPAGE: EDC page number
""",
    "domains/dm.yaml": """\
schema: 1
domain: DM
records: [{from: dm}]
variables:
  SUBJID: auto
  SITEID: auto
  RFSTDTC: {min: ae.AESTDAT}
  RFPENDTC: auto
  COUNTRY: {hardcode_no_ct: TWN}
  SEX: SEX
  ARMCD: ARMCD
  ACTARMCD: ARMCD
  ARMNRS: auto
supplemental:
  RACEOTH: {assign_no_ct: RACEOTH, label: Other Race}
keys: [USUBJID]
""",
    "terminology.yaml": """\
schema: 1
spellings:
  NY: {Yes: Y, No: N}
  C66742: {Ja: Y}
  AE.AEREL: {none: NONE}
codelists:
  REL: {label: Causality, terms: {NONE: Not related, REMOTE: Remote}}
extensions:
  NCOMPLT: [FINAL LAB VISIT]
translations:
  - {source: 頭痛, english: Headache, translator: T. Wang, date: 2026-01-05}
""",
}


@pytest.fixture
def write_study(tmp_path: Path) -> Callable[..., Path]:
    """Write the study with changes: (old, new) text, the whole text, '=file' for a copy, None for no file."""

    def write(changes: dict[str, tuple[str, str] | str | None] | None = None) -> Path:
        folder = tmp_path / "S1"
        files: dict[str, str | None] = dict(FILES)
        for name, change in (changes or {}).items():
            if isinstance(change, tuple):
                text = FILES[name]
                assert text.count(change[0]) == 1, f"{change[0]!r} is not once in {name}"
                files[name] = text.replace(*change)
            elif change and change.startswith("="):
                files[name] = FILES[change[1:]]
            else:
                files[name] = change
        for name, content in files.items():
            if content is not None:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(content, encoding="utf-8")
        return folder

    return write
