"""Operations on what the datasets and the standard say: names, labels, orders and lists of variables,
terms.
"""

from __future__ import annotations

from validation.open_rules.cells import Cells, Value
from validation.open_rules.frame import MissingColumn, MissingDataset, MissingMetadata, RuleFault
from validation.open_rules.operations.base import Work
from validation.open_rules.standards import LibraryVariable
from validation.open_rules.table import Dataset


def study_domains(work: Work) -> Cells:
    """The domains of all datasets; null among them where a dataset has none."""
    return Cells.constant(tuple(work.study.datasets.domains()), work.frame.n)


def dataset_names(work: Work) -> Cells:
    """The names of all datasets."""
    return Cells.constant(tuple(sorted({t.name for t in work.study.datasets.tables})), work.frame.n)


def extract_metadata(work: Work) -> Cells:
    """One fact on this dataset: dataset_name, dataset_label, dataset_location, dataset_size, record_count,
    domain.
    """
    parts = [_fact(work, p) for p in range(len(work.dataset.parts))]
    if len(parts) == 1:
        return Cells.constant(parts[0], work.frame.n)
    listed = Cells.listed(parts)
    return Cells(listed.codes[work.frame.part], listed.values)


def domain_label(work: Work) -> Cells:
    """The guide's label of this dataset's domain; null where it has none."""
    return Cells.constant(work.study.library.label(work.table.unsplit), work.frame.n)


def domain_is_custom(work: Work) -> Cells:
    """Whether neither the guide nor the model have this dataset's domain."""
    return Cells.constant(work.study.library.is_custom(work.table.unsplit), work.frame.n)


def required_variables(work: Work) -> Cells:
    """Names of this dataset's variables that are Required."""
    return _listed(work, [v.name for v in _all(work) if v.core == "Req"])


def expected_variables(work: Work) -> Cells:
    """Names of this dataset's variables that are Expected."""
    return _listed(work, [v.name for v in _all(work) if v.core == "Exp"])


def permissible_variables(work: Work) -> Cells:
    """Names of this dataset's variables that are Permissible; those that only the model has are."""
    return _listed(work, [v.name for v in _all(work) if v.core == "Perm"])


def get_column_order_from_dataset(work: Work) -> Cells:
    """The columns of this dataset, in order."""
    return _listed(work, list(work.table.columns))


def get_column_order_from_library(work: Work) -> Cells:
    """The variables that the standard allows in this dataset, in order: the model's with the guide's in
    their places.
    """
    return _listed(work, [v.name for v in _all(work)])


def get_model_column_order(work: Work) -> Cells:
    """The variables that the model allows in this dataset, in order."""
    return _listed(work, [v.name for v in _model(work, work.dataset)])


def get_parent_model_column_order(work: Work) -> Cells:
    """Per record the variables that the model allows in the dataset that RDOMAIN names, in order."""
    if not work.frame.has("RDOMAIN"):
        raise MissingColumn("RDOMAIN")

    def order(domain: Value) -> tuple[str, ...]:
        parents = work.study.datasets.by_domain(str(domain))
        if not parents:
            raise MissingDataset(str(domain))
        return tuple(v.name for v in _model(work, parents[0]))

    return work.frame.column("RDOMAIN").mapped(order)


def get_model_filtered_variables(work: Work) -> Cells:
    """Those variables of the model whose `key_name` is `key_value`."""
    return _listed(work, _filtered(work, _model(work, work.dataset)))


def get_dataset_filtered_variables(work: Work) -> Cells:
    """Those columns of this dataset whose `key_name` in the standard is `key_value`."""
    names = _filtered(work, _all(work))
    return _listed(work, [n for n in names if n in work.table.columns])


def codelist_terms(work: Work) -> Cells:
    """Codes or values of codelists, or of their terms (`level`, `returntype`), by controlled terminology."""
    terminology = work.study.library.terminology
    if terminology is None:
        raise MissingMetadata("controlled terminology is not given")
    options = work.operation.options
    out: list[Value] = []
    for name in options.get("codelists") or ():
        codelist = terminology.codelist(str(name))
        if codelist is None:
            raise MissingMetadata(f"codelist {name} is not in the controlled terminology")
        coded = options.get("returntype") == "code"
        if options.get("level") == "codelist":
            out.append(codelist.code if coded else codelist.value)
        else:
            out += [t.code if coded else t.value for t in codelist.terms]
    return _listed(work, out)


def _fact(work: Work, part: int) -> Value:
    table, name = work.dataset.parts[part], work.operation.name
    facts: dict[str, Value] = {
        "dataset_name": table.name,
        "dataset_label": table.label,
        "dataset_location": table.file,
        "dataset_size": table.size,
        "record_count": table.n,
        "is_ap": table.is_associated,
        "domain": table.domain,
    }
    if name not in facts:
        raise RuleFault(f"{name} is no fact on a dataset")
    if name == "dataset_size" and table.size is None:
        raise MissingMetadata(f"the size of {table.name}'s file is not known")
    return facts[name]


def _listed(work: Work, names: list[Value]) -> Cells:
    return Cells.constant(tuple(dict.fromkeys(names)), work.frame.n)


def _all(work: Work) -> list[LibraryVariable]:
    found: list[LibraryVariable] = work.study.once(
        ("variables", work.dataset.name),
        lambda: work.study.library.all_variables(work.table, work.study.datasets),
    )
    return found


def _model(work: Work, dataset: Dataset) -> list[LibraryVariable]:
    found: list[LibraryVariable] = work.study.once(
        ("model", dataset.name),
        lambda: work.study.library.model_variables(dataset.whole, work.study.datasets),
    )
    return found


def _filtered(work: Work, variables: list[LibraryVariable]) -> list[Value]:
    key, value = work.operation.options.get("key_name"), work.operation.options.get("key_value")
    if key not in ("role", "core", "name", "label"):
        raise RuleFault(f"{key} is no attribute of a variable that can be filtered by")
    return [v.name for v in variables if getattr(v, str(key)) == value]
