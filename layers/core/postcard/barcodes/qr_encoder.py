"""Encodes QR codes: segno's data codewords, with fast error correction, placement and masking.

The matrix of modules (here: symbol) is one large integer with a bit for each module, the top row
at its high end. Each row is followed by four light modules and the last one by four light rows,
so that shifting the integer never moves modules into a neighbouring row.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from itertools import zip_longest
from operator import itemgetter
from types import ModuleType
from typing import Any

from postcard.runtime.lazy_dataclass import dataclass

_FINDER_MARGIN = 4  # light modules beside a finder-like pattern, ISO 18004, 7.8.3
_FINDER_DARK_MODULES = (0, 2, 3, 4, 6)  # of its seven modules; 1 and 5 are light
_FINDER_LENGTH = 7
_FINDER_OVERLAPS = (4, 6)  # offsets at which a second finder may begin inside the first
_DIGITS = b"01"
_REMAINDER_BITS = b"0" * 7  # no version has more
_DATA_MODULE = 2  # segno's value of a module that is still empty
_FIRST_DATA_INDEX = 10  # greater than all values in segno's matrices
_TO_DIGITS = bytes(_DIGITS[level % 2] for level in range(256))
_TO_LEVELS = bytes(level % 2 for level in range(256))  # the last bit of "0" and "1"
_BYTE_BITS = tuple(format(byte, "08b").encode().translate(_TO_LEVELS) for byte in range(256))


@lru_cache(maxsize=256)
def encode_qr(text: str, error_correction: str) -> Sequence[bytes]:
    """The rows of a QR code, one byte per module, 1 for dark; ValueError if the text is too long.

    `error_correction` is L, M, Q or H. The smallest version and the mask with the lowest penalty
    are chosen.
    """
    segno = _segno_encoder()
    level = segno.normalize_errorlevel(error_correction)
    segments = segno.prepare_data(text, None, None)
    version = segno.find_version(segments, level, eci=False, micro=False)
    layout = _symbol_layout(version)
    unmasked = layout.place_bits(_codeword_bits(segments, version, level))
    symbols = [unmasked ^ mask for mask in layout.masks]
    penalties = list(map(layout.penalty, symbols))
    best = penalties.index(min(penalties))
    rows = layout.rows(symbols[best])
    segno.add_format_info(rows, version, level, best)
    segno.add_version_info(rows, version)
    return tuple(map(bytes, rows))


def qr_modules_per_side(text: str, error_correction: str) -> int:
    """The size of the QR code without drawing it; ValueError if the text is too long."""
    segno = _segno_encoder()
    level = segno.normalize_errorlevel(error_correction)
    segments = segno.prepare_data(text, None, None)
    version: int = segno.find_version(segments, level, eci=False, micro=False)
    return 17 + 4 * version


def _codeword_bits(segments: Any, version: int, level: int) -> bytes:
    """All codewords, error correction included, as a string of binary digits."""
    segno = _segno_encoder()
    bits = segno.Buffer()
    for segment in segments:
        segno.write_segment(bits, segment, None, segno.version_range(version))
    capacity = segno.consts.SYMBOL_CAPACITY[version][level]
    segno.write_terminator(bits, capacity, None, len(bits))
    segno.write_padding_bits(bits, version, len(bits))
    segno.write_pad_codewords(bits, version, capacity, len(bits))
    data = int(bits.getbits().translate(_TO_DIGITS), 2).to_bytes(len(bits) // 8)
    codewords = _interleave_blocks(data, segno.consts.ECC[version][level])
    return format(int.from_bytes(codewords), f"0{8 * len(codewords)}b").encode()


def _interleave_blocks(codewords: bytes, groups: Sequence[Any]) -> bytes:
    """Split data codewords into blocks, add error correction to each, and interleave them."""
    blocks, corrections, start = [], [], 0
    for group in groups:
        for _ in range(group.num_blocks):
            block = codewords[start : start + group.num_data]
            start += group.num_data
            blocks.append(block)
            corrections.append(_error_correction_codewords(block, group.num_total - group.num_data))
    columns = (*zip_longest(*blocks), *zip_longest(*corrections))
    return bytes(word for column in columns for word in column if word is not None)


def _error_correction_codewords(block: bytes, codeword_count: int) -> bytes:
    """The Reed-Solomon codewords of a block: the remainder of polynomial division, ISO 18004, 7.5.

    The remainder is one integer, so that each codeword is a single step.
    """
    multiples = _generator_multiples(codeword_count)
    top_shift = 8 * (codeword_count - 1)
    low_bits = (1 << top_shift) - 1
    remainder = 0
    for word in block:
        remainder = (remainder & low_bits) << 8 ^ multiples[word ^ remainder >> top_shift]
    return remainder.to_bytes(codeword_count)


@lru_cache(maxsize=32)
def _generator_multiples(codeword_count: int) -> tuple[int, ...]:
    """The generator polynomial of so many codewords, multiplied by each of 256 values."""
    consts = _segno_encoder().consts
    powers, polynomial = consts.GALIOS_EXP, consts.GEN_POLY[codeword_count]
    logs = (consts.GALIOS_LOG[word] for word in range(1, 256))
    return 0, *(int.from_bytes([powers[log + term] for term in polynomial]) for log in logs)


@dataclass(frozen=True, slots=True)
class _SymbolLayout:
    """What all codes of one version share.

    `select_bits` takes the bits of fixed patterns and codewords and returns those of the symbol
    in order. `horizontal_pairs` and `vertical_pairs` have the modules with a neighbour at the
    right or below.
    """

    side: int
    select_bits: Any
    masks: tuple[int, ...]
    horizontal_pairs: int
    vertical_pairs: int

    @property
    def stride(self) -> int:
        """The bits from a module to the one below."""
        return self.side + _FINDER_MARGIN

    def place_bits(self, bits: bytes) -> int:
        """The symbol with these codeword bits, before masking."""
        return int(bytes(self.select_bits(_DIGITS + bits + _REMAINDER_BITS)), 2)

    def rows(self, symbol: int) -> list[bytearray]:
        """A symbol as rows of one byte per module."""
        stride, length = self.stride, (self.side + _FINDER_MARGIN) * self.stride
        bits = format(symbol, f"0{length}b").encode().translate(_TO_LEVELS)
        return [bytearray(bits[i * stride : i * stride + self.side]) for i in range(self.side)]

    def penalty(self, symbol: int) -> int:
        """The mask penalty by ISO 18004, 7.8.3; lower is easier to scan."""
        equal_across = ~(symbol ^ symbol << 1) & self.horizontal_pairs
        equal_down = ~(symbol ^ symbol << self.stride) & self.vertical_pairs
        blocks = equal_across & equal_across << self.stride & equal_down & equal_down << 1
        dark_share = symbol.bit_count() / self.side**2
        return (
            _run_penalty(equal_across, 1)
            + _run_penalty(equal_down, self.stride)
            + 3 * blocks.bit_count()
            + 40 * (_count_finder_patterns(symbol, 1) + _count_finder_patterns(symbol, self.stride))
            + 10 * int(abs(dark_share * 100 - 50) / 5)
        )


def _run_penalty(equal_pairs: int, step: int) -> int:
    """The penalty for runs of five or more equal modules; each bit is a pair of equal modules."""
    fours = equal_pairs & equal_pairs << step & equal_pairs << 2 * step & equal_pairs << 3 * step
    return fours.bit_count() + 2 * (fours & ~(fours << step)).bit_count()


def _count_finder_patterns(symbol: int, step: int) -> int:
    """The finder-like patterns with a margin before or after; overlapping ones count once."""
    light = ~symbol
    starts = light << step & light << 5 * step
    for offset in _FINDER_DARK_MODULES:
        starts &= symbol << offset * step
    before = light >> step & light >> 2 * step & light >> 3 * step & light >> 4 * step
    after = -1
    for offset in range(_FINDER_LENGTH, _FINDER_LENGTH + _FINDER_MARGIN):
        after &= light << offset * step
    starts &= before | after
    count = starts.bit_count()
    first, second = _FINDER_OVERLAPS
    if starts & (starts >> first * step | starts >> second * step):
        count = _count_without_overlaps(starts, step)
    return count


def _count_without_overlaps(starts: int, step: int) -> int:
    """The count without patterns that begin inside a counted one."""
    count = 0
    while starts:
        start = starts.bit_length() - 1
        starts ^= 1 << start
        for offset in _FINDER_OVERLAPS:
            if offset * step <= start:
                starts &= ~(1 << start - offset * step)
        count += 1
    return count


@lru_cache(maxsize=40)
def _symbol_layout(version: int) -> _SymbolLayout:
    segno = _segno_encoder()
    side = segno.calc_matrix_size(version)
    matrix = segno.make_matrix(side, side)
    segno.add_finder_patterns(matrix, side, side)
    segno.add_alignment_patterns(matrix, side, side)
    # Segno places an index for each data bit, so that the values tell where each bit belongs.
    rows = [list(row) for row in matrix]
    data_bits = sum(row.count(_DATA_MODULE) for row in rows)
    segno.add_codewords(rows, range(_FIRST_DATA_INDEX, _FIRST_DATA_INDEX + data_bits), version)
    values = [value for row in _pad_rows(rows) for value in row]

    def mask_bits(mask: Callable[[int, int], bool]) -> int:
        return _to_integer(
            [value >= _FIRST_DATA_INDEX and mask(i, j) for j, value in enumerate(row)]
            for i, row in enumerate(rows)
        )

    return _SymbolLayout(
        side=side,
        select_bits=itemgetter(
            *(x - _FIRST_DATA_INDEX + 2 if x >= _FIRST_DATA_INDEX else x for x in values)
        ),
        masks=tuple(map(mask_bits, segno.get_data_mask_functions(False))),
        horizontal_pairs=_to_integer([[1] * (side - 1) + [0]] * side),
        vertical_pairs=_to_integer([[1] * side] * (side - 1) + [[0] * side]),
    )


def _to_integer(rows: Iterable[Sequence[int]]) -> int:
    return int("".join("1" if dark else "0" for row in _pad_rows(list(rows)) for dark in row), 2)


def _pad_rows(rows: Sequence[Sequence[int]]) -> list[Sequence[int]]:
    light = [0] * _FINDER_MARGIN
    return [
        *([*row, *light] for row in rows),
        *[[0] * (len(rows) + _FINDER_MARGIN)] * _FINDER_MARGIN,
    ]


@cache
def _segno_encoder() -> Any:
    """Segno's encoder, imported without its writers: their XML library is slow to import."""
    spec = find_spec("segno")
    assert spec is not None
    package = ModuleType("segno_alone")
    package.__path__ = list(spec.submodule_search_locations or ())
    sys.modules[package.__name__] = package
    encoder = import_module(f"{package.__name__}.encoder")
    encoder.Buffer.append_bits = _append_bits
    return encoder


def _append_bits(buffer: Any, value: int, length: int) -> None:
    """Replaces segno's method, which appends bit by bit."""
    if length == 8:
        buffer.extend(_BYTE_BITS[value])
    else:
        buffer.extend(format(value, f"0{length}b").encode().translate(_TO_LEVELS))
