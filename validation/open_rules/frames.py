"""What a rule of each type is evaluated on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from validation.open_rules.cells import NULL, Cells, Value, is_null
from validation.open_rules.frame import Frame, MissingDataset
from validation.open_rules.scene import Scene, frame_of
from validation.open_rules.standards import DefineVariable
from validation.open_rules.table import Table, Variable

Builder = Callable[[Scene], Iterator[Frame]]

RECORD_DATA = "Record Data"
DOMAIN_PRESENCE = "Domain Presence Check"
STUDY = "STUDY"  # what findings on the whole study name as their dataset
VALUE_CHECKS = ("Value Check with Variable Metadata", "Value Check with Dataset Metadata")


def records(scene: Scene) -> Iterator[Frame]:
    """The dataset's records."""
    yield scene.study.once(("records", scene.dataset.name), lambda: frame_of(scene.dataset))


def variables(scene: Scene) -> Iterator[Frame]:
    """One row per variable of the dataset; the record is its order number."""
    rows: list[tuple[int, int, Variable, Table]] = []
    seen: set[tuple[object, ...]] = set()
    for at, part in enumerate(scene.dataset.parts):
        for order, variable in enumerate(part.variables, 1):
            key = (variable.name, order, variable.label, variable.length, variable.type)
            if key not in seen:
                seen.add(key)
                rows.append((at, order, variable, part))
    columns = {
        **_variable_columns([v for _, _, v, _ in rows], [order for _, order, _, _ in rows]),
        "variable_max_size": Cells.listed(_longest(part, v.name) for _, _, v, part in rows),
    }
    yield _frame(scene, columns, [order for _, order, _, _ in rows], [at for at, _, _, _ in rows])


def dataset(scene: Scene) -> Iterator[Frame]:
    """One row per dataset file."""
    parts = scene.dataset.parts
    yield _frame(scene, _dataset_columns(parts), [1] * len(parts), list(range(len(parts))))


def domains(scene: Scene) -> Iterator[Frame]:
    """One row; a column per domain of the study that holds its file's name."""
    columns: dict[str, Cells] = {}
    for table in scene.study.datasets.tables:
        columns[table.domain or table.unsplit] = Cells.constant(table.file, 1)
    one = np.ones(1, np.int64)
    yield Frame(columns, 1, scene.table.prefix, one, np.zeros(1, np.int32), (STUDY,))


def values_with_variables(scene: Scene) -> Iterator[Frame]:
    """Each value with what the file says of its variable; one frame per variable."""
    by_name = {v.name: (order, v) for order, v in enumerate(scene.table.variables, 1)}
    for frame in _values(scene, scene.table.columns):
        name = str(frame.column("variable_name").cell(0))
        order, variable = by_name.get(name, (0, Variable(name, "", "")))
        more = {
            k: c.take(np.zeros(frame.n, np.int64)) for k, c in _variable_columns([variable], [order]).items()
        }
        more["variable_value_length"] = frame.column("variable_value").mapped(lambda v: len(str(v)))
        del more["variable_name"]
        yield frame.with_columns(more)


def values_with_dataset(scene: Scene) -> Iterator[Frame]:
    """Each value with what is known of its dataset; one frame per variable."""
    facts = _dataset_columns(scene.dataset.parts)
    for frame in _values(scene, scene.table.columns):
        yield frame.with_columns({k: c.take(scene.dataset.part.astype(np.int64)) for k, c in facts.items()})


def define_variables(scene: Scene) -> Iterator[Frame]:
    """One row per variable of the dataset's Define-XML entry, with the standard's metadata beside it."""
    library = scene.study.library
    if not library.define:
        raise MissingDataset("define.xml")
    found = library.define.get(scene.table.name) or library.define.get(scene.dataset.name)
    if found is None:
        raise MissingDataset(f"{scene.table.name} in define.xml")
    known = {v.name: v for v in library.all_variables(scene.table, scene.study.datasets)}
    columns = _define_columns(found)
    for field in ("name", "label", "role", "core"):
        columns[f"library_variable_{field}"] = Cells.listed(
            getattr(known[v.name], field) if v.name in known else None for v in found
        )
    yield _frame(scene, columns, list(range(1, len(found) + 1)), [0] * len(found))


BUILDERS: Mapping[str, Builder] = {
    RECORD_DATA: records,
    "Variable Metadata Check": variables,
    "Dataset Metadata Check": dataset,
    DOMAIN_PRESENCE: domains,
    "Value Check with Variable Metadata": values_with_variables,
    "Value Check with Dataset Metadata": values_with_dataset,
    "Define Item Metadata Check against Library Metadata": define_variables,
}


def _frame(scene: Scene, columns: Mapping[str, Cells], record: Sequence[int], part: Sequence[int]) -> Frame:
    return Frame(
        columns,
        len(record),
        scene.table.prefix,
        np.array(record, np.int64),
        np.array(part, np.int32),
        [p.name for p in scene.dataset.parts],
    )


def _variable_columns(found: Sequence[Variable], orders: Sequence[int]) -> dict[str, Cells]:
    return {
        "variable_name": Cells.listed(v.name for v in found),
        "variable_order_number": Cells.listed(orders),
        "variable_label": Cells.listed(v.label for v in found),
        "variable_size": Cells.listed(v.length for v in found),
        "variable_data_type": Cells.listed(v.type for v in found),
        "variable_format": Cells.listed(v.format for v in found),
    }


def _dataset_columns(parts: Sequence[Table]) -> dict[str, Cells]:
    return {
        "dataset_size": Cells.listed(p.size for p in parts),
        "dataset_location": Cells.listed(p.file for p in parts),
        "dataset_name": Cells.listed(p.name for p in parts),
        "dataset_label": Cells.listed(p.label for p in parts),
        "record_count": Cells.listed(p.n for p in parts),
        "is_ap": Cells.listed(p.is_associated for p in parts),
        "ap_suffix": Cells.listed(p.domain[2:4] if p.is_associated and p.domain else None for p in parts),
        "domain": Cells.listed(p.domain for p in parts),
    }


def _define_columns(found: Sequence[DefineVariable]) -> dict[str, Cells]:
    return {
        "define_variable_name": Cells.listed(v.name for v in found),
        "define_variable_label": Cells.listed(v.label for v in found),
        "define_variable_order_number": Cells.listed(v.order for v in found),
        "define_variable_ccode": Cells.listed(v.codelist for v in found),
        "define_variable_has_codelist": Cells.listed(bool(v.codelist or v.terms) for v in found),
        "define_variable_codelist_coded_codes": Cells.listed(v.codes for v in found),
        "define_variable_codelist_coded_values": Cells.listed(v.terms for v in found),
    }


def _longest(table: Table, name: str) -> int:
    if name not in table.columns:
        return 0
    return max((len(str(v)) for v in table.cells(name).distinct() if not is_null(v)), default=0)


def _values(scene: Scene, names: Mapping[str, object]) -> Iterator[Frame]:
    base = next(records(scene))
    for name in names:
        columns: dict[str, Cells | Callable[[], Cells]] = {
            "row_number": _row_numbers(base),
            "variable_name": Cells.constant(name, base.n),
            "variable_value": base.column(name),
        }
        if base.n:
            yield Frame(columns, base.n, base.prefix, base.record, base.part, base.files)


def _row_numbers(base: Frame) -> Callable[[], Cells]:
    def numbered() -> Cells:
        values: Sequence[Value] = range(1, base.n + 1)
        return (
            Cells(np.arange(base.n, dtype=np.int32), values)
            if base.n
            else Cells(np.full(0, NULL, np.int32), [])
        )

    return numbered
