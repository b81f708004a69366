"""The datasets of a package once more, in formats that were asked for beside XPT and Parquet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sdtm_mapper.datasets.csv_file import read_csv, write_csv
from sdtm_mapper.datasets.dataset_json import Form, json_reasons, write_dataset_json
from sdtm_mapper.datasets.dataset_json_read import read_dataset_json
from sdtm_mapper.datasets.described import undescribed
from sdtm_mapper.datasets.widths import natural_widths
from sdtm_mapper.model.columns import Column
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.pipeline.convert import SUFFIX, difference
from sdtm_mapper.pipeline.described import described_by
from sdtm_mapper.pipeline.package import DEFINE, SDTM, Package


def write_also(folder: Path, parts: Package, timestamp: str, formats: Sequence[str]) -> list[str]:
    """Write all datasets into a folder named as the format, for each of `formats`: dataset-json, ndjson, csv.

    OIDs, types and keys are those of the define. Datasets whose XPT file is withheld are written too, unless
    they hold infinite numbers, which is a finding already. Gives how files differ when they are read back.
    """
    if not formats:
        return []
    said = described_by(parts.define, f"../{SDTM}/{DEFINE}")
    differences = []
    for form in dict.fromkeys(formats):
        (folder / form).mkdir()
        for domain in parts.domains:
            path = folder / form / f"{domain.name.lower()}.{SUFFIX[form]}"
            if not len(domain) or json_reasons(domain):
                continue
            if form == "csv":
                write_csv(path, domain)
                back: Mapping[str, Column] = read_csv(path, domain.variables)
            else:
                described = said.get(domain.name) or undescribed(domain.name)
                widths = natural_widths(domain) | dict(parts.widths.get(domain.name, {}))
                as_lines: Form = "ndjson" if form == "ndjson" else "json"
                write_dataset_json(path, domain, described, widths, timestamp, as_lines)
                table = read_dataset_json(path)
                back = table.columns if table is not None else {}
            differences += _differences(domain, back, path)
    return differences


def _differences(domain: Domain, back: Mapping[str, Column], path: Path) -> list[str]:
    names = [v.name for v in domain.variables]
    if [*back] != names:
        return [f"{path.name}: the list of variables reads back otherwise"]
    return [f"{path.name}: {why}" for n in names if (why := difference(n, domain.columns[n], back[n]))]
