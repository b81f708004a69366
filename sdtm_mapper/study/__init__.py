"""A study's folder to a Study. Every fault at once, each with its place in the spec."""

from sdtm_mapper.study.delivery import read_delivery_file
from sdtm_mapper.study.jsonschema import json_schema
from sdtm_mapper.study.reader import read_study

__all__ = ["json_schema", "read_delivery_file", "read_study"]
