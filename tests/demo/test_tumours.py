"""The tumour assessments of the clean demo: lesions, sums and responses by RECIST 1.1, of sites and readers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

import pytest

from sdtm_mapper.demo.collected import Collected, Value
from sdtm_mapper.demo.course import Lesion, Reading
from sdtm_mapper.demo.course_tumour import other_response, overall_response, target_response

SEEDS = tuple(range(1, 21))
Parts = Callable[[int], tuple[Collected, ...]]
Values = Mapping[str, Value]
TOO_SMALL = "TOO SMALL TO MEASURE"


def assessments(parts: Iterable[Collected]) -> dict[tuple[str, int], dict[str, dict[str, list[Values]]]]:
    """Lesions and responses by subject (under the key where it began), visit and form."""
    *sites, central = parts
    moved = {
        (r["NEWSITE"], int(r["NEWSUBJECT"])): (r["SITE"], int(r["SUBJECT"]))
        for r in central.extra["transfers"]
    }
    found: dict[tuple[str, int], dict[str, dict[str, list[Values]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for part in (*sites, central):
        for form in ("tl", "ntl", "nl", "rs", "irc", "ircresp"):
            for line in part.forms.get(form, ()):
                key = (part.site or str(line.values["SITE"]), line.subject)
                found[moved.get(key, key)][str(line.values["VISIT"])][form].append(line.values)
    return found


def mm(text: Value) -> float:
    return 5.0 if text == TOO_SMALL else float(str(text))


def target(lesions: Mapping[str, tuple[float | None, bool]], base: float, nadir: float) -> str:
    """Target response of (diameter or None, node) by lesion."""
    sizes = [size for size, _ in lesions.values() if size is not None]
    total, whole = sum(sizes), len(sizes) == len(lesions)
    gone = all(size is not None and (size < 10 if node else size == 0) for size, node in lesions.values())
    grown = total - nadir >= 5 and (nadir == 0 or (total - nadir) / nadir >= 0.2 - 1e-9)
    if whole and gone:
        return "CR"
    if grown:
        return "PD"
    if not whole:
        return "NE"
    return "PR" if total <= 0.7 * base + 1e-9 else "SD"


def overall(own: str, other: str | None, new: bool) -> str:
    if own == "PD" or other == "PD" or new:
        return "PD"
    if own == "CR":
        return "CR" if other in (None, "CR") else "PR"
    return own


def non_target(states: list[Values]) -> str | None:
    found = [v.get("NTSTAT") for v in states]
    if not found:
        return None
    if "UNEQUIVOCAL PROGRESSION" in found:
        return "PD"
    if None in found:
        return "NE"
    return "CR" if set(found) == {"ABSENT"} else "NON-CR/NON-PD"


@pytest.mark.parametrize("seed", SEEDS)
def test_the_responses_of_sites_follow_from_their_lesions(seed: int, parts: Parts) -> None:
    seen = 0
    for key, visits in assessments(parts(seed)).items():
        order = sorted(
            visits, key=lambda v: (v != "SCREENING", int(v.rsplit(" ", 1)[1]) if v != "SCREENING" else 0)
        )
        assert order[0] == "SCREENING", key
        base = nadir = 0.0
        for visit in order:
            forms = visits[visit]
            sizes = {
                str(v["TLID"]): (mm(v["TLDIAM"]) if "TLDIAM" in v else None, v["TLNODE"] == "Y")
                for v in forms["tl"]
            }
            (response,) = forms["rs"]
            known = [size for size, _ in sizes.values()]
            total = None if None in known else sum(s for s in known if s is not None)
            assert response.get("SUMDIAM") == (None if total is None else f"{total:.0f}"), (key, visit)
            if visit == "SCREENING":
                assert total is not None
                base = nadir = total
                assert set(response) == {"VISIT", "RSDAT", "SUMDIAM"}
                continue
            new = [v["NLSTAT"] for v in forms["nl"]]
            expected = {
                "TRGRESP": target(sizes, base, nadir),
                "NTRGRESP": non_target(forms["ntl"]),
                "NEWLYN": "UNEQUIVOCAL" if "UNEQUIVOCAL" in new else "EQUIVOCAL" if new else "N",
            }
            expected["OVRLRESP"] = overall(
                str(expected["TRGRESP"]), expected["NTRGRESP"], expected["NEWLYN"] == "UNEQUIVOCAL"
            )
            assert {name: response.get(name) for name in expected} == expected, (key, visit)
            nadir = nadir if total is None else min(nadir, total)
            seen += 1
    assert seen > 40


@pytest.mark.parametrize("seed", SEEDS)
def test_lesions_are_chosen_and_named_by_recist(seed: int, parts: Parts) -> None:
    for key, visits in assessments(parts(seed)).items():
        chosen = visits["SCREENING"]["tl"]
        organs = [v["TLLOC"] for v in chosen]
        assert 1 <= len(chosen) <= 5, key
        assert all(organs.count(organ) <= 2 for organ in organs), key
        assert all(mm(v["TLDIAM"]) >= (15 if v["TLNODE"] == "Y" else 10) for v in chosen), key
        places: dict[str, set[tuple[Value, ...]]] = defaultdict(set)
        names = {str(v["TLID"]) for v in chosen} | {str(v["NTID"]) for v in visits["SCREENING"]["ntl"]}
        for visit, forms in visits.items():
            assert {str(v.get("TLSPL", v["TLID"])) for v in forms["tl"]} == {str(v["TLID"]) for v in chosen}
            assert {str(v["NTID"]) for v in forms["ntl"]} == {n for n in names if n.startswith("NT")}, (
                key,
                visit,
            )
            for v in forms["tl"]:
                assert ("TLND" in v) != ("TLDIAM" in v)
                places[str(v["TLID"])].add((v["TLLOC"], v["TLDET"], v["TLMETH"]))
            for v in forms["ntl"]:
                assert ("NTND" in v) != ("NTSTAT" in v)
                places[str(v["NTID"])].add((v["NTLOC"], v["NTDET"], v["NTMETH"]))
        assert all(len(found) == 1 for found in places.values()), key


@pytest.mark.parametrize("seed", SEEDS)
def test_readers_measure_and_respond_by_the_same_rules_and_mostly_agree(seed: int, parts: Parts) -> None:
    agree = together = 0
    for key, visits in assessments(parts(seed)).items():
        read: dict[str, dict[str, Value]] = defaultdict(dict)
        accepted: set[tuple[Value, Value]] = set()
        for reader in ("READER 1", "READER 2"):
            base = nadir = 0.0
            order = sorted(v for v in visits if v != "SCREENING")
            order.sort(key=lambda v: int(v.rsplit(" ", 1)[1]))
            first: dict[str, bool] = {}
            for visit in ("SCREENING", *order):
                lines = [v for v in visits[visit]["irc"] if v["READER"] == reader]
                accepted |= {(v["READER"], v.get("ACCEPT", "")) for v in lines}
                sizes: dict[str, tuple[float | None, bool]] = {
                    str(v["LESID"]): (mm(v["LESVAL"]), v["LESNODE"] == "Y")
                    for v in lines
                    if v["LESTYPE"] == "TARGET"
                }
                if visit == "SCREENING":
                    base = nadir = sum(size or 0 for size, _ in sizes.values())
                    first = {name: node for name, (_, node) in sizes.items()}
                    continue
                answers = [v for v in visits[visit]["ircresp"] if v["READER"] == reader]
                if not answers:
                    continue
                assert set(sizes) <= set(first), (key, visit)
                for name, node in first.items():
                    sizes.setdefault(name, (None, node))
                assert answers[0]["TRGRESP"] == target(sizes, base, nadir), (key, visit, reader)
                new = any(v["LESTYPE"] == "NEW" and v["LESVAL"] == "UNEQUIVOCAL" for v in lines)
                other = answers[0].get("NTRGRESP")
                assert answers[0]["OVRLRESP"] == overall(
                    str(answers[0]["TRGRESP"]), str(other) if other else None, new
                )
                read[visit][reader] = answers[0]["OVRLRESP"]
                if all(size is not None for size, _ in sizes.values()):
                    nadir = min(nadir, sum(size or 0 for size, _ in sizes.values()))
        if accepted:
            assert len({reader for reader, flag in accepted if flag == "Y"}) == 1, key
        both = [tuple(found.values()) for found in read.values() if len(found) == 2]
        together += len(both)
        agree += sum(one == two for one, two in both)
    assert agree >= 0.75 * together > 0


def reading(size: str, *, node: bool = False, missing: str = "") -> Reading:
    return Reading(Lesion("T01", "LUNG", "", node, "MRI"), size, missing)


def test_recist_at_its_limits() -> None:
    """The limits of the rules, as the registration's reference vectors have them."""
    assert target_response((reading("70"),), 100, 100) == (70, "PR")
    assert target_response((reading("84"),), 100, 70) == (84, "PD")
    assert target_response((reading("119"),), 100, 100) == (119, "SD")
    assert target_response((reading("120"),), 100, 100) == (120, "PD")
    assert target_response((reading("26"),), 22, 22) == (26, "SD")
    assert target_response((reading("0"), reading("9", node=True)), 43, 43) == (9, "CR")
    assert target_response((reading("0"), reading("10", node=True)), 43, 9) == (10, "PR")
    assert target_response((reading(TOO_SMALL), reading("11")), 27, 11) == (16, "PD")
    assert target_response((reading("40"), reading("", missing="OBSCURED")), 100, 100) == (None, "NE")
    assert target_response((reading("90"), reading("", missing="OBSCURED")), 100, 70) == (None, "PD")
    assert target_response((reading("8"),), 45, 0) == (8, "PD")
    assert other_response(()) == ""
    assert other_response((reading("ABSENT"), reading("", missing="NOT IMAGED"))) == "NE"
    assert other_response((reading("ABSENT"), reading("PRESENT"))) == "NON-CR/NON-PD"
    assert overall_response("CR", "NE", "N") == "PR"
    assert overall_response("CR", "", "N") == "CR"
    assert overall_response("SD", "NON-CR/NON-PD", "EQUIVOCAL") == "SD"
    assert overall_response("PR", "CR", "UNEQUIVOCAL") == "PD"
    assert overall_response("NE", "CR", "N") == "NE"
