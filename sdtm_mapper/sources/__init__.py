"""Raw files to raw forms: every cell as text, every row with its file and record number."""

from sdtm_mapper.sources.read import FORMATS, read_delivery

__all__ = ["FORMATS", "read_delivery"]
