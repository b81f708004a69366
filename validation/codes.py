"""The rules that every dataset is held against: what is required, of which form, from which list."""

from __future__ import annotations

REQUIRED_ABSENT = "VAL001"
EXPECTED_ABSENT = "VAL002"
REQUIRED_EMPTY = "VAL003"
WRONG_TYPE = "VAL004"
OVER_DECLARED = "VAL005"
OVER_200 = "VAL006"
NOT_A_TERM = "VAL007"
NEW_TERM = "VAL008"
NOT_ISO_DATE = "VAL009"
NO_SUCH_DATE = "VAL010"
NOT_ISO_DURATION = "VAL011"
KEYS_TWICE = "VAL012"
SEQ_NOT_COUNTING = "VAL013"
SEQ_TWICE = "VAL014"
OTHER_DOMAIN = "VAL015"

ALL = tuple(f"VAL{n:03d}" for n in range(1, 16))

OF_COLUMNS = (REQUIRED_ABSENT, EXPECTED_ABSENT, WRONG_TYPE)  # hold for a dataset without records too
