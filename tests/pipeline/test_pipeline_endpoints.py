"""The preview of endpoints from a folder of datasets: who counts, what is listed, and where it may be written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from sdtm_mapper.cli import cli
from sdtm_mapper.datasets.widths import natural_widths
from sdtm_mapper.datasets.xpt import write_xpt
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import DomainSpec, SpecRef, VariableSpec
from sdtm_mapper.pipeline.endpoints import NOTICE, Asked, endpoints, events_csv, progression_csv, write

HERE = SpecRef("test", 1)
NUMBERS = ("SSSEQ",)

DM = [
    {"STUDYID": "ST", "USUBJID": "S-1", "RFXSTDTC": "2026-01-15", "RFXENDTC": "2026-06-30", "DTHDTC": ""},
    {
        "STUDYID": "ST",
        "USUBJID": "S-2",
        "RFXSTDTC": "2026-01-15",
        "RFXENDTC": "2026-03-01",
        "DTHDTC": "2026-04-20",
    },
    {"STUDYID": "ST", "USUBJID": "S-3", "RFXSTDTC": "2026-01-15", "RFXENDTC": "", "DTHDTC": ""},
    {"STUDYID": "ST", "USUBJID": "S-4", "RFXSTDTC": "", "RFXENDTC": "", "DTHDTC": ""},
]


def response(who: str, when: str, value: str, reader: str = "", accepted: str = "") -> dict[str, str]:
    evaluator = "INDEPENDENT ASSESSOR" if reader else "INVESTIGATOR"
    row = {"USUBJID": who, "RSTESTCD": "OVRLRESP", "RSSTRESC": value, "RSDTC": when, "RSEVAL": evaluator}
    return {**row, "RSEVALID": reader, "RSACPTFL": accepted}


RS = [
    response("S-1", "2026-03-12", "PR"),
    response("S-1", "2026-07-09", "SD"),
    response("S-3", "2026-03-12", "SD"),
    response("S-4", "2026-03-12", "PD"),
    response("S-1", "2026-03-12", "PD", "READER 1", "Y"),
    response("S-1", "2026-03-12", "SD", "READER 2"),
]
AE = [
    {
        "USUBJID": "S-1",
        "AEDECOD": "Diarrhoea",
        "AEBODSYS": "Gut",
        "AESTDTC": "2026-02",
        "AETOXGR": "3",
        "AESER": "Y",
    },
    {
        "USUBJID": "S-1",
        "AEDECOD": "Diarrhoea",
        "AEBODSYS": "Gut",
        "AESTDTC": "2026-05",
        "AETOXGR": "1",
        "AESER": "N",
    },
    {
        "USUBJID": "S-2",
        "AEDECOD": "Diarrhoea",
        "AEBODSYS": "Gut",
        "AESTDTC": "2026-03-31",
        "AETOXGR": "2",
        "AESER": "",
    },
    {
        "USUBJID": "S-2",
        "AEDECOD": "Nausea",
        "AEBODSYS": "Gut",
        "AESTDTC": "2026-04-01",
        "AETOXGR": "2",
        "AESER": "",
    },
    {
        "USUBJID": "S-3",
        "AEDECOD": "Headache",
        "AEBODSYS": "Head",
        "AESTDTC": "2026-01-10",
        "AETOXGR": "2",
        "AESER": "",
    },
    {
        "USUBJID": "S-4",
        "AEDECOD": "Headache",
        "AEBODSYS": "Head",
        "AESTDTC": "2026-02-10",
        "AETOXGR": "2",
        "AESER": "",
    },
]


def domain(name: str, rows: Sequence[Mapping[str, str]]) -> Domain:
    variables, columns = [], {}
    for i, n in enumerate(dict.fromkeys(v for row in rows for v in row), 1):
        cells = [row.get(n, "") for row in rows]
        number = n in NUMBERS
        variables.append(VariableSpec(n, n, "Num" if number else "Char", "", "Perm", i, HERE))
        columns[n] = np.array([float(c) if c else np.nan for c in cells]) if number else Text.of(cells)
    spec = DomainSpec(name, name, "", "", HERE, (), tuple(variables), (), ())
    return Domain(spec, tuple(variables), columns)


@pytest.fixture
def package(tmp_path: Path) -> Any:
    def make(**datasets: Sequence[Mapping[str, str]]) -> Path:
        folder = tmp_path / "package"
        folder.mkdir(exist_ok=True)
        for name, rows in {"DM": DM, "RS": RS, "AE": AE, **datasets}.items():
            if rows:
                made = domain(name, rows)
                write_xpt(folder / f"{name.lower()}.xpt", made, natural_widths(made), "2026-01-01T00:00:00")
        return folder

    return make


def test_progression_of_treated_subjects_by_the_investigator(package):
    found = endpoints(package())
    assert (found.study, found.treated) == ("ST", 3)
    assert [(p.usubjid, p.status, p.reason) for p in found.progression] == [
        ("S-1", "event-free", "assessed on 2026-07-09"),
        ("S-2", "failed", "DEATH on 2026-04-20"),
        ("S-3", "unknown", "last evaluable assessment on 2026-03-12"),
    ]
    assert found.best == {"S-1": ("PR", "SD"), "S-2": ("NE", "NE"), "S-3": ("SD", "SD")}
    assert found.crude == pytest.approx(1 / 3)
    # S-3 is censored on day 57, before the death on day 96: one of two at risk
    assert found.kaplan_meier == pytest.approx(1 / 2)


def test_the_accepted_reader_counts_where_readers_are_asked_for(package):
    found = endpoints(package(), Asked("independent"))
    assert [(p.usubjid, p.status) for p in found.progression] == [
        ("S-1", "failed"),
        ("S-2", "failed"),
        ("S-3", "unknown"),
    ]
    with pytest.raises(UserError, match="no response of an independent assessor"):
        endpoints(package(RS=RS[:4]), Asked("independent"))


def test_symptomatic_deterioration_counts_on_request(package):
    worse = {**response("S-1", "2026-04-01", "PD"), "RSTESTCD": "SYMPTDTR"}
    folder = package(RS=[*RS, worse])
    assert endpoints(folder).progression[0].status == "event-free"
    assert endpoints(folder, Asked(symptomatic=True)).progression[0].reason == "PD on 2026-04-01"


def test_another_therapy_makes_unknown(package):
    cm = [
        {"USUBJID": "S-1", "CMCAT": "PRIOR ANTI-CANCER THERAPY", "CMSTDTC": "2026-02-01"},
        {"USUBJID": "S-1", "CMCAT": "SUBSEQUENT ANTI-CANCER THERAPY", "CMSTDTC": "2026-05-02"},
    ]
    assert endpoints(package(CM=cm)).progression[0].reason == "another anti-cancer therapy by 2026-05-02"
    assert endpoints(package(CM=cm[:1])).progression[0].status == "event-free"


def test_another_therapy_by_a_contact_about_survival(package):
    ss = [{"USUBJID": "S-1", "SSSEQ": "2", "SSDTC": "2026-06-01"}]
    supp = [{"USUBJID": "S-1", "IDVAR": "SSSEQ", "IDVARVAL": "2", "QNAM": "NEWTX", "QVAL": "Y"}]
    found = endpoints(package(SS=ss, SUPPSS=supp))
    assert found.progression[0].reason == "another anti-cancer therapy by 2026-06-01"


def test_treatment_emergent_events_count_subjects(package):
    found = endpoints(package())
    assert [(e.term, e.subjects, e.grade3, e.serious) for e in found.events] == [("Diarrhoea", 2, 1, 1)]
    assert found.overall is not None
    assert (found.overall.subjects, found.overall.grade3, found.overall.serious) == (2, 1, 1)
    longer = endpoints(package(), Asked(after_last_dose=31))
    assert [(e.term, e.subjects) for e in longer.events] == [("Diarrhoea", 2), ("Nausea", 1)]


def test_an_episode_from_before_counts_where_its_grade_rises(package):
    def line(start: str, grade: str) -> dict[str, str]:
        return {"USUBJID": "S-1", "AEDECOD": "Rash", "AEGRPID": "7", "AESTDTC": start, "AETOXGR": grade}

    before = line("2026-01-01", "2")
    assert endpoints(package(AE=[before, line("2026-02-01", "2")])).events == ()
    assert [e.term for e in endpoints(package(AE=[before, line("2026-02-01", "3")])).events] == ["Rash"]


def test_grades_and_seriousness_that_are_not_collected_are_not_zero(package):
    found = endpoints(package(AE=[{k: v for k, v in r.items() if k not in ("AETOXGR", "AESER")} for r in AE]))
    assert [(e.term, e.subjects, e.grade3, e.serious) for e in found.events] == [("Diarrhoea", 2, None, None)]
    assert events_csv(found).splitlines()[2].startswith("Gut,Diarrhoea,2,66.7,,,,,3,")


def test_what_is_missing_is_told(package):
    found = endpoints(package(RS=(), AE=()))
    assert [w.split(":")[0] for w in found.without] == ["progression", "adverse events"]
    assert (found.crude, found.kaplan_meier, found.overall) == (None, None, None)
    with pytest.raises(UserError, match="nobody in DM has RFXSTDTC"):
        endpoints(package(DM=DM[3:]))


def test_files_say_on_every_line_that_they_are_a_preview(package, tmp_path):
    folder = package()
    found = endpoints(folder)
    for text in (progression_csv(found), events_csv(found)):
        rows = list(csv.DictReader(io.StringIO(text)))
        assert rows
        assert {r["notice"] for r in rows} == {NOTICE}
    written = write(found, tmp_path / "out", folder)
    told = json.loads((tmp_path / "out" / "preview-endpoints.json").read_text(encoding="utf-8"))
    assert (told["notice"], told["progression_free"]["counts"]) == (
        NOTICE,
        {"event-free": 1, "failed": 1, "unknown": 1},
    )
    assert {p.name.split("-")[0] for p in written} == {"preview"}
    with pytest.raises(UserError, match="is in the package"):
        write(found, folder / "sdtm", folder)


def test_the_command_prints_the_notice_and_the_figures(package, tmp_path):
    folder = package()
    done = CliRunner().invoke(cli, ["endpoints", str(folder), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert done.output.count(NOTICE) == 2
    assert "1 event-free, 1 failed, 1 unknown" in done.output
    assert "S-2" in done.output
    quiet = CliRunner().invoke(cli, ["endpoints", str(folder), "--no-subjects"])
    assert "S-2" not in quiet.output
    as_json = CliRunner().invoke(cli, ["endpoints", str(folder), "--format", "json"])
    assert json.loads(as_json.output)["treated"] == 3
