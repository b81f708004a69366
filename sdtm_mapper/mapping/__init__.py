"""Raw forms to SDTM domains: records, variables in the order of their dependencies, lineage, ledger."""
