"""Format catalogs: what codes of a SAS data set mean."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyreadstat

from sdtm_mapper.model.columns import Text, number_text
from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.sources.parsed import Flaw
from sdtm_mapper.sources.sas_text import decoded
from sdtm_mapper.sources.sas_values import SasFormat, sas_format


@dataclass(frozen=True)
class Decodes:
    """Labels by format and code, as a catalog has them; codes as text, letters for special missing values."""

    formats: Mapping[str, Mapping[str, str]]

    def wants(self, column: str, shown: SasFormat, spec: FormSpec) -> bool:
        """Whether a column is to be decoded, and can be."""
        return shown.name in self.formats and (not spec.decode or column in spec.decode)

    def decode(self, text: Text, shown: SasFormat) -> tuple[Text, list[str]]:
        """The labels of a column's codes, and the codes that have none."""
        labels = self.formats[shown.name]
        return text.map(labels.get), sorted(v for v in text.distinct() if v not in labels)

    def missing(self, shown: SasFormat) -> dict[str, str]:
        """Labels of special missing values, by letter; a text format has none."""
        if shown.name.startswith("$"):
            return {}
        known = self.formats.get(shown.name, {})
        return {k: v for k, v in known.items() if len(k) == 1 and (k.isalpha() or k == "_")}


def read_catalog(data: Path, spec: FormSpec, encoding: str) -> tuple[Decodes, list[Flaw]]:
    """The catalog beside a data set; what is wrong with it is one flaw, and the codes stay."""
    path = data.parent / spec.catalog
    if not path.is_file() or Path(os.path.realpath(path)).parent != Path(os.path.realpath(data.parent)):
        return Decodes({}), [Flaw("SRC044", expected=spec.catalog, detail="is not beside the file")]
    try:
        _, meta = pyreadstat.read_sas7bcat(path, encoding="ISO-8859-1")
    except Exception:  # as for data sets: ReadStat's errors share no type
        return Decodes({}), [Flaw("SRC044", expected=spec.catalog, detail="cannot be read")]
    formats = {
        sas_format(name).name: {_code(k): decoded(v, encoding, lenient=True)[0] for k, v in labels.items()}
        for name, labels in meta.value_labels.items()
    }
    absent = [c for c in spec.decode if not formats]
    flaws = [Flaw("SRC044", expected=spec.catalog, detail="holds no labels")] if absent else []
    return Decodes(formats), flaws


def _code(key: Any) -> str:
    return number_text(float(key)) if isinstance(key, (int, float)) else str(key).rstrip()
