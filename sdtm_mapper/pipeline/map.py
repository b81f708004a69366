"""Reading and mapping only: datasets as Parquet with lineage, ledger and findings; nothing is checked."""

from __future__ import annotations

from pathlib import Path

from sdtm_mapper.model.finding import no_findings
from sdtm_mapper.model.run import RunResult
from sdtm_mapper.pipeline.exchange import package
from sdtm_mapper.pipeline.judge import Checked, Chosen
from sdtm_mapper.pipeline.load import Say, convert_delivery
from sdtm_mapper.pipeline.package import write_mapped
from sdtm_mapper.pipeline.run import read_folders, told


def map_delivery(
    folder: Path,
    raw: Path,
    out: Path,
    chosen: Chosen,
    say: Say,
    partitions: int = 1,
    meddra: Path | None = None,
) -> RunResult:
    """Map a delivery and put the result in the place of `out`.

    The findings are those of reading and mapping; no rule set is run, and none counts as run.
    UserError leaves what stood at `out` as it was.
    """
    with package(out, read_folders(folder, raw, meddra)) as staging:
        converted = convert_delivery(folder, raw, say, partitions, meddra)
        result = told(converted, Checked((), no_findings()), [], {}, chosen)
        say("writing the package")
        write_mapped(staging, converted, result, "map")
    say(f"wrote {out}")
    return result
