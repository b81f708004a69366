"""Define-XML 2.1: the description of a package, built from the one spec."""
