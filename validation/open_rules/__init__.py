"""CDISC's published conformance rules, run as column operations."""
