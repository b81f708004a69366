"""Raw exports of a clinical trial's sites to SDTM datasets."""

__version__ = "0.1.0"
