"""Checks on SDTM domains: schemas compiled from spec and standard."""
