"""The order in which variables are derived."""

from sdtm_mapper.algorithms import VERBS
from sdtm_mapper.algorithms.graph import Cycle, order
from sdtm_mapper.study import read_study


def test_each_variable_comes_after_what_it_reads(write_study):
    study = read_study(write_study())
    result = order(study.domains, VERBS)
    assert isinstance(result, tuple)
    at = {node: i for i, node in enumerate(result)}
    assert len(at) == sum(len(d.variables) + len(d.supplemental) for d in study.domains)
    for first, then in [
        ("AE.AESTDTC", "AE.AESTDY"),
        ("DM.RFSTDTC", "AE.AESTDY"),
        ("AE.AESTDTC", "AE.AESEQ"),  # what --SEQ counts in
        ("AE.AESTDTC", "DM.RFPENDTC"),  # the last date of all domains
        ("DM.ARMCD", "DM.ARMNRS"),
    ]:
        assert at[first] < at[then]
    assert order(study.domains, VERBS) == result


def test_a_cycle_is_shown_as_who_reads_whom(write_study):
    change = ("AERPDY: DAYS", "AETOX: AETOXGR\n  AETOXGR: AECONTRT\n  AECONTRT: TREATED")
    study = read_study(write_study({"domains/ae.yaml": change}))
    assert not isinstance(order(study.domains, VERBS), Cycle)
    raw = {"TREATED": "AETOX"}
    (ae, dm) = study.domains
    looped = [_renamed(ae, raw), dm]
    result = order(looped, VERBS)
    assert isinstance(result, Cycle)
    assert str(result) == "AE.AECONTRT -> AE.AETOX -> AE.AETOXGR -> AE.AECONTRT"
    # where the data has a column of that name, it is read instead
    assert not isinstance(order(looped, VERBS, lambda domain, name: name == "AETOX"), Cycle)


def _renamed(domain, names):
    from dataclasses import replace

    def call(c):
        column = names.get(getattr(c.params, c.verb, None))
        return replace(c, params=c.params.model_copy(update={c.verb: column})) if column else c

    variables = tuple(replace(v, branches=tuple(call(c) for c in v.branches)) for v in domain.variables)
    return replace(domain, variables=variables)
