"""The account of each form's columns, and how the text report says it."""

from __future__ import annotations

from sdtm_mapper.model.domain import ColumnAccount, Ledger
from sdtm_mapper.model.run import FormSummary
from sdtm_mapper.pipeline.form_summaries import form_summaries


def test_columns_are_used_left_out_or_without_account():
    ledger = Ledger(
        (),
        (),
        (
            ColumnAccount("vs", "SYSBP", 10, ("VS.VSORRES",), "", True),
            ColumnAccount("ae", "TERM", 7, ("AE.AETERM",), "", True),
            ColumnAccount("ae", "PAGE", 7, (), "the EDC's own", True),
            ColumnAccount("ae", "SEQ", 6, (), "the EDC's own", True),
            ColumnAccount("ae", "CODED", 9, (), "says the same as TERM", True),
            ColumnAccount("ae", "LOST", 3, (), "", False),
            ColumnAccount("ae", "NOTHING", 0, (), "", True),
        ),
        (),
    )
    reasons = (("the EDC's own", 13), ("says the same as TERM", 9))
    assert form_summaries(ledger) == (
        FormSummary("ae", 5, 32, 7, 22, reasons, 3, 1),
        FormSummary("vs", 1, 10, 10, 0, (), 0, 0),
    )
