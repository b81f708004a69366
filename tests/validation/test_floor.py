import numpy as np
import pandera.errors
import pytest

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.standard import Codelist, IgDataset, IgVariable, Term
from sdtm_mapper.model.study import DomainSpec, SpecRef, StandardsPin, Study, StudyTerminology, VariableSpec
from validation import floor
from validation.floor import check_domains, guide_domain, validate, validate_package
from validation.inputs import Standards
from validation.schema import compile_schema

REF = SpecRef("domains/ae.yaml", 3)
DATE, DURATION = "ISO 8601 datetime or interval", "ISO 8601 duration"


def ig(name, kind="Char", core="Perm", codelists=(), described=""):
    return IgVariable(name, name, kind, "", core, 1, codelists, described)


AE = IgDataset(
    "AE",
    "Adverse Events",
    "Events",
    "",
    (
        ig("STUDYID", core="Req"),
        ig("DOMAIN", core="Req"),
        ig("USUBJID", core="Req"),
        ig("AESEQ", "Num", "Req"),
        ig("AETERM", core="Req"),
        ig("AEOUT", core="Exp", codelists=("C66768",)),
        ig("AESER", codelists=("C66742",)),
        ig("AESTDTC", core="Exp", described=DATE),
        ig("AEDUR", described=DURATION),
    ),
)
TS = IgDataset(
    "TS", "Trial Summary", "Trial Design", "", (ig("TSSEQ", "Num", "Req"), ig("TSPARMCD", core="Req"))
)
SUPP = IgDataset("SUPPAE", "Supp", "Relationship", "", (ig("RDOMAIN", core="Req"), ig("USUBJID", core="Req")))


class FakeGuide:
    def dataset(self, name):
        return {"AE": AE, "TS": TS, "SUPPAE": SUPP}.get(name)


class FakeTerminology:
    lists = (
        Codelist("C66742", "No Yes", "NY", False, (Term("C1", "N", "No"), Term("C2", "Y", "Yes"))),
        Codelist("C66768", "Outcome", "OUT", True, (Term("C3", "RECOVERED/RESOLVED", "x"),)),
    )

    def codelist(self, code):
        return {c.code: c for c in self.lists}.get(code)


def events(**changes):
    columns = {
        "STUDYID": Text.of(["S", "S", "S"]),
        "DOMAIN": Text.of(["AE", "AE", "AE"]),
        "USUBJID": Text.of(["S-1", "S-1", "S-2"]),
        "AESEQ": np.array([1.0, 2.0, 1.0]),
        "AETERM": Text.of(["COUGH", "RASH", "RASH"]),
        "AEOUT": Text.of(["RECOVERED/RESOLVED", None, None]),
        "AESER": Text.of(["N", "Y", None]),
        "AESTDTC": Text.of(["2025-05-03", None, "2025"]),
        "AEDUR": Text.of(["P3D", None, None]),
    }
    columns.update({n: Text.of(c) if isinstance(c, list) else c for n, c in changes.items()})
    return {n: c for n, c in columns.items() if c is not None}


def package(columns, name="AE", study=None):
    return validate_package({name: columns}, FakeGuide(), FakeTerminology(), study)


def brief(checked):
    rows = checked[1].select(["rule", "record", "variables", "values"]).to_pylist()
    return [(r["rule"], r["record"], r["variables"], r["values"]) for r in rows]


def status(checked, rule, dataset="AE"):
    return next(r for r in checked[0] if (r.rule, r.dataset) == (rule, dataset))


def test_right_dataset_has_no_finding_and_says_what_it_could_not_check():
    checked = package(events())
    assert checked[1].num_rows == 0
    assert {r.rule: r.status for r in checked[0] if r.status != "clean"} == {
        "VAL005": "skipped",
        "VAL012": "skipped",
        "VAL016": "skipped",
        **dict.fromkeys(
            (f"VAL{n:03}" for n in range(18, 25)), "skipped"
        ),  # AE has no tests, visits, grades here
    }
    assert status(checked, "VAL016").missing == ("DM",)
    assert status(checked, "VAL012").missing == ("the dataset's keys are not declared",)
    assert [r.rule for r in checked[0]] == [*(f"VAL{n:03}" for n in range(1, 25) if n != 16), "VAL016"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"AETERM": None}, ("VAL001", None, ["AETERM"], None)),
        ({"AEOUT": None}, ("VAL002", None, ["AEOUT"], None)),
        ({"AETERM": ["a", None, "b"]}, ("VAL003", 2, ["AETERM"], [""])),
        ({"AESEQ": np.array([1.0, np.nan, 1.0])}, ("VAL003", 2, ["AESEQ"], [""])),
        ({"AESEQ": ["1", "2", "1"]}, ("VAL004", None, ["AESEQ"], None)),
        ({"AETERM": np.array([1.0, 2.0, 3.0])}, ("VAL004", None, ["AETERM"], None)),
        ({"AESER": ["N", "No", None]}, ("VAL007", 2, ["AESER"], ["No"])),
        ({"AESER": ["N", "y", None]}, ("VAL007", 2, ["AESER"], ["y"])),
        ({"AEOUT": [None, None, "GONE"]}, ("VAL008", 3, ["AEOUT"], ["GONE"])),
        ({"AESTDTC": ["03-MAY-2025", None, None]}, ("VAL009", 1, ["AESTDTC"], ["03-MAY-2025"])),
        ({"AESTDTC": [None, "2025-02-30", None]}, ("VAL010", 2, ["AESTDTC"], ["2025-02-30"])),
        ({"AEDUR": ["3 days", None, None]}, ("VAL011", 1, ["AEDUR"], ["3 days"])),
        ({"AESEQ": np.array([1.0, 0.0, 1.0])}, ("VAL013", 2, ["AESEQ"], ["0"])),
        ({"AESEQ": np.array([1.0, 1.5, 1.0])}, ("VAL013", 2, ["AESEQ"], ["1.5"])),
        ({"AESEQ": np.array([1.0, 1.0, 1.0])}, ("VAL014", 2, ["USUBJID", "AESEQ"], ["S-1", "1"])),
        ({"DOMAIN": ["AE", "AE", "CM"]}, ("VAL015", 3, ["DOMAIN"], ["CM"])),
    ],
)
def test_one_fault_is_one_finding(changes, expected):
    checked = package(events(**changes))
    assert brief(checked) == [expected]
    assert status(checked, expected[0]).issues == 1
    assert status(checked, expected[0]).status == "issues"


def test_column_of_the_wrong_type_is_not_judged_further():
    checked = package(events(AESEQ=["1", "1", "1"], AETERM=np.array([1.0, 2.0, 3.0])))
    assert status(checked, "VAL013").status == "skipped"
    assert status(checked, "VAL013").missing == ("AESEQ: the column is not of the declared type",)
    assert status(checked, "VAL006").status == "skipped"
    assert status(checked, "VAL003").status == "clean"


def test_text_is_measured_in_bytes():
    checked = package(events(AETERM=["é" * 100, "é" * 101, "e" * 200]))
    assert [(r["rule"], r["record"], r["detail"]) for r in checked[1].to_pylist()] == [("VAL006", 2, "202")]


def test_declared_length_keys_and_further_variables_come_from_the_spec():
    domain = guide_domain("AE", events(AETERM=["ABCDE", "ABCDEF", "ABCDE"]), FakeGuide())
    variables = tuple(
        VariableSpec(v.name, "", v.type, "", v.core, 1, REF, length=5) if v.name == "AETERM" else v
        for v in domain.variables
    )
    spec = DomainSpec("AE", "", "Events", "", REF, (), variables, ("USUBJID", "DOMAIN"), ())
    checked = check_domains(
        [Domain(spec, variables, domain.columns)], Standards(FakeGuide(), FakeTerminology())
    )
    assert [(r["rule"], r["record"], r["detail"], r["expected"]) for r in checked[1].to_pylist()] == [
        ("VAL005", 2, "6", "5"),
        ("VAL012", 2, "1", None),
    ]


def test_keys_that_are_not_columns_cannot_be_checked():
    domain = guide_domain("AE", events(), FakeGuide())
    spec = DomainSpec("AE", "", "Events", "", REF, (), domain.variables, ("USUBJID", "AESPID"), ())
    standards = Standards(FakeGuide(), FakeTerminology())
    checked = check_domains([Domain(spec, domain.variables, domain.columns)], standards)
    assert status(checked, "VAL012").status == "skipped"
    assert status(checked, "VAL012").missing == ("the dataset has no AESPID",)


def test_study_may_extend_a_codelist_and_have_its_own():
    terms = StudyTerminology(extensions={"C66768": ("GONE",)})
    assert package(events(AEOUT=["GONE", None, None]), study=terms)[1].num_rows == 0
    own = Codelist("study.YN", "Own", "YN", False, (Term("", "maybe", ""),))
    terms = StudyTerminology(codelists={"study.YN": own})
    domain = guide_domain("AE", events(AESER=["maybe", "Y", None]), FakeGuide())
    variables = tuple(
        VariableSpec("AESER", "", "Char", "", "Perm", 1, REF, codelist="study.YN") if v.name == "AESER" else v
        for v in domain.variables
    )
    standards = Standards(FakeGuide(), FakeTerminology(), terms)
    checked = check_domains([Domain(domain.spec, variables, domain.columns)], standards)
    assert brief(checked) == [("VAL007", 2, ["AESER"], ["Y"])]


def test_codelist_that_nobody_knows_is_never_a_pass():
    class Nothing:
        def codelist(self, code):
            return None

    checked = validate_package({"AE": events()}, FakeGuide(), Nothing())
    for rule in ("VAL007", "VAL008"):
        assert status(checked, rule).status == "skipped"
        assert "AESER: codelist C66742" in " ".join(status(checked, rule).missing)


@pytest.mark.parametrize(
    "text", ["2025", "2025-05", "2025-05-31", "2024-02-29", "2025-05-03T10:20", "2025---05"]
)
def test_dates_that_sdtm_allows(text):
    assert package(events(AESTDTC=[text, None, None]))[1].num_rows == 0


@pytest.mark.parametrize(
    "text",
    ["--05-03", "2025-05-03T10:20:30.5+08:00", "-----T07:15", "2025-05-03/2025-05-09", "2025-05-03T-:15"],
)
def test_partial_dates_and_intervals_that_sdtm_allows(text):
    assert package(events(AESTDTC=[text, None, None]))[1].num_rows == 0


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2025-5-3", "VAL009"),
        ("2025-05-", "VAL009"),
        ("2025-", "VAL009"),
        ("20250503", "VAL009"),
        ("2025-05-03 10:20", "VAL009"),
        ("2025-05-03T24:00", "VAL009"),
        ("2025-13-01", "VAL009"),
        ("2025-05-03/", "VAL009"),
        (" 2025-05-03", "VAL009"),
        ("2025-05-03\n", "VAL009"),
        ("2023-02-29", "VAL010"),
        ("2025-04-31", "VAL010"),
        ("0000-01-01", "VAL010"),
        ("2025-01-01/2025-02-30", "VAL010"),
    ],
)
def test_dates_that_are_none(text, rule):
    assert brief(package(events(AESTDTC=[text, None, None]))) == [(rule, 1, ["AESTDTC"], [text])]


def test_interval_only_where_the_guide_describes_one():
    column = Text.of(["2025-05-03/2025-05-09"])
    variable = VariableSpec("XXDTC", "", "Char", "", "Perm", 1, REF, described="ISO 8601 datetime")
    spec = DomainSpec("XX", "", "", "", REF, (), (variable,), (), ())
    standards = Standards(FakeGuide(), FakeTerminology())
    checked = check_domains([Domain(spec, (variable,), {"XXDTC": column})], standards)
    assert brief(checked) == [("VAL009", 1, ["XXDTC"], ["2025-05-03/2025-05-09"])]


@pytest.mark.parametrize("text", ["P3D", "PT1H30M", "P1Y2M", "P6W", "-PT15M", "P0.5D", "PT36.5S"])
def test_durations_that_sdtm_allows(text):
    assert package(events(AEDUR=[text, None, None]))[1].num_rows == 0


@pytest.mark.parametrize("text", ["P", "PT", "3D", "P1DT", "P1.5Y2M", "P1W2D", "PT1D"])
def test_durations_that_are_none(text):
    assert brief(package(events(AEDUR=[text, None, None]))) == [("VAL011", 1, ["AEDUR"], [text])]


def test_dataset_without_subjects_counts_within_its_parameter():
    columns = {"TSSEQ": np.array([1.0, 1.0, 1.0]), "TSPARMCD": Text.of(["AGEMAX", "AGEMIN", "AGEMIN"])}
    assert brief(package(columns, "TS")) == [("VAL014", 3, ["TSPARMCD", "TSSEQ"], ["AGEMIN", "1"])]


def test_supplemental_qualifiers_belong_to_the_dataset_of_their_name():
    columns = {"RDOMAIN": Text.of(["AE", "CM"]), "USUBJID": Text.of(["S-1", "S-1"])}
    checked = package(columns, "SUPPAE")
    assert brief(checked) == [("VAL015", 2, ["RDOMAIN"], ["CM"])]
    assert status(checked, "VAL014", "SUPPAE").status == "skipped"


def test_dataset_that_the_guide_lacks_skips_presence_and_keeps_the_rest():
    checked = package({"DOMAIN": Text.of(["XY"]), "XYSTDTC": Text.of(["5 May"])}, "XX")
    assert [(r.rule, r.missing) for r in checked[0] if r.rule in ("VAL001", "VAL002")] == [
        ("VAL001", ("the guide has no dataset XX",)),
        ("VAL002", ("the guide has no dataset XX",)),
    ]
    assert [b[0] for b in brief(checked)] == ["VAL015", "VAL009"]


def test_empty_dataset():
    checked = package(
        {n: c.take(np.array([], np.int32)) if isinstance(c, Text) else c[:0] for n, c in events().items()}
    )
    assert checked[1].num_rows == 0
    assert status(checked, "VAL001").status == "clean"
    assert status(checked, "VAL003").status == "skipped"
    assert status(checked, "VAL003").reason == "the dataset has no records"


def test_exception_in_one_rule_leaves_the_others(monkeypatch):
    def broken(*, interval):
        def judge(values):
            raise ZeroDivisionError("broken")

        return judge

    monkeypatch.setattr("validation.judges.durations", broken)
    checked = package(events(AESER=["No", None, None]))
    assert status(checked, "VAL011").status == "error"
    assert "broken" in status(checked, "VAL011").reason
    assert status(checked, "VAL007").issues == 1
    assert {r.status for r in checked[0]} == {"clean", "error", "issues", "skipped"}


def test_exception_in_one_dataset_leaves_the_others(monkeypatch):
    plan = floor.plan

    def broken(spec, variables, standards):
        if spec.name == "TS":
            raise RuntimeError("no")
        return plan(spec, variables, standards)

    monkeypatch.setattr(floor, "plan", broken)
    columns = {"TSSEQ": np.array([1.0]), "TSPARMCD": Text.of(["AGEMAX"])}
    checked = validate_package({"TS": columns, "AE": events()}, FakeGuide(), FakeTerminology())
    assert {r.status for r in checked[0] if r.dataset == "TS" and r.rule != "VAL016"} == {"error"}
    assert status(checked, "VAL003").status == "clean"


def test_pandera_switched_off_from_outside_changes_nothing(monkeypatch):
    import pandera.config

    monkeypatch.setattr(pandera.config.CONFIG, "validation_enabled", False)
    assert len(brief(package(events(AESER=["No", None, None])))) == 1


def study_of(*specs, terminology=StudyTerminology()):  # noqa: B008 - frozen
    return Study("S", "S", "S", "S", StandardsPin(), "", (), {}, (), (), {}, specs, terminology)


def test_study_gives_its_terms_and_names_datasets_that_are_absent():
    domain = guide_domain("AE", events(AEOUT=["GONE", None, None]), FakeGuide())
    cm, dv = (DomainSpec(n, "", "", "", REF, (), (), (), ()) for n in ("CM", "DV"))
    study = study_of(domain.spec, cm, dv, terminology=StudyTerminology(extensions={"C66768": ("GONE",)}))
    nothing = Domain(dv, (), {"DVTERM": Text.empty(0)})
    checked = validate(study, [domain, nothing], FakeGuide(), FakeTerminology())
    assert checked[1].num_rows == 0
    assert len(checked[0]) == 72
    ended = {(r.status, r.reason) for r in checked[0] if r.dataset in ("CM", "DV")}
    assert ended == {("skipped", "the dataset has no records")}


def test_schema_alone_carries_the_codes():
    domain = guide_domain("AE", events(AESER=["No", None, None], AEOUT=None), FakeGuide())
    schema = compile_schema(domain.spec, domain.variables, Standards(FakeGuide(), FakeTerminology()))
    with pytest.raises(pandera.errors.SchemaErrors) as raised:
        schema.validate(domain.frame(), lazy=True)
    cases = raised.value.failure_cases
    assert cases["check"].tolist() == ["column_in_dataframe", "VAL007"]
    assert cases["failure_case"].tolist() == ["AEOUT", "No"]


def test_findings_grow_with_the_faults_and_not_with_the_columns():
    n = 5000
    columns = {k: v.take(np.zeros(n, np.int32)) if isinstance(v, Text) else v for k, v in events().items()}
    columns["AESEQ"] = np.arange(1.0, n + 1)
    columns["AESER"] = Text.of(["bad" if i % 2 else "Y" for i in range(n)])
    checked = package(columns)
    assert checked[1].num_rows == n // 2
    assert checked[1]["record"].to_pylist() == list(range(2, n + 1, 2))
