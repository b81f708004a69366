from datetime import date, datetime, timedelta

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from sdtm_mapper.algorithms.dates_iso import is_duration, is_iso8601
from validation import judges


def judged(judge, texts):
    return judge(pa.array(texts, pa.string())).tolist()


def test_a_codelist_of_results_is_of_words():
    judge = judges.among_or_number(frozenset({"NORMAL"}))
    texts = ["NORMAL", "normal", "84", "-0.5", "<20", "1e5", "84 msec", "TRACE"]
    assert judged(judge, texts) == [True, False, True, True, True, False, False, False]


@settings(deadline=None)
@given(st.lists(st.dates(), min_size=1))
def test_days_that_exist_are_right(days):
    texts = [d.isoformat() for d in days]
    assert all(judged(judges.moments(interval=True), texts))
    assert all(judged(judges.calendar(), texts))


@settings(deadline=None)
@given(st.dates(max_value=date(9998, 1, 1)), st.integers(0, 86_399))
def test_seconds_that_exist_are_right(day, second):
    moment = datetime(day.year, day.month, day.day) + timedelta(seconds=second)
    assert judged(judges.moments(interval=False), [moment.isoformat()]) == [True]


iso_like = st.text("0123456789-:T/PYMDHSWZ+.", max_size=22)


@settings(deadline=None)
@given(
    st.lists(
        iso_like | st.from_regex(r"[12][09]\d\d(-[0-3]\d|--){0,2}(T[0-2]\d(:[0-5]\d)?)?", fullmatch=True)
    )
)
def test_a_text_is_right_by_both_rules_or_no_date(texts):
    form = judged(judges.moments(interval=True), texts)
    exists = judged(judges.calendar(), texts)
    assert [f and e for f, e in zip(form, exists, strict=True)] == [is_iso8601(t) for t in texts]


@settings(deadline=None)
@given(st.lists(iso_like))
def test_durations_are_those_of_the_algorithms(texts):
    assert judged(judges.durations(interval=False), texts) == [is_duration(t) for t in texts]


@settings(deadline=None)
@given(st.lists(st.text(max_size=8), unique=True), st.frozensets(st.text(max_size=8)))
def test_terms_and_bytes(texts, terms):
    assert judged(judges.among(terms), texts) == [t in terms for t in texts]
    assert judged(judges.at_most(5), texts) == [len(t.encode()) <= 5 for t in texts]
