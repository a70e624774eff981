"""The modules of a QR code: segno's words, corrected, placed and masked by whole integers.

A square is one integer, a bit for each module, rows from the top at the integer's high end. Four
light modules follow each row and four rows the last, so that no shift reaches from line to line.
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

_FINDER_MARGIN = 4  # light modules that ISO 18004 wants beside what looks like a finder
_FINDER_DARK_MODULES = (0, 2, 3, 4, 6)  # its dark modules in a line; 1 and 5 are light
_FINDER_LENGTH = 7
_FINDER_OVERLAPS = (4, 6)  # where a second finder may begin within the first
_DIGITS = b"01"
_REMAINDER_BITS = b"0" * 7  # modules at most that no word fills
_DATA_MODULE = 2  # segno's word for a module of the message
_FIRST_DATA_INDEX = 10  # above every level that segno's squares know
_TO_DIGITS = bytes(_DIGITS[level % 2] for level in range(256))
_TO_LEVELS = bytes(level % 2 for level in range(256))  # a digit's last bit is its value
_BYTE_BITS = tuple(format(byte, "08b").encode().translate(_TO_LEVELS) for byte in range(256))


@lru_cache(maxsize=256)
def encode_qr(text: str, error_correction: str) -> Sequence[bytes]:
    """The rows of the code, a byte a module, 1 for dark; ValueError if the text is too long."""
    coder = _segno_encoder()
    level = coder.normalize_errorlevel(error_correction)
    segments = coder.prepare_data(text, None, None)
    version = coder.find_version(segments, level, eci=False, micro=False)
    square = _symbol_layout(version)
    placed = square.place_bits(_codeword_bits(segments, version, level))
    squares = [placed ^ mask for mask in square.masks]
    scores = list(map(square.penalty, squares))
    best = scores.index(min(scores))
    rows = square.rows(squares[best])
    coder.add_format_info(rows, version, level, best)
    coder.add_version_info(rows, version)
    return tuple(map(bytes, rows))


def _codeword_bits(segments: Any, version: int, level: int) -> bytes:
    """All bits of the code in order as digits, error correction included."""
    coder = _segno_encoder()
    bits = coder.Buffer()
    for segment in segments:
        coder.write_segment(bits, segment, None, coder.version_range(version))
    capacity = coder.consts.SYMBOL_CAPACITY[version][level]
    coder.write_terminator(bits, capacity, None, len(bits))
    coder.write_padding_bits(bits, version, len(bits))
    coder.write_pad_codewords(bits, version, capacity, len(bits))
    words = int(bits.getbits().translate(_TO_DIGITS), 2).to_bytes(len(bits) // 8)
    coded = _interleave_blocks(words, coder.consts.ECC[version][level])
    return format(int.from_bytes(coded), f"0{8 * len(coded)}b").encode()


def _interleave_blocks(codewords: bytes, groups: Sequence[Any]) -> bytes:
    """Words in their blocks, each with its correction, interleaved."""
    blocks, corrections, at = [], [], 0
    for group in groups:
        for _ in range(group.num_blocks):
            block = codewords[at : at + group.num_data]
            at += group.num_data
            blocks.append(block)
            corrections.append(_error_correction_codewords(block, group.num_total - group.num_data))
    columns = (*zip_longest(*blocks), *zip_longest(*corrections))
    return bytes(word for column in columns for word in column if word is not None)


def _error_correction_codewords(block: bytes, codeword_count: int) -> bytes:
    """The Reed-Solomon words of a block: what dividing by their polynomial leaves, ISO 18004, 7.5.

    The rest is one integer, so that a word of the block is one step.
    """
    multiples = _generator_multiples(codeword_count)
    top = 8 * (codeword_count - 1)
    low = (1 << top) - 1
    rest = 0
    for word in block:
        rest = (rest & low) << 8 ^ multiples[word ^ rest >> top]
    return rest.to_bytes(codeword_count)


@lru_cache(maxsize=32)
def _generator_multiples(codeword_count: int) -> tuple[int, ...]:
    """The polynomial of `count` words times each of 256."""
    consts = _segno_encoder().consts
    powers, polynomial = consts.GALIOS_EXP, consts.GEN_POLY[codeword_count]
    logs = (consts.GALIOS_LOG[word] for word in range(1, 256))
    return 0, *(int.from_bytes([powers[log + term] for term in polynomial]) for log in logs)


@dataclass(frozen=True, slots=True)
class _SymbolLayout:
    """What all codes of one size share. `order` says for each bit where its level comes from.

    `across` and `down` have the modules that have a neighbour to the right, or below.
    """

    side: int
    select_bits: Any
    masks: tuple[int, ...]
    horizontal_pairs: int
    vertical_pairs: int

    @property
    def stride(self) -> int:
        """Bits from a module to the one below."""
        return self.side + _FINDER_MARGIN

    def place_bits(self, bits: bytes) -> int:
        """The square with a message in it, before it is masked."""
        return int(bytes(self.select_bits(_DIGITS + bits + _REMAINDER_BITS)), 2)

    def rows(self, symbol: int) -> list[bytearray]:
        """A square as rows of levels."""
        stride, length = self.stride, (self.side + _FINDER_MARGIN) * self.stride
        bits = format(symbol, f"0{length}b").encode().translate(_TO_LEVELS)
        return [bytearray(bits[i * stride : i * stride + self.side]) for i in range(self.side)]

    def penalty(self, symbol: int) -> int:
        """The penalty by ISO 18004, 7.8.3: the lower, the easier to read."""
        across = ~(symbol ^ symbol << 1) & self.horizontal_pairs
        down = ~(symbol ^ symbol << self.stride) & self.vertical_pairs
        blocks = across & across << self.stride & down & down << 1
        dark = symbol.bit_count() / self.side**2
        return (
            _run_penalty(across, 1)
            + _run_penalty(down, self.stride)
            + 3 * blocks.bit_count()
            + 40 * (_count_finder_patterns(symbol, 1) + _count_finder_patterns(symbol, self.stride))
            + 10 * int(abs(dark * 100 - 50) / 5)
        )


def _run_penalty(equal_pairs: int, step: int) -> int:
    """Points for lines of five and more modules alike; a bit is a pair of neighbours alike."""
    fours = equal_pairs & equal_pairs << step & equal_pairs << 2 * step & equal_pairs << 3 * step
    return fours.bit_count() + 2 * (fours & ~(fours << step)).bit_count()


def _count_finder_patterns(symbol: int, step: int) -> int:
    """How often a line looks like a finder with a margin before or after; none counts twice."""
    light = ~symbol
    found = light << step & light << 5 * step
    for place in _FINDER_DARK_MODULES:
        found &= symbol << place * step
    before = light >> step & light >> 2 * step & light >> 3 * step & light >> 4 * step
    after = -1
    for place in range(_FINDER_LENGTH, _FINDER_LENGTH + _FINDER_MARGIN):
        after &= light << place * step
    found &= before | after
    count = found.bit_count()
    first, second = _FINDER_OVERLAPS
    if found & (found >> first * step | found >> second * step):
        count = _count_without_overlaps(found, step)
    return count


def _count_without_overlaps(found: int, step: int) -> int:
    """The count without those that begin within the one before."""
    count = 0
    while found:
        last = found.bit_length() - 1
        found ^= 1 << last
        for place in _FINDER_OVERLAPS:
            if place * step <= last:
                found &= ~(1 << last - place * step)
        count += 1
    return count


@lru_cache(maxsize=40)
def _symbol_layout(version: int) -> _SymbolLayout:
    coder = _segno_encoder()
    side = coder.calc_matrix_size(version)
    empty = coder.make_matrix(side, side)
    coder.add_finder_patterns(empty, side, side)
    coder.add_alignment_patterns(empty, side, side)
    rows = [list(row) for row in empty]
    free = sum(row.count(_DATA_MODULE) for row in rows)
    coder.add_codewords(rows, range(_FIRST_DATA_INDEX, _FIRST_DATA_INDEX + free), version)
    places = [level for row in _pad_rows(rows) for level in row]

    def masked(mask: Callable[[int, int], bool]) -> int:
        return _to_integer(
            [level >= _FIRST_DATA_INDEX and mask(i, j) for j, level in enumerate(row)]
            for i, row in enumerate(rows)
        )

    return _SymbolLayout(
        side=side,
        select_bits=itemgetter(
            *(x - _FIRST_DATA_INDEX + 2 if x >= _FIRST_DATA_INDEX else x for x in places)
        ),
        masks=tuple(map(masked, coder.get_data_mask_functions(False))),
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
    """Segno's encoder without segno's writers, whose XML library is most of its import."""
    found = find_spec("segno")
    assert found is not None
    package = ModuleType("segno_alone")
    package.__path__ = list(found.submodule_search_locations or ())
    sys.modules[package.__name__] = package
    encoder = import_module(f"{package.__name__}.encoder")
    encoder.Buffer.append_bits = _append_bits
    return encoder


def _append_bits(buffer: Any, value: int, length: int) -> None:
    """Segno's own goes bit by bit."""
    if length == 8:
        buffer.extend(_BYTE_BITS[value])
    else:
        buffer.extend(format(value, f"0{length}b").encode().translate(_TO_LEVELS))
