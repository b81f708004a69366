"""Write specs/standards from the published files: python bench/build_standards.py PUBLISHED [SPECS]."""

from __future__ import annotations

import sys
from pathlib import Path

from sdtm_mapper.standards.guide_import import build_guide, build_model
from sdtm_mapper.standards.importer import import_file, write_folder
from sdtm_mapper.standards.manifest import MANIFEST

GUIDES = {"3.4": "sdtmig-3.4"}
MODELS = {"2.0": "sdtm-2.0"}
TERMINOLOGY = ("ct/sdtm-terminology-2025-03-28.txt.xz", "ct/Define-XML_CT_2025-03-28.csv")


def build(published: Path, standards: Path) -> None:
    for version, folder in GUIDES.items():
        manifest, files = build_guide(published / folder, version)
        write_folder(standards / "sdtmig" / version, {**files, MANIFEST: manifest.to_bytes()})
    for version, folder in MODELS.items():
        manifest, files = build_model(published / folder, version)
        write_folder(standards / "sdtm" / version, {**files, MANIFEST: manifest.to_bytes()})
    for name in TERMINOLOGY:
        import_file(published / name, standards, replace=True)


if __name__ == "__main__":
    root = Path(__file__).resolve().parents[1]
    build(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else root / "specs" / "standards")
