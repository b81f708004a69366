"""Words that sites have for laboratory tests."""

from __future__ import annotations

from sdtm_mapper.demo.write_labs import TESTS

ENGLISH_TESTS = {test: english for test, (english, _) in TESTS.items()}
# CP950 lacks the character of the simplified word for enzyme
CHINESE_TESTS = {test: chinese.replace("酶", "酵素") for test, (_, chinese) in TESTS.items()}
