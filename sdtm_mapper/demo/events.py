"""The adverse events that subjects may have: their words, how often, how grave, and what is given for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Ailment:
    """A kind of adverse event. `chance` within the first year on treatment; `weights` of the grades 1, 2, 3."""

    words: tuple[str, ...]
    chance: float
    weights: tuple[int, int, int]
    onset: int  # days, mean
    lasts: int  # days, mean
    related: int  # per cent that are at least possibly related
    drugs: tuple[str, ...] = ()
    procedure: str = ""
    special: bool = False


_TABLE = """
Diarrhea;Watery diarrhea;Loose stool;Diarrhoea|50|45,40,15|35|15|90|Loperamide;Dioctahedral smectite||S
Hand-foot syndrome;Hand-foot skin reaction;Palmar-plantar erythrodysesthesia syndrome|45|4,4,2|25|30|100|Urea cream||S
Hypertension;High blood pressure;Elevated blood pressure|32|20,45,35|25|40|90|Amlodipine;Losartan;Valsartan||S
Fatigue;Tiredness;Exhaustion;Easy fatigability|40|50,38,12|40|35|75|||
Asthenia;Weakness|10|55,45,0|60|30|60|||
Decreased appetite;Loss of appetite;Poor appetite|38|50,42,8|35|30|75|Megestrol acetate||
Nausea;Feeling sick;Queasiness|28|60,37,3|25|12|75|Metoclopramide;Prochlorperazine||
Vomiting;Emesis|16|60,38,2|30|6|70|Metoclopramide;Prochlorperazine||
Stomatitis;Oral mucositis;Mouth sores;Oral ulcer|22|50,40,10|25|18|95|Triamcinolone oral paste||
Dysphonia;Hoarseness;Hoarse voice|20|80,20,0|30|45|95|||
Dysgeusia;Taste altered;Taste disturbance|12|75,25,0|30|45|90|||
Dry mouth;Xerostomia|6|85,15,0|35|30|60|||
Abdominal pain;Belly pain;Stomach ache|16|50,42,8|50|14|30|Acetaminophen;Tramadol||
Epigastric pain|12|40,60,0|45|12|35|Esomeprazole|ENDOSCOPY|
Constipation|12|70,30,0|50|14|30|Sennoside||
Indigestion;Dyspepsia|10|75,25,0|40|15|50|Esomeprazole||
Rash;Skin rash;Maculopapular rash|14|60,35,5|25|15|75|Betamethasone cream;Chlorpheniramine||
Pruritus;Itching|8|75,25,0|30|20|50|Chlorpheniramine||
Dry skin|6|85,15,0|45|40|60|Urea cream||
Hair loss;Alopecia|6|85,15,0|60|60|80|||
Pyrexia;Fever|12|70,28,2|60|5|15|Acetaminophen||
Leg swelling;Peripheral edema;Swollen ankles|9|65,35,0|80|25|25|Furosemide||
Back pain;Low back pain|9|50,40,10|70|20|10|Acetaminophen;Tramadol|RADIOTHERAPY|
Leg pain;Pain in extremity|5|70,30,0|60|15|20|Acetaminophen||
Joint pain;Arthralgia|6|70,30,0|60|20|30|Acetaminophen||
Muscle pain;Myalgia|6|75,25,0|50|15|40|Acetaminophen||
Muscle cramps|6|80,20,0|60|15|30|||
Insomnia;Trouble sleeping|8|65,35,0|60|30|15|Zolpidem||
Anxiety|3|70,30,0|60|30|5|Lorazepam||
Headache|8|75,25,0|40|8|40|Acetaminophen||
Dizziness;Lightheadedness|8|80,20,0|45|8|30|||
Peripheral neuropathy|2|80,20,0|100|60|30|Pregabalin||
Cough|7|80,20,0|60|14|5|Dextromethorphan||
Dyspnea;Shortness of breath|4|60,35,5|80|12|15|||
Common cold;Upper respiratory tract infection;URTI|10|70,30,0|90|7|2|Chlorpheniramine;Dextromethorphan||
UTI;Urinary tract infection|4|0,90,10|90|8|2|Amoxicillin-clavulanate||
COVID-19|4|60,38,2|110|9|0|Molnupiravir||
Pneumonia;Lung infection|3|0,40,60|90|12|5|Ceftriaxone||
Nosebleed;Epistaxis|7|88,12,0|40|3|60|||S
Upper GI bleeding;Upper gastrointestinal hemorrhage|5|0,30,70|80|6|40|Pantoprazole;Terlipressin|ENDOSCOPY|S
Hepatic encephalopathy;Liver encephalopathy|3|0,60,40|100|7|20|Lactulose||S
Ascites;Fluid in abdomen|9|30,50,20|100|40|15|Spironolactone;Furosemide;Human albumin|PARACENTESIS|
Spontaneous bacterial peritonitis|1|0,0,100|120|10|0|Ceftriaxone||
"""


def _read(line: str) -> Ailment:
    words, chance, weights, onset, lasts, related, drugs, procedure, special = line.split("|")
    first, second, third = (int(w) for w in weights.split(","))
    return Ailment(
        tuple(words.split(";")),
        int(chance) / 100,
        (first, second, third),
        int(onset),
        int(lasts),
        int(related),
        tuple(d for d in drugs.split(";") if d),
        procedure,
        special == "S",
    )


AILMENTS: tuple[Ailment, ...] = tuple(_read(line) for line in _TABLE.strip().splitlines())
BY_NAME: Mapping[str, Ailment] = {a.words[0]: a for a in AILMENTS}

LABORATORY: Mapping[str, tuple[str, ...]] = {  # test: the words for its grade 2 or more
    "PLAT": ("Platelet count decreased", "Platelets decreased", "Low platelets"),
    "AST": ("AST increased", "AST elevation", "Aspartate aminotransferase increased"),
    "ALT": ("ALT increased", "ALT elevation", "Alanine aminotransferase increased"),
    "ALP": ("ALP increased", "Alkaline phosphatase increased"),
    "GGT": ("GGT increased",),
    "BILI": ("Blood bilirubin increased", "Bilirubin increased", "Total bilirubin increased"),
    "ALB": ("Hypoalbuminemia", "Low albumin"),
    "NEUT": ("Neutrophil count decreased", "Neutrophils decreased"),
    "WBC": ("WBC decreased", "White blood cell count decreased"),
    "HGB": ("Anemia", "Low haemoglobin"),
    "PROT": ("Proteinuria", "Protein in urine"),
    "TSH": ("Hypothyroidism", "Low thyroid"),
}
SPECIAL_TESTS = ("AST", "ALT", "BILI", "PROT", "TSH")
FATAL = (  # what kills on treatment; words that are there twice do so more often
    "Upper GI bleeding",
    "Upper GI bleeding",
    "Esophageal varices hemorrhage",
    "Liver failure",
    "Hepatic failure",
    "Pneumonia",
    "Sepsis",
)
