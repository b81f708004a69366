"""Subjects in DM: who is there once, numbers, sex, birth, age, order of reference dates, treatment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from validation.own.base import Data, Issue, Lacking, OwnRule, at
from validation.own.coded import Coded, among, coded
from validation.own.columns import cell, days, firsts, groups, on_distinct
from validation.own.exposure import planned
from validation.own.subjects import doses, look, of_subject, words
from validation.own.when import day_before, span

if TYPE_CHECKING:
    import pandas as pd

NO_ARM = ("", "SCRNFAIL", "NOTASSGN")
ORDER = (
    ("RFICDTC", "RFXSTDTC"),
    ("RFXSTDTC", "RFXENDTC"),
    ("RFSTDTC", "RFENDTC"),
    ("RFXENDTC", "RFPENDTC"),
    ("RFENDTC", "RFPENDTC"),
    ("RFICDTC", "RFPENDTC"),
)
_EX = ("EXTRT", "EXDOSE", "EXSTDTC", "EXENDTC")


def twice(data: Data) -> Sequence[Issue]:
    """DMX001: a second record of a subject, a screening number of two, or a number at two sites.

    SUBJID is judged where it is unique in the study; numbers that sites count on their own say nothing.
    """
    dm = data.frame("DM")
    again = dm["USUBJID"].duplicated()
    shared = dm["SUBJID"].duplicated() & (dm["SUBJID"] != "") & ~again
    if shared.mean() >= 0.05:
        shared = shared & False
    first = dm.drop_duplicates("SUBJID").set_index("SUBJID")["USUBJID"]
    detail = [f"also {u}" for u in dm["SUBJID"][shared].map(first)]
    return [
        Issue("DM", at(again), ("USUBJID", "SITEID"), detail="more than one record"),
        Issue("DM", at(shared), ("SUBJID", "SITEID"), detail=detail),
        *_same_person(dm, _screening_numbers(data, dm)),
    ]


def _same_person(dm: pd.DataFrame, known: Issue) -> Sequence[Issue]:
    """The known ones, and two subjects of one sex and full date of birth who were asked for consent on one day."""
    import pandas as pd

    born, consent = cell(dm, "BRTHDTC").str[:10], cell(dm, "RFICDTC").str[:10]
    full = (born.str.len() == 10) & (consent.str.len() == 10)
    who = pd.DataFrame({"born": born, "consent": consent, "sex": cell(dm, "SEX"), "id": dm["USUBJID"]})[full]
    traits = ["born", "consent", "sex"]
    first = who.groupby(traits)["id"].transform("first")
    rows = who.index[who.duplicated(traits) & (who["id"] != first)].to_numpy(np.int64)
    rows = rows[~np.isin(rows, known.records)]
    detail = [f"sex, birth and consent are those of {u}" for u in first.loc[rows]]
    return [known, Issue("DM", rows, ("USUBJID", "SITEID"), detail=detail)]


def _screening_numbers(data: Data, dm: pd.DataFrame) -> Issue:
    supp = look(data, "SUPPDM", "QNAM", "QVAL")
    own = supp[cell(supp, "QNAM").isin(words(data.current["numbers"]))]
    own = own.drop_duplicates(["USUBJID", "QVAL"])
    other = own[own["QVAL"].duplicated()]
    first = own.drop_duplicates("QVAL").set_index("QVAL")["USUBJID"]
    told = other.drop_duplicates("USUBJID").set_index("USUBJID")["QVAL"]
    wrong = at(dm["USUBJID"].isin(told.index))
    numbers = dm["USUBJID"].iloc[wrong].map(told)
    detail = [f"number {n} is also of {first[n]}" for n in numbers]
    return Issue("DM", wrong, ("USUBJID", "SITEID"), detail=detail)


def out_of_order(data: Data) -> Sequence[Issue]:
    """DMX002: consent, first dose, last dose, end: one finding a subject, on the first pair that is wrong."""
    dm = data.domains["DM"]
    found: Any = np.zeros(len(dm), np.bool_)
    issues = []
    for left, right in ORDER:
        if left in dm.columns and right in dm.columns:
            wrong = day_before(data.coded("DM", right), data.coded("DM", left)) & ~found
            found = found | wrong
            issues.append(Issue("DM", at(wrong), (left, right), expected=f"{left} not after {right}"))
    if not issues:
        raise Lacking("DM.RFICDTC", "DM.RFXSTDTC")
    return issues


def dosed_without_arm(data: Data) -> Sequence[Issue]:
    """DMX007: a subject without an arm, or a screen failure, has a dose."""
    dm, ex = data.frame("DM"), data.frame("EX")
    dosed = among(dm["USUBJID"], ex["USUBJID"][doses(ex)])
    why = cell(dm, "ARMNRS")
    failed = why.isin(("SCREEN FAILURE", "NOT ASSIGNED")) | dm["ARMCD"].str.upper().isin(NO_ARM)
    shown = ("ARMCD", "ARMNRS") if "ARMNRS" in dm else ("ARMCD",)
    return [Issue("DM", at(dosed & failed), shown, detail="has a dose")]


def birth_impossible(data: Data) -> Sequence[Issue]:
    """DMX008: born after the consent, or longer before it than people live."""
    dm = data.frame("DM")
    oldest = int(data.current["oldest"])
    when = _reference(dm)
    born, latest = days(dm["BRTHDTC"])
    early, late = days(when)
    old = early - latest > (oldest + 1) * 365.25
    future = born > late
    unreadable = (dm["BRTHDTC"] != "") & on_distinct(dm["BRTHDTC"], lambda d: span(d) is None)
    wrong = at(old | future | unreadable)
    detail = [f"in the study on {d}" if d else "" for d in when.iloc[wrong]]
    return [Issue("DM", wrong, ("BRTHDTC",), expected=f"0 to {oldest} years before", detail=detail)]


def _reference(dm: pd.DataFrame) -> Any:
    when = cell(dm, "RFICDTC")
    for other in ("DMDTC", "RFSTDTC"):
        when = when.where(when != "", cell(dm, other))
    return when


def sex_and_test(data: Data) -> Sequence[Issue]:
    """DMX009: a man has a test of pregnancy; his first one."""
    lb = data.frame("LB")
    tested = lb["LBTESTCD"].isin(words(data.current["tests"])) & (cell(lb, "LBSTAT") != "NOT DONE")
    man = of_subject(lb, data.frame("DM"), "SEX") == "M"
    rows = firsts(tested & man, groups(lb["USUBJID"]))
    return [Issue("LB", rows, ("LBTESTCD", "LBDTC"), detail="SEX is M")]


def number_of_another_form(data: Data) -> Sequence[Issue]:
    """DMX010: SUBJID has another form than those of its site, where nearly all of these have one.

    Digits count as 9, letters as A. A longer number without a zero in front is the count going on.
    """
    dm = data.frame("DM")
    form = dm["SUBJID"].str.replace(r"[0-9]", "9", regex=True).str.replace(r"[A-Za-z]", "A", regex=True)
    issues = []
    judged: Any = np.zeros(len(dm), np.bool_)
    for scope, least in (("SITEID", 5), (None, 5)):
        place = cell(dm, scope) if scope else dm["SUBJID"].str[:0]
        count = form.groupby([place, form]).transform("size")
        size = form.groupby(place).transform("size")
        usual = form.where(count >= 0.75 * size).groupby(place).transform("first").fillna("")
        grown = dm["SUBJID"].str.fullmatch(r"[1-9][0-9]*") & (form.str.len() > usual.str.len())
        known = (usual != "") & (size >= least)
        wrong = known & (form != usual) & ~grown & ~judged
        judged = judged | known
        expected = [f"a form like {f}" for f in usual[wrong]]
        issues.append(Issue("DM", at(wrong), ("SUBJID", "SITEID"), expected=expected))
    return issues


def transfer_of_another(data: Data) -> Sequence[Issue]:
    """DMX016: an earlier number of a subject is a record of its own: of another sex or birth, or naming this one."""
    dm, supp = data.frame("DM"), look(data, "SUPPDM", "QNAM", "QVAL")
    told = supp[cell(supp, "QNAM").isin(words(data.current["previous"]))][["USUBJID", "QVAL"]]
    told = told.assign(old=told["QVAL"].str.split(r"\s*;\s*", regex=True)).explode("old")
    keys = dm[["USUBJID"]].assign(
        row=np.arange(len(dm)), sex=cell(dm, "SEX"), born=cell(dm, "BRTHDTC").str[:4]
    )
    study = cell(dm, "STUDYID").iloc[0] + "-" if "STUDYID" in dm else ""
    pairs = told.assign(old=study + told["old"].astype("str")).merge(keys, on="USUBJID")
    pairs = pairs[pairs["old"] != pairs["USUBJID"]]  # who keeps the first number
    pairs = pairs.merge(keys, left_on="old", right_on="USUBJID", suffixes=("", "_old"))
    other = (pairs["sex"] != pairs["sex_old"]) | (pairs["born"] != pairs["born_old"])
    back = (pairs["old"] + ">" + pairs["USUBJID"]).isin(pairs["USUBJID"] + ">" + pairs["old"])
    wrong = pairs[other | back].sort_values("row").drop_duplicates("row")
    detail = [
        f"{o}: the two name each other" if b else f"{o}: {s}, born {y}"
        for o, s, y, b in zip(
            wrong["old"], wrong["sex_old"], wrong["born_old"], back[wrong.index], strict=True
        )
    ]
    shown = tuple(v for v in ("SEX", "BRTHDTC") if v in dm)
    return [Issue("DM", wrong["row"].to_numpy(np.int64), shown, detail=detail)]


def more_than_planned(data: Data) -> Sequence[Issue]:
    """DMX017: the subject that is the first one treated beyond PLANSUB."""
    limits = planned(data, "PLANSUB")
    if not limits:
        raise Lacking("PLANSUB in the design's summary")
    dm = data.frame("DM")
    treated = dm.assign(row=np.arange(len(dm)))[dm["RFXSTDTC"] != ""].sort_values(["RFXSTDTC", "row"])
    rows = treated["row"].to_numpy(np.int64)[int(limits[0]) :][:1]
    return [Issue("DM", rows, ("RFXSTDTC",), expected=limits[0], detail=f"{len(treated)} were treated")]


def site_unknown(data: Data) -> Sequence[Issue]:
    """DMX020: SITEID is none of the study's sites."""
    sites = {s.id for s in data.study.sites} if data.study is not None else set()
    if not sites:
        raise Lacking("the study's sites")
    return [Issue("DM", at(~data.frame("DM")["SITEID"].isin(sites)), ("SITEID",))]


def country_unknown(data: Data) -> Sequence[Issue]:
    """DMX021: COUNTRY is none of the countries of the trial summary."""
    countries = planned(data, "FCNTRY")
    if not countries:
        raise Lacking("FCNTRY in the design's summary")
    wrong = at(~data.frame("DM")["COUNTRY"].isin(countries))
    return [Issue("DM", wrong, ("COUNTRY",), expected=", ".join(countries))]


def age_wrong(data: Data) -> Sequence[Issue]:
    """DMX022: AGE in years is above the limit, or not what birth gives at consent, collection or first dose."""
    dm = data.frame("DM")
    age, oldest = dm["AGE"], int(data.current["oldest"])
    years = cell(dm, "AGEU").isin(("", "YEARS"))
    born = dm["BRTHDTC"]
    fits: Any = (born == "") | age.isna()
    asked = [v for v in ("RFICDTC", "DMDTC", "RFSTDTC") if v in dm]
    some: Any = np.zeros(len(dm), np.bool_)
    for variable in asked:
        known = on_distinct(dm[variable], lambda d: len(d) >= 10) & on_distinct(born, lambda d: len(d) >= 4)
        low, high = _years(coded(born), coded(dm[variable]))
        fits = fits | (known & (age >= low) & (age <= high))
        some = some | known
    wrong = years & some & ~fits & (age <= oldest)
    return [
        Issue("DM", at(years & (age > oldest)), ("AGE",), expected=f"not above {oldest}"),
        Issue("DM", at(wrong), ("AGE", "BRTHDTC"), expected="the age that BRTHDTC gives"),
    ]


def _years(born: Coded, when: Coded) -> tuple[Any, Any]:
    """The least and the greatest age in completed years, of what is known of the birth."""
    (year, day, full), (then, on, _) = _parts_of(born), _parts_of(when)
    least, most = (then - year - (on < np.where(full, day, _packed(d))) for d in ("12-31", "01-01"))
    return least, most


def _parts_of(column: Coded) -> tuple[Any, ...]:
    """Of each row the year, month and day as a number that compares, and whether the text is as long as a date."""
    import pandas as pd

    def ask(values: list[str]) -> tuple[Any, ...]:
        year = pd.to_numeric(pd.Series([v[:4] for v in values], dtype="str"), errors="coerce")
        days_of = np.array([_packed(v[5:10]) for v in values], np.int64)
        return year.to_numpy(np.float64), days_of, np.array([len(v) >= 10 for v in values], np.bool_)

    year, day, full = column.asked("year and day", ask)
    return column.spread(year, np.nan), column.spread(day, np.int64(0)), column.spread(full, False)


def _packed(text: str) -> int:
    """Five characters as a number: numbers compare as the texts do."""
    return int.from_bytes(text.encode("ascii", "replace")[:5].ljust(5, b"\0"), "big")


def reference_not_of_doses(data: Data) -> Sequence[Issue]:
    """DMX023: RFXSTDTC is certainly not the first dose, or RFXENDTC not the last one."""
    dm, ex = data.frame("DM"), data.frame("EX")
    given = ex[doses(ex)].assign(day=days(ex["EXSTDTC"])[0][doses(ex)])
    first = given[given["EXSTDTC"] != ""].sort_values("day", kind="stable")
    start = of_subject(dm, first, "EXSTDTC")
    last = given.assign(end=days(given["EXENDTC"])[0]).sort_values("end", kind="stable", na_position="last")
    end = of_subject(dm, last.drop_duplicates("USUBJID", keep="last"), "EXENDTC")
    issues = []
    for variable, wanted in (("RFXSTDTC", start), ("RFXENDTC", end)):
        if variable in dm:
            told = dm[variable]
            other = day_before(told, wanted) | day_before(wanted, told)
            none = (told == "") != (wanted == "") if variable == "RFXSTDTC" else (told == "") & (wanted != "")
            wrong = at(other | none)
            issues.append(
                Issue("DM", wrong, (variable,), expected=[w or "empty" for w in wanted.iloc[wrong]])
            )
    if not issues:
        raise Lacking("DM.RFXSTDTC", "DM.RFXENDTC")
    return issues


RULES = (
    OwnRule(
        "DMX001",
        "DM",
        {"DM": ("SUBJID", "SITEID")},
        twice,
        also={"DM": ("SEX", "BRTHDTC", "RFICDTC")},
        defaults={"numbers": "SCRNO"},
    ),
    OwnRule("DMX002", "DM", {"DM": ()}, out_of_order, also={"DM": tuple(v for p in ORDER for v in p)}),
    OwnRule("DMX007", "DM", {"DM": ("ARMCD",), "EX": _EX}, dosed_without_arm, also={"DM": ("ARMNRS",)}),
    OwnRule(
        "DMX008",
        "DM",
        {"DM": ("BRTHDTC",)},
        birth_impossible,
        also={"DM": ("RFICDTC", "DMDTC", "RFSTDTC")},
        defaults={"oldest": "105"},
    ),
    OwnRule(
        "DMX009",
        "LB",
        {"DM": ("SEX",), "LB": ("LBTESTCD", "LBDTC")},
        sex_and_test,
        also={"LB": ("LBSTAT",)},
        defaults={"tests": "HCG"},
    ),
    OwnRule("DMX010", "DM", {"DM": ("SUBJID", "SITEID")}, number_of_another_form),
    OwnRule(
        "DMX016",
        "DM",
        {"DM": (), "SUPPDM": ("QNAM", "QVAL")},
        transfer_of_another,
        also={"DM": ("STUDYID", "SEX", "BRTHDTC")},
        defaults={"previous": "PRVSUBJ"},
    ),
    OwnRule("DMX017", "DM", {"DM": ("RFXSTDTC",)}, more_than_planned, design=True),
    OwnRule("DMX020", "DM", {"DM": ("SITEID",)}, site_unknown),
    OwnRule("DMX021", "DM", {"DM": ("COUNTRY",)}, country_unknown, design=True),
    OwnRule(
        "DMX022",
        "DM",
        {"DM": ("AGE", "BRTHDTC")},
        age_wrong,
        also={"DM": ("AGEU", "RFICDTC", "DMDTC", "RFSTDTC")},
        defaults={"oldest": "100"},
    ),
    OwnRule("DMX023", "DM", {"EX": _EX}, reference_not_of_doses, also={"DM": ("RFXSTDTC", "RFXENDTC")}),
)
