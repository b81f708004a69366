"""Laboratory results as a column a test, for the systems that have an item for each test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sdtm_mapper.demo.collected import Line, Value
from sdtm_mapper.demo.crf import FORMS, Form, Item, Kind

TESTS: Mapping[str, tuple[str, str]] = {
    "WBC": ("White blood cells", "白血球"),
    "NEUT": ("Neutrophils", "中性球"),
    "LYM": ("Lymphocytes", "淋巴球"),
    "PLAT": ("Platelets", "血小板"),
    "HGB": ("Hemoglobin", "血紅素"),
    "ALT": ("ALT", "丙胺酸轉胺酶"),
    "AST": ("AST", "天門冬胺酸轉胺酶"),
    "ALP": ("Alkaline phosphatase", "鹼性磷酸酶"),
    "GGT": ("Gamma-GT", "麩胺轉酸酶"),
    "BILI": ("Total bilirubin", "總膽紅素"),
    "ALB": ("Albumin", "白蛋白"),
    "CREAT": ("Creatinine", "肌酸酐"),
    "UREAN": ("Blood urea nitrogen", "尿素氮"),
    "SODIUM": ("Sodium", "鈉"),
    "K": ("Potassium", "鉀"),
    "GLUC": ("Glucose", "葡萄糖"),
    "INR": ("Prothrombin time (INR)", "凝血酶原時間"),
    "AFP": ("Alpha-fetoprotein", "甲型胎兒蛋白"),
    "PROT": ("Urine protein (dipstick)", "尿蛋白"),
    "PROTEXR": ("Urine protein (24 h)", "24小時尿蛋白"),
    "HBSAG": ("HBsAg", "B型肝炎表面抗原"),
    "HBDNA": ("HBV DNA", "B型肝炎病毒量"),
    "HCRNA": ("HCV RNA", "C型肝炎病毒量"),
    "HCAB": ("Anti-HCV", "C型肝炎抗體"),
    "TSH": ("TSH", "甲狀腺刺激素"),
    "HCG": ("Pregnancy test (urine)", "尿液驗孕"),
}
# Item of a result: what its column adds to the test's name, what its label adds, the code list of its answers.
PARTS: Mapping[str, tuple[str, str, str]] = {
    "LBRES": ("", "", ""),
    "LBUNIT": ("_U", ", unit", ""),
    "LBLO": ("_LO", ", lower limit", ""),
    "LBHI": ("_HI", ", upper limit", ""),
    "LBNDREA": ("_ND", ", reason for not done", "NDREAS"),
}
SAME = ("VISIT", "LBDAT", "LBTIM")  # what all results of a sample share


def wide_form(limits: bool) -> Form:
    """The form of a sample, named `lbw`: its visit and time, and for each test the parts of its result."""
    base = next(f for f in FORMS if f.name == "lb")
    items = [base.item(name) for name in SAME]
    for test, (label, chinese) in TESTS.items():
        for part, (suffix, more, codes) in PARTS.items():
            if limits or part not in ("LBLO", "LBHI"):
                kind: Kind = "code" if codes else "text"
                items.append(Item(f"{test}{suffix}", f"{label}{more}", f"{chinese}{more}", kind, codes))
    return Form("lbw", base.title, base.chinese, base.per, tuple(items))


@dataclass(frozen=True)
class Sample:
    """One sample as a line of the wide form, and which line of `lb` each test came from."""

    line: Line
    tests: Mapping[str, int]


def samples(lines: Sequence[Line]) -> list[Sample]:
    """Results of one subject, visit, date and time put side by side, in the order of their first.

    A test that stands twice for one sample begins another line of the same visit and time.
    """
    found: dict[tuple[object, ...], list[tuple[dict[str, Value], dict[str, int]]]] = {}
    order: list[tuple[int, dict[str, Value], dict[str, int]]] = []
    for number, line in enumerate(lines):
        values = line.values
        test = str(values["LBTEST"])
        same = {n: values[n] for n in SAME if n in values}
        mine = found.setdefault((line.subject, *(same.get(n) for n in SAME)), [])
        place = next((m for m in mine if test not in m[1]), None)
        if place is None:
            place = (same, {})
            mine.append(place)
            order.append((line.subject, *place))
        place[1][test] = number
        for part, (suffix, *_) in PARTS.items():
            if part in values:
                place[0][f"{test}{suffix}"] = values[part]
    return [Sample(Line(subject, cells), tests) for subject, cells, tests in order]


def lb_columns(test: str, column: Mapping[str, str]) -> dict[str, str]:
    """Items of `lb` to the columns that hold them, from those of the wide form."""
    out = {"LBTEST": column[test], **{n: column[n] for n in SAME if n in column}}
    for part, (suffix, *_) in PARTS.items():
        if f"{test}{suffix}" in column:
            out[part] = column[f"{test}{suffix}"]
    return out
