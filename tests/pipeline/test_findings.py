import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain, Lineage, RecordLineage, VariableLineage
from sdtm_mapper.model.finding import FINDING_SCHEMA, Rule, all_findings, findings, no_findings
from sdtm_mapper.model.raw import RawFile
from sdtm_mapper.model.study import DomainSpec, Item, RecordsSpec, SpecRef, VariableSpec
from sdtm_mapper.pipeline.findings import apply_baseline, complete, worst

AE_FILE, DM_FILE, SUPP_FILE = "domains/ae.yaml", "domains/dm.yaml", "domains/suppae.yaml"


def ref(line: int, file: str = AE_FILE) -> SpecRef:
    return SpecRef(file, line)


def variable(name: str, line: int, kind: str = "Char") -> VariableSpec:
    return VariableSpec(name, name, kind, "", "Exp", line, ref(line))


def dataset(name, keys, columns, *, variables=(), lineage=None, records=(), file=AE_FILE) -> Domain:
    spec = DomainSpec(name, name, "Events", "", ref(1, file), records, tuple(variables), keys, keys)
    return Domain(spec, tuple(variables), columns, lineage)


def adverse_events() -> Domain:
    variables = [
        variable(n, i, "Num" if n == "AESEQ" else "Char")
        for i, n in enumerate(("USUBJID", "AESEQ", "AETERM", "AEOUT", "AESTDY"), 5)
    ]
    lineage = Lineage(
        files=("N01/AE.csv", "N02/AE.csv", "N02/OUT.csv"),
        forms=("ae", "out"),
        block=np.zeros(3, np.uint8),
        records=(
            RecordLineage("ae", np.array([0, 0, 1], np.int32), np.array([2, 3, 9], np.int32)),
            RecordLineage("out", np.array([-1, -1, 2], np.int32), np.array([-1, -1, 4], np.int32)),
        ),
        variables=(
            VariableLineage("USUBJID", 0, ("ae.PATNUM",), (), "identifier", ref(5)),
            VariableLineage("AETERM", 0, ("ae.TERM", "ae.OTHER"), (), "concatenate", ref(7)),
            VariableLineage("AEOUT", 0, ("out.RESULT",), (), "assign_ct", ref(20)),
            VariableLineage("AEOUT", 1, ("ae.OUT",), (), "assign_ct", ref(21)),
            VariableLineage("AESTDY", 0, (), ("AE.AETERM",), "derive_study_day", ref(9)),
        ),
        branches={"AEOUT": np.array([1, 255, 0], np.uint8)},
    )
    columns = {
        "USUBJID": Text.of(["S-1", "S-1", "S-2"]),
        "AESEQ": np.array([1.0, 2.0, 1.0]),
        "AETERM": Text.of(["COUGH", "RASH", "RASH"]),
        "AEOUT": Text.of(["A", None, "B"]),
        "AESTDY": Text.of(["1", "2", "3"]),
    }
    return dataset("AE", ("USUBJID", "AETERM", "AESEQ"), columns, variables=variables, lineage=lineage)


def demographics() -> Domain:
    columns = {"USUBJID": Text.of(["S-1", "S-2"]), "SITEID": Text.of(["N01", "N02"])}
    return dataset("DM", ("USUBJID",), columns, file=DM_FILE)


RULES = {
    "R1": Rule("R1", "t", "m", "warning", "terminology", "w", "y", "s", "e", "f", ("CG0001",)),
    "R2": Rule("R2", "t", "m", "reject", "standard", "w", "y", "s", "e", "f"),
}


def done(table, domains=None, files=()):
    domains = (demographics(), adverse_events()) if domains is None else domains
    return complete(table, domains, None, RULES, files)


def one(**fields):
    return done(findings("R1", 1, **fields)).to_pylist()[0]


def test_rule_fills_what_a_stage_left_open():
    table = all_findings([findings("R1"), findings("R1", severity="note", owner="site", authority=("X",))])
    rows = {r["severity"]: r for r in done(table).to_pylist()}
    assert (rows["warning"]["owner"], rows["warning"]["authority"]) == ("terminology", ["CG0001"])
    assert (rows["note"]["owner"], rows["note"]["authority"]) == ("site", ["X"])


def test_rule_without_a_file_is_an_error_of_the_mapping():
    row = done(findings("NOBODY")).to_pylist()[0]
    assert (row["severity"], row["owner"], row["authority"]) == ("error", "mapping", [])


def test_record_gives_subject_sequence_keys_and_site():
    row = one(dataset="AE", record=3, variables=("AETERM",), values=("RASH",))
    assert (row["usubjid"], row["seq"], row["site"]) == ("S-2", 1, "N02")
    assert row["keys"] == "USUBJID=S-2|AETERM=RASH"


@pytest.mark.parametrize(
    ("record", "name", "raw", "line"),
    [
        (1, "AETERM", ("N01/AE.csv", 2, "TERM, OTHER"), 7),
        (3, "AEOUT", ("N02/OUT.csv", 4, "RESULT"), 20),  # first branch: a joined form
        (1, "AEOUT", ("N01/AE.csv", 2, "OUT"), 21),  # second branch
        (2, "AEOUT", ("N01/AE.csv", 3, None), 8),  # no branch held: the variable's own line
        (3, "AESTDY", ("N02/AE.csv", 9, "TERM, OTHER"), 9),  # through a variable of the dataset
        (2, "AESEQ", ("N01/AE.csv", 3, None), 6),  # no lineage
        (2, "NOTHERE", ("N01/AE.csv", 3, None), 1),
    ],
)
def test_lineage_gives_raw_and_spec_position(record, name, raw, line):
    row = one(dataset="AE", record=record, variables=(name,), values=("x",))
    assert (row["raw_file"], row["raw_record"], row["raw_column"]) == raw
    assert (row["spec_file"], row["spec_line"]) == (AE_FILE, line)


def test_position_that_a_stage_gives_is_kept_whole():
    row = one(dataset="AE", record=1, variables=("AETERM",), raw_file="own.csv", spec_file="own.yaml")
    assert (row["raw_file"], row["raw_record"], row["raw_column"]) == ("own.csv", None, None)
    assert (row["spec_file"], row["spec_line"]) == ("own.yaml", None)


def test_dataset_level_finding_has_the_domains_line_and_no_record():
    row = one(dataset="AE", variables=("AEDECOD",))
    assert (row["spec_file"], row["spec_line"], row["keys"], row["raw_file"]) == (AE_FILE, 1, None, None)


def test_unpivoted_record_names_its_own_item():
    items = (Item("HB", {"unit": "HB_UNIT"}), Item("PLT", {"unit": "PLT_UNIT"}))
    columns = ("lb.HB", "lb.PLT", "lb.HB_UNIT", "lb.PLT_UNIT", "lb.LAB")
    lineage = Lineage(
        ("LB.csv",),
        ("lb",),
        np.zeros(2, np.uint8),
        (RecordLineage("lb", np.zeros(2, np.int32), np.array([2, 2], np.int32)),),
        (VariableLineage("LBORRES", 0, columns, (), "assign_no_ct", ref(4)),),
        item=Text.of(["HB", "PLT"]),
    )
    records = (RecordsSpec("lb", ref(2), unpivot=items),)
    domain = dataset("LB", (), {"LBORRES": Text.of(["1", "2"])}, lineage=lineage, records=records)
    table = findings("R1", dataset="LB", record=[1, 2], variables=("LBORRES",), values=(["1", "2"],))
    found = {r["record"]: r["raw_column"] for r in done(table, (domain,)).to_pylist()}
    assert found == {1: "HB, HB_UNIT, LAB", 2: "PLT, PLT_UNIT, LAB"}


def test_stacked_blocks_have_the_form_of_their_block():
    lineage = Lineage(
        ("AE.csv", "SAE.csv"),
        ("ae", "sae"),
        np.array([0, 1], np.uint8),
        (RecordLineage("", np.array([0, 1], np.int32), np.array([5, 6], np.int32)),),
        (VariableLineage("AETERM", 0, ("ae.IT.TERM", "sae.EVENT"), (), "assign_no_ct", ref(4)),),
    )
    domain = dataset("AE", (), {"AETERM": Text.of(["a", "b"])}, lineage=lineage)
    table = findings("R1", dataset="AE", record=[1, 2], variables=("AETERM",), values=(["a", "b"],))
    rows = [(r["raw_file"], r["raw_record"], r["raw_column"]) for r in done(table, (domain,)).to_pylist()]
    assert rows == [("AE.csv", 5, "IT.TERM"), ("SAE.csv", 6, "EVENT")]


def test_qualifier_has_its_parents_keys_and_no_sequence():
    supp = dataset(
        "SUPPAE",
        ("USUBJID", "IDVAR", "IDVARVAL", "QNAM"),
        {
            "RDOMAIN": Text.of(["AE", "AE", "AE"]),
            "USUBJID": Text.of(["S-1", "S-1", "S-9"]),
            "IDVAR": Text.of(["AESEQ", "AESPID", "AESEQ"]),
            "IDVARVAL": Text.of(["2", "7", "1"]),
            "QNAM": Text.of(["AETRTEM", "AETRTEM", "AETRTEM"]),
        },
        file=SUPP_FILE,
    )
    table = findings("R1", dataset="SUPPAE", record=[1, 2, 3], variables=("QNAM",), values=("AETRTEM",))
    found = {r["record"]: r["keys"] for r in done(table, (adverse_events(), supp)).to_pylist()}
    assert found == {
        1: "USUBJID=S-1|AETERM=RASH|QNAM=AETRTEM",
        2: "USUBJID=S-1|IDVAR=AESPID|IDVARVAL=7|QNAM=AETRTEM",
        3: "USUBJID=S-9|QNAM=AETRTEM",
    }


def test_site_of_a_raw_finding_is_its_files():
    files = (RawFile("N05/AE.csv", "ae", "N05", "0", 1, 1), RawFile("all.csv", "ae", None, "0", 1, 1))
    table = findings("R1", raw_file=["N05/AE.csv", "all.csv", "x.csv"])
    rows = done(table, files=files).to_pylist()
    assert {r["raw_file"]: r["site"] for r in rows} == {"N05/AE.csv": "N05", "all.csv": None, "x.csv": None}


def test_fingerprint_forgets_record_and_sequence():
    ae = adverse_events()
    turned = np.array([2, 1, 0])
    other = Domain(
        ae.spec,
        ae.variables,
        {n: c.take(turned) if isinstance(c, Text) else c[::-1] + 7 for n, c in ae.columns.items()},
    )
    a = done(findings("R1", dataset="AE", record=3, variables=("AETERM",), values=("RASH",)))
    b = done(findings("R1", dataset="AE", record=1, variables=("AETERM",), values=("RASH",)), (other,))
    assert a["fingerprint"].to_pylist() == b["fingerprint"].to_pylist()
    assert a["record"].to_pylist() != b["record"].to_pylist()


def test_same_content_is_told_apart_by_count():
    twice = done(findings("R1", 2, dataset="AE", record=1, variables=("AETERM",), values=("x",)))
    once = done(findings("R1", 1, dataset="AE", record=1, variables=("AETERM",), values=("x",)))
    first, second = twice["fingerprint"].to_pylist()
    assert first != second
    assert [first] == once["fingerprint"].to_pylist()
    assert len(first) == 32


def test_gravest_come_first():
    table = all_findings([findings("R1"), findings("R2")])
    assert done(table)["rule"].to_pylist() == ["R2", "R1"]


def test_nothing_in_nothing_out():
    assert done(no_findings()).num_rows == 0
    assert done(no_findings()).schema == FINDING_SCHEMA


some = st.lists(
    st.tuples(
        st.sampled_from(["R1", "R2"]),
        st.sampled_from(["AE", "DM", "XX"]),
        st.none() | st.integers(1, 4),
        st.sampled_from(["AETERM", "AEOUT", "NO"]),
        st.sampled_from(["", "a", "b"]),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(some, st.randoms(use_true_random=False))
def test_order_of_findings_changes_nothing(rows, random):
    def table(cells):
        made = [findings(r, 1, dataset=d, record=n, variables=(v,), values=(x,)) for r, d, n, v, x in cells]
        return done(all_findings(made))

    shuffled = list(rows)
    random.shuffle(shuffled)
    first = table(rows)
    assert first.equals(table(shuffled))
    assert len(set(first["fingerprint"].to_pylist())) == len(rows)


def test_baseline_marks_known_new_and_gone():
    old = done(findings("R2", dataset="AE", record=[1, 2], variables=("AETERM",), values=(["a", "b"],)))
    new = done(findings("R2", dataset="AE", record=[2, 3], variables=("AETERM",), values=(["b", "c"],)))
    held = apply_baseline(new, old)
    assert dict(zip(held["record"].to_pylist(), held["status"].to_pylist(), strict=True)) == {
        1: "gone",
        2: "known",
        3: "new",
    }
    again = apply_baseline(new, held)
    assert sorted(again["status"].to_pylist()) == ["known", "known"]


def test_waived_stays_waived_against_a_baseline():
    table = done(findings("R2", 1, status="waived"))
    assert apply_baseline(table, table)["status"].to_pylist() == ["waived"]
    assert not worst(table, "note")


@pytest.mark.parametrize(
    ("rule", "fail_on", "fails"),
    [("R1", "error", False), ("R1", "warning", True), ("R2", "error", True), ("R2", "never", False)],
)
def test_worst(rule, fail_on, fails):
    table = done(findings(rule))
    assert worst(table, fail_on) is fails
    assert not worst(apply_baseline(table, table), fail_on)
    assert not worst(no_findings(), fail_on)


def test_spec_line_needs_no_lineage():
    spec = variable("AETERM", 7)
    domain = dataset("AE", (), {"AETERM": Text.of(["x"])}, variables=(spec,))
    row = done(findings("R1", dataset="AE", record=1, variables=("AETERM",), values=("x",)), (domain,))
    assert (row["spec_line"].to_pylist(), row["raw_file"].to_pylist()) == ([7], [None])


def test_a_raw_column_without_a_file_is_kept():
    row = one(raw_column="dm.SHOE", detail="2 filled cells", spec_file="sources.yaml")
    assert (row["raw_file"], row["raw_record"], row["raw_column"]) == (None, None, "dm.SHOE")
