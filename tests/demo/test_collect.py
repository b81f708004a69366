"""The collection as such: its forms and answers, its sites, its coding, and that nothing but the seed decides."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from sdtm_mapper.demo.codes import CODES
from sdtm_mapper.demo.coding import meddra
from sdtm_mapper.demo.collected import Collected, Day
from sdtm_mapper.demo.crf import FORMS
from sdtm_mapper.demo.generate import collect
from sdtm_mapper.demo.labs import SPECIMEN, TESTS
from sdtm_mapper.demo.phrases import CHINESE_OF, ENGLISH_OF, PHRASES
from sdtm_mapper.demo.sites import ALL, SITES, UNITS, spread

ROOT = Path(__file__).parents[2]
DICTIONARY = ROOT / "specs" / "dictionaries" / "invented"
FREE = {
    "AETERM",
    "MHTERM",
    "CMTRT",
    "CMINDC",
    "PRINDC",
    "PTTRT",
    "DTHCAUS",
    "COMM",
    "TLDET",
    "NTDET",
    "EOTSPEC",
}
FREE |= {"EOSSPEC"}
SEEDS = (1, 2, 3, 4)
Parts = Callable[[int], tuple[Collected, ...]]


def table(name: str) -> list[dict[str, str]]:
    with (ROOT / "specs" / "standards" / "units" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_every_site_has_a_part_and_every_form_its_lines(parts: Parts) -> None:
    assert [part.site for part in parts(1)] == [*ALL, ""]
    filled = {name for seed in SEEDS for part in parts(seed) for name, lines in part.forms.items() if lines}
    assert filled == {form.name for form in FORMS}
    for part in parts(1):
        assert set(part.forms) == {f.name for f in FORMS if (f.per == "central") == (part.site == "")}
    assert set(parts(1)[-1].extra) == {"coding_meddra", "coding_whodrug", "lab_ranges", "transfers"}


def test_subjects_are_spread_over_the_sites_and_numbered_from_1(parts: Parts) -> None:
    assert list(spread(60).values()) == [7, 7, 7, 7, 7, 7, 6, 6, 6]
    for part in parts(1)[:-1]:
        numbers = {line.subject for lines in part.forms.values() for line in lines}
        assert numbers == set(range(1, spread(60)[part.site] + 1))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_value_is_of_a_known_item_and_every_answer_a_known_term(seed: int, parts: Parts) -> None:
    for part in parts(seed):
        for name, lines in part.forms.items():
            form = next(f for f in FORMS if f.name == name)
            items = {i.name: i for i in form.items}
            for line in lines:
                for key, value in line.values.items():
                    if key == "SITE" and part.site == "":
                        assert value in ALL
                        continue
                    item = items[key]
                    assert value != ""
                    assert isinstance(value, Day) == (item.kind == "date"), (name, key, value)
                    if isinstance(value, Day):
                        continue
                    terms = TESTS if item.codes == "LABTEST" else CODES.get(item.codes, {})
                    match item.kind:
                        case "code":
                            assert all(answer in terms for answer in value.split(";")), (name, key, value)
                        case "yesno":
                            assert value in ("Y", "N")
                        case "number":
                            assert not (part.site == "06" and "." in value and value.endswith("0")), (
                                key,
                                value,
                            )
                            assert re.fullmatch(r"\d+(\.\d+)?", value), (name, key, value)
                        case "time":
                            assert re.fullmatch(r"[012]\d:[0-5]\d", value), (name, key, value)
                        case _:
                            upper = SITES[part.site].upper if part.site else False
                            known = {e.upper() for e in CHINESE_OF} if upper else CHINESE_OF
                            assert key not in FREE or value in known, (name, key, value)


def test_what_the_systems_of_the_sites_can_hold(parts: Parts) -> None:
    for seed in SEEDS:
        for part in parts(seed)[:-1]:
            for form, lines in part.forms.items():
                unscheduled = Counter(x.subject for x in lines if x.values.get("VISIT") == "UNSCHEDULED")
                assert form != "visit" or max(unscheduled.values(), default=0) <= 6
                for line in lines:
                    for item, value in line.values.items():
                        if isinstance(value, Day):
                            known = value.month is not None and value.day is not None
                            assert known or form in ("mh", "prior", "cm", "pr", "ae") or item == "BRTHDAT"
                        else:
                            assert len(value.encode("utf-8")) <= 200
                            assert value.encode({"03": "cp950", "09": "cp1252"}.get(part.site, "utf-8"))


def test_numbers_of_a_log_are_of_one_subject_each(parts: Parts) -> None:
    for part in parts(2)[:-1]:
        for form, item in {
            "ae": "AENO",
            "cm": "CMNO",
            "ex": "EXNO",
            "mh": "MHNO",
            "prior": "PTNO",
            "pr": "PRNO",
        }.items():
            numbers = [(line.subject, line.values[item]) for line in part.forms[form]]
            assert len(numbers) == len(set(numbers)), (part.site, form)
    identifiers = [line.values["BIOID"] for part in parts(2)[:-1] for line in part.forms["bio"]]
    assert len(identifiers) == len(set(identifiers))


def test_what_only_some_sites_collect(parts: Parts) -> None:
    for part in parts(1)[:-1]:
        site = SITES[part.site]
        assert any("LBTIM" in line.values for line in part.forms["lb"]) == site.times
        assert any("EXSTTIM" in line.values for line in part.forms["ex"]) == site.times
        assert all(line.values["EXNO"] == "1" for line in part.forms["ex"] if "EXSTTIM" in line.values)
        assert any("AEGRP" in line.values for line in part.forms["ae"]) == (part.site == "02")
        assert any(";" in str(line.values["AEACN"]) for line in part.forms["ae"]) <= (
            part.site in ("01", "05")
        )
        for line in part.forms["subject"]:
            day = line.values["BRTHDAT"]
            assert isinstance(day, Day)
            assert (day.day is not None) == (part.site in ("01", "02", "04", "06", "09"))
        units = {str(line.values["TEMPU"]) for line in part.forms["vs"]}
        assert units == {"F" if part.site == "02" else "C"}


def test_the_time_of_samples_on_the_first_day_is_before_the_first_dose(parts: Parts) -> None:
    checked = 0
    for part in parts(1)[:-1]:
        first = {x.subject: x.values for x in part.forms["ex"] if x.values["EXNO"] == "1"}
        for line in part.forms["lb"]:
            dose = first.get(line.subject)
            if dose and line.values["LBDAT"] == dose["EXSTDAT"]:
                assert str(line.values["LBTIM"]) < str(dose["EXSTTIM"])
                checked += 1
    assert checked


def test_the_same_seed_gives_the_same_lines_whichever_sites_are_asked_for(parts: Parts) -> None:
    again = {part.site: part for part in collect(1, 60, ("04", "09"))}
    for part in parts(1):
        if part.site in ("04", "09"):
            assert again[part.site].forms == part.forms
    assert [x for x in parts(1)[-1].forms["irc"] if x.values["SITE"] in ("04", "09")] == list(
        again[""].forms["irc"]
    )
    assert next(iter(collect(2, 60, ("01",)))).forms != parts(1)[0].forms


def test_phrases_translate_both_ways_and_fit_the_encoding_of_a_hospital() -> None:
    assert len(PHRASES) == len(CHINESE_OF) == len(ENGLISH_OF)
    assert len({english.lower() for english in CHINESE_OF}) == len(PHRASES)
    for chinese, _ in PHRASES:
        assert chinese.encode("cp950").decode("cp950") == chinese


def test_the_coder_uses_the_invented_dictionary(parts: Parts) -> None:
    def rows(name: str) -> list[list[str]]:
        return [x.split("$") for x in (DICTIONARY / name).read_text(encoding="utf-8").splitlines()]

    lowest = {r[1].lower(): r for r in rows("llt.asc")}
    hierarchy = {r[0]: r for r in rows("mdhier.asc") if r[11] == "Y"}
    coded = {row["VERBATIM"]: row for seed in SEEDS for row in parts(seed)[-1].extra["coding_meddra"]}
    used = {
        str(line.values[item])
        for seed in SEEDS
        for part in parts(seed)[:-1]
        for form, item in (("ae", "AETERM"), ("mh", "MHTERM"))
        for line in part.forms[form]
    }
    assert set(coded) == used
    for row in coded.values():
        term = lowest[row["LLT"].lower()]
        place = hierarchy[term[2]]
        assert term[9] == "Y"
        expected = [
            term[1],
            term[0],
            place[4],
            place[0],
            place[5],
            place[1],
            place[6],
            place[2],
            place[7],
            place[3],
        ]
        names = ("LLT", "LLTCD", "PT", "PTCD", "HLT", "HLTCD", "HLGT", "HLGTCD", "SOC", "SOCCD")
        assert [row[name] for name in names] == expected, row["VERBATIM"]
    assert meddra("Oral ulcer")["LLT"] == "Mouth sores"


def test_units_are_terms_that_the_standards_know_with_their_factors() -> None:
    spelled = {raw: row["term"] for row in table("terms.txt") for raw in (row["spellings"] or "").split("; ")}
    tests = {(r["test"], r["specimen"]): r["unit"] for r in table("tests.txt")}
    factors = {(r["test"], r["from"], r["to"]): r["factor"] for r in table("factors.txt")}
    for site, units in UNITS.items():
        for test, unit in units.items():
            assert spelled.get(unit.raw, unit.raw) == unit.term, (site, test)
            standard = tests[test, SPECIMEN.get(test, "SERUM")]
            factor = "1" if unit.term == standard else factors[test, unit.term, standard]
            assert float(factor) == float(unit.to_si), (site, test)


def test_the_table_of_ranges_has_the_sites_without_limits(parts: Parts) -> None:
    rows = parts(1)[-1].extra["lab_ranges"]
    assert {row["SITE"] for row in rows} == {"01", "05", "06"}
    assert len({(row["SITE"], row["TEST"], row["SEX"], row["FROM"]) for row in rows}) == len(rows)
    assert all(float(row["LOW"]) < float(row["HIGH"]) and row["UNIT"] for row in rows)
