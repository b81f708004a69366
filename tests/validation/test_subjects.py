import numpy as np

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import DomainSpec, SpecRef
from validation.subjects import subjects_in_dm


def domain(name: str, subjects: list[str]) -> Domain:
    spec = DomainSpec(name, name, "", "", SpecRef("", 1), (), (), ("USUBJID",), ())
    return Domain(spec, (), {"USUBJID": Text.of(subjects), "X": np.zeros(len(subjects))})


def test_a_subject_that_dm_lacks_is_found_once_on_its_first_record():
    results, found = subjects_in_dm([domain("DM", ["1", "2"]), domain("AE", ["1", "9", "2", "9", "8"])])
    assert [(r.dataset, r.status, r.checked, r.issues) for r in results] == [("AE", "issues", 5, 2)]
    rows = found.select(["rule", "dataset", "record", "values", "detail"]).to_pylist()
    assert rows == [
        {"rule": "VAL016", "dataset": "AE", "record": 2, "values": ["9"], "detail": "2"},
        {"rule": "VAL016", "dataset": "AE", "record": 5, "values": ["8"], "detail": "1"},
    ]


def test_all_in_dm_is_clean():
    results, found = subjects_in_dm([domain("DM", ["1", "2"]), domain("AE", ["2"]), domain("VS", ["1", "1"])])
    assert [(r.dataset, r.status, r.checked) for r in results] == [("AE", "clean", 1), ("VS", "clean", 2)]
    assert not len(found)


def test_without_dm_nothing_passes():
    results, found = subjects_in_dm([domain("AE", ["1"])])
    assert [(r.status, r.missing) for r in results] == [("skipped", ("DM",))]
    assert not len(found)


def test_a_dataset_without_subjects_is_skipped():
    trial = Domain(domain("TA", []).spec, (), {"ARMCD": Text.of(["A"])})
    results, _ = subjects_in_dm([domain("DM", ["1"]), trial])
    assert [(r.dataset, r.status) for r in results] == [("TA", "skipped")]
