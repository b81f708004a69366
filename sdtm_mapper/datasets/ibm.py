"""Doubles: IEEE 754 to the IBM/370 form that XPT holds, and back. Exact both ways within the range."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sdtm_mapper.model.columns import Mask, Numbers

Words = npt.NDArray[np.uint64]

# A number is fraction * 16 ** (exponent - 64), 1/16 <= fraction < 1, exponent 0..127. The fraction has 56
# bits, three more than IEEE's 53, so that no bit is lost when the exponent is rounded up to a power of 16.
TOO_LARGE = 2.0**252  # 16 ** 63: the first magnitude with no exponent left
SMALLEST = 2.0**-260  # 16 ** -65
MISSING = np.uint64(0x2E << 56)  # '.' and zeros: SAS's ordinary missing value

_SIGN = np.uint64(1 << 63)
_FRACTION = np.uint64((1 << 52) - 1)
_HIDDEN = np.uint64(1 << 52)


def outside(numbers: Numbers) -> Mask:
    """Which numbers an IBM double cannot hold: infinite, 16^63 and more, or nearer to zero than 16^-65.

    NaN is a missing value and zero is zero; both fit.
    """
    size = np.abs(numbers)
    result: Mask = (size >= TOO_LARGE) | ((size < SMALLEST) & (size > 0))
    return result


def to_ibm(numbers: Numbers) -> Words:
    """IBM doubles as 64-bit words (the caller stores them big-endian); NaN becomes MISSING, -0.0 zero.

    Numbers must not be `outside`; the result for those is not a number's.
    """
    bits = np.ascontiguousarray(numbers, np.float64).view(np.uint64)
    binary = ((bits >> np.uint64(52)) & np.uint64(0x7FF)).astype(np.int64) - 1022
    hexadecimal = (binary + 3) >> 2  # rounded up, so the fraction is below 1
    shift = (np.int64(3) - ((hexadecimal << 2) - binary)).astype(np.uint64)
    words: Words = ((bits & _FRACTION) | _HIDDEN) << shift
    words |= (hexadecimal + 64).astype(np.uint64) << np.uint64(56)
    words |= bits & _SIGN
    words[numbers == 0] = 0
    words[np.isnan(numbers)] = MISSING
    return words


def from_ibm(words: Words) -> Numbers:
    """IBM doubles as float64; every missing value ('.', '.A' to '.Z', '._') becomes NaN.

    A fraction of more than 53 bits, which no IEEE program writes, is rounded to the nearest double.
    """
    fraction = words & np.uint64((1 << 56) - 1)
    exponent = ((words >> np.uint64(56)) & np.uint64(0x7F)).astype(np.int32)
    size = np.ldexp(fraction.astype(np.float64), (exponent - 64) * 4 - 56)
    numbers: Numbers = np.where(words & _SIGN, -size, size)
    numbers[(fraction == 0) & (words != 0)] = np.nan
    return numbers


def special_missing(words: Words) -> Mask:
    """Which are missing values other than the ordinary one: from .A to .Z, and one with an underscore."""
    empty = ((words & np.uint64((1 << 56) - 1)) == 0) & (words != 0)
    result: Mask = empty & (words != MISSING) & (words != _SIGN)
    return result


def words_of(cells: Any, width: int) -> Words:
    """Big-endian cells of 2 to 8 bytes (rows by width, uint8) as words, padded with zeros on the right."""
    padded = np.zeros((len(cells), 8), np.uint8)
    padded[:, :width] = cells
    words: Words = padded.view(">u8").ravel().astype(np.uint64)
    return words
