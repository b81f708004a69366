"""What the truth knows of tests: names, specimens, standard units, factors, and the grades of CTCAE 5.0.

Written by hand for the tests of this study, so that the product's tables are held against a second source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Fact:
    """A laboratory test; `factors` are of the terms that are not the standard unit."""

    name: str
    category: str
    specimen: str
    unit: str = ""
    decimals: int = 0
    loinc: str = ""
    factors: Mapping[str, Decimal] = field(default_factory=dict)
    method: str = ""


def _blood(name: str, unit: str, decimals: int, loinc: str, **factors: str) -> Fact:
    return Fact(name, "HEMATOLOGY", "BLOOD", unit, decimals, loinc, _factors(factors))


def _serum(name: str, unit: str, decimals: int, loinc: str = "", **factors: str) -> Fact:
    return Fact(name, "CHEMISTRY", "SERUM", unit, decimals, loinc, _factors(factors))


def _factors(words: Mapping[str, str]) -> dict[str, Decimal]:
    terms = {"g_dL": "g/dL", "mg_dL": "mg/dL", "tens": "10^10/L", "iu": "IU/L"}
    return {terms[word]: Decimal(factor) for word, factor in words.items()}


DIPSTICK = "DIPSTICK MEASUREMENT METHOD"
FACTS: Mapping[str, Fact] = {
    "WBC": _blood("Leukocytes", "10^9/L", 2, "26464-8"),
    "NEUT": _blood("Neutrophils", "10^9/L", 2, "26499-4"),
    "LYM": _blood("Lymphocytes", "10^9/L", 2, "26474-7"),
    "PLAT": _blood("Platelets", "10^9/L", 0, "26515-7", tens="10"),
    "HGB": _blood("Hemoglobin", "g/L", 0, "", g_dL="10"),
    "ALT": _serum("Alanine Aminotransferase", "U/L", 0, "1742-6", iu="1"),
    "AST": _serum("Aspartate Aminotransferase", "U/L", 0, "1920-8", iu="1"),
    "ALP": _serum("Alkaline Phosphatase", "U/L", 0, "6768-6", iu="1"),
    "GGT": _serum("Gamma Glutamyl Transferase", "U/L", 0, "2324-2", iu="1"),
    "BILI": _serum("Bilirubin", "umol/L", 1, mg_dL="17.104"),
    "ALB": _serum("Albumin", "g/L", 1, g_dL="10"),
    "CREAT": _serum("Creatinine", "umol/L", 1, mg_dL="88.4"),
    "UREAN": _serum("Urea Nitrogen", "mmol/L", 1, mg_dL="0.35696"),
    "SODIUM": _serum("Sodium", "mmol/L", 0, "2951-2"),
    "K": _serum("Potassium", "mmol/L", 1, "2823-3"),
    "GLUC": _serum("Glucose", "mmol/L", 1, mg_dL="0.05551"),
    "AFP": _serum("Alpha Fetoprotein", "ug/L", 1),
    "TSH": _serum("Thyrotropin", "mIU/L", 3, "3016-3"),
    "INR": Fact("Prothrombin Intl. Normalized Ratio", "COAGULATION", "PLASMA", "RATIO", 2),
    "PROT": Fact("Protein", "URINALYSIS", "URINE", loinc="2887-8", method=DIPSTICK),
    "PROTEXR": Fact("Protein Excretion Rate", "URINALYSIS", "URINE", "g/day", 2,
                    factors={"mg/day": Decimal("0.001")}),
    "HCG": Fact("Choriogonadotropin Beta", "URINALYSIS", "URINE", loinc="2106-3"),
}  # fmt: skip
VIROLOGY = {
    "HBSAG": "Hepatitis B Virus Surface Antigen",
    "HBDNA": "Hepatitis B Virus DNA",
    "HCRNA": "Hepatitis C Virus RNA",
}
VITALS = {  # item: name, unit that is printed ('' of a column), standard unit, decimals
    "SYSBP": ("Systolic Blood Pressure", "mmHg", "mmHg", 0),
    "DIABP": ("Diastolic Blood Pressure", "mmHg", "mmHg", 0),
    "PULSE": ("Pulse Rate", "beats/min", "beats/min", 0),
    "TEMP": ("Temperature", "", "C", 1),
    "HEIGHT": ("Height", "", "cm", 1),
    "WEIGHT": ("Weight", "", "kg", 1),
}
ECG = {  # item: test, name, unit
    "EGHR": ("EGHRMN", "ECG Mean Heart Rate", "beats/min"),
    "EGRR": ("RRAG", "RR Interval, Aggregate", "ms"),
    "EGQT": ("QTAG", "QT Interval, Aggregate", "ms"),
    "EGQTCF": ("QTCFAG", "QTcF Interval, Aggregate", "ms"),
    "EGINTP": ("INTP", "Interpretation", ""),
}

# grade, limit, of what: '' absolute, LLN, ULN, ULN+ (so much above it), BASE, BASE>= (the limit itself counts)
Step = tuple[int, str, str]


@dataclass(frozen=True)
class Scale:
    """One CTCAE term. `shifts`: where the baseline was above the upper limit, `above` holds instead of `steps`."""

    term: str
    low: bool
    steps: tuple[Step, ...]
    above: tuple[Step, ...] = ()


def _low(term: str, **limits: str) -> Scale:
    steps = tuple((int(g[1:]), limit, "") for g, limit in limits.items())
    return Scale(term, True, (*steps, (1, "1", "LLN")))


def _high(term: str, *steps: Step) -> Scale:
    return Scale(term, False, steps)


def _enzyme(term: str, second: str, first: str) -> Scale:
    limits = ((4, "20"), (3, "5"), (2, second))
    return Scale(
        f"{term} increased",
        False,
        (*((g, limit, "ULN") for g, limit in limits), (1, "1", "ULN")),
        (*((g, limit, "BASE") for g, limit in limits), (1, first, "BASE>=")),
    )


GRADES: Mapping[str, tuple[Scale, ...]] = {
    "WBC": (
        _low("White blood cell decreased", g4="1", g3="2", g2="3"),
        _high("Leukocytosis", (3, "100", "")),
    ),
    "NEUT": (_low("Neutrophil count decreased", g4="0.5", g3="1", g2="1.5"),),
    "LYM": (_low("Lymphocyte count decreased", g4="0.2", g3="0.5", g2="0.8"),),
    "PLAT": (_low("Platelet count decreased", g4="25", g3="50", g2="75"),),
    "HGB": (
        _low("Anemia", g3="80", g2="100"),
        _high("Hemoglobin increased", (3, "40", "ULN+"), (2, "20", "ULN+"), (1, "0", "ULN+")),
    ),
    "ALB": (_low("Hypoalbuminemia", g3="20", g2="30"),),
    "ALT": (_enzyme("Alanine aminotransferase", "3", "1.5"),),
    "AST": (_enzyme("Aspartate aminotransferase", "3", "1.5"),),
    "ALP": (_enzyme("Alkaline phosphatase", "2.5", "2"),),
    "GGT": (_enzyme("GGT", "2.5", "2"),),
    "BILI": (
        Scale(
            "Blood bilirubin increased",
            False,
            ((4, "10", "ULN"), (3, "3", "ULN"), (2, "1.5", "ULN"), (1, "1", "ULN")),
            ((4, "10", "BASE"), (3, "3", "BASE"), (2, "1.5", "BASE"), (1, "1", "BASE")),
        ),
    ),
    "CREAT": (
        _high("Creatinine increased", (4, "6", "ULN"), (3, "3", "ULN"), (3, "3", "BASE"),
              (2, "1.5", "ULN"), (2, "1.5", "BASE"), (1, "1", "ULN")),
    ),
    "SODIUM": (
        _high("Hypernatremia", (4, "160", ""), (3, "155", ""), (2, "150", ""), (1, "1", "ULN")),
        _low("Hyponatremia", g4="120", g3="125", g2="130"),
    ),
    "K": (
        _high("Hyperkalemia", (4, "7", ""), (3, "6", ""), (2, "5.5", ""), (1, "1", "ULN")),
        _low("Hypokalemia", g4="2.5", g3="3"),
    ),
    "GLUC": (_low("Hypoglycemia", g4="1.7", g3="2.2", g2="3.0"),),
}  # fmt: skip
