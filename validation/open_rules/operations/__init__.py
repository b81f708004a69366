"""All operations by the name that rules use. Each gives a column for the frame that the rule is evaluated
on.
"""

from __future__ import annotations

from collections.abc import Mapping

from validation.open_rules.operations import metadata, values
from validation.open_rules.operations.base import Runner

OPERATIONS: Mapping[str, Runner] = {
    "codelist_terms": metadata.codelist_terms,
    "dataset_names": metadata.dataset_names,
    "distinct": values.distinct,
    "domain_is_custom": metadata.domain_is_custom,
    "domain_label": metadata.domain_label,
    "dy": values.dy,
    "expected_variables": metadata.expected_variables,
    "extract_metadata": metadata.extract_metadata,
    "get_column_order_from_dataset": metadata.get_column_order_from_dataset,
    "get_column_order_from_library": metadata.get_column_order_from_library,
    "get_dataset_filtered_variables": metadata.get_dataset_filtered_variables,
    "get_model_column_order": metadata.get_model_column_order,
    "get_model_filtered_variables": metadata.get_model_filtered_variables,
    "get_parent_model_column_order": metadata.get_parent_model_column_order,
    "max_date": values.max_date,
    "min_date": values.min_date,
    "permissible_variables": metadata.permissible_variables,
    "record_count": values.record_count,
    "required_variables": metadata.required_variables,
    "study_domains": metadata.study_domains,
    "variable_count": values.variable_count,
    "variable_exists": values.variable_exists,
}
