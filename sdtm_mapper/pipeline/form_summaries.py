"""What became of each form's columns: used, not submitted and why, or without account."""

from __future__ import annotations

from sdtm_mapper.model.domain import ColumnAccount, Ledger
from sdtm_mapper.model.run import FormSummary


def form_summaries(ledger: Ledger) -> tuple[FormSummary, ...]:
    """The account of each form whose columns hold anything, by name. Reasons stand by cells, the most first."""
    forms: dict[str, list[ColumnAccount]] = {}
    for column in ledger.columns:
        if column.filled:
            forms.setdefault(column.form, []).append(column)
    return tuple(_summary(form, columns) for form, columns in sorted(forms.items()))


def _summary(form: str, columns: list[ColumnAccount]) -> FormSummary:
    used = [c for c in columns if c.uses]
    left_out = [c for c in columns if not c.uses and c.reason]
    reasons: dict[str, int] = {}
    for column in left_out:
        reasons[column.reason] = reasons.get(column.reason, 0) + column.filled
    return FormSummary(
        form=form,
        columns=len(columns),
        filled=sum(c.filled for c in columns),
        used=sum(c.filled for c in used),
        not_submitted=sum(c.filled for c in left_out),
        reasons=tuple(sorted(reasons.items(), key=lambda told: (-told[1], told[0]))),
        left_out=len(left_out),
        unknown=len(columns) - len(used) - len(left_out),
    )
