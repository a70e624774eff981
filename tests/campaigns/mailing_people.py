"""Rows of a mailing, made by a seeded generator: names of many scripts, long ones, broken ones."""

from collections.abc import Iterator
from random import Random
from typing import Any

Row = dict[str, Any]

_SYLLABLES_TEXT = "ka ri so ne ma li ta vo de an el is or un ya chi mi ro sa te"
_SYLLABLES = _SYLLABLES_TEXT.split()
_FIRST_TEXT = (
    "Ann Bob Zoë José O'Brien Þórður Łukasz Мария 李小龍 أحمد André Jean-Luc Renée Sinéad "
    "Björk Nguyễn Ümit Chloë Ravi Aoife Maximilian-Alexander ANNE-MARIE लक्ष्मी さくら יוסי "
    "Νίκος"
)
_FIRST = _FIRST_TEXT.split()
_LAST_TEXT = (
    "Smith Müller García Sørensen Nowak Иванова 山田 Ó'Neill D'Angelo van_der_Berg "
    "Featherstonehaugh-Cholmondeley Li Kim Åkesson"
)
_LAST = _LAST_TEXT.split()
_ODD = (
    ("", 2),
    ("*|FNAME|*", 2),
    ("{{ first_name }}", 1),
    ("Wolfeschlegelsteinhausenbergerdorff " * 2, 2),
    ("WWWWWWWWWWMMMMMMMMMMWWWWWWWWWWMMMMMMMMMM", 1),
    ("Ann \U0001f389\U0001f9d1\u200d\U0001f680", 2),
    ("\ue000\u16a0x", 2),
    ("Donaudampf\u00adschifffahrts\u00adgesellschaft", 1),
    ("A – B 12 – 14", 1),
)


def names(random: Random) -> str:
    """A name: of real people, made up, or in one of 60 cases odd."""
    kind = random.random()
    if kind < 1 / 60:
        return random.choices([name for name, _ in _ODD], [weight for _, weight in _ODD])[0]
    if kind < 0.5:
        parts = random.choice(((2, 4), (2, 4), (2, 6)))
        return " ".join(
            "".join(random.choices(_SYLLABLES, k=random.randint(2, parts[1]))).title()
            for _ in range(random.randint(1, 3))
        )
    last = "" if random.random() < 0.5 else f" {random.choice(_LAST)}"
    return random.choice(_FIRST) + last


def welcome_rows(count: int, seed: int) -> Iterator[Row]:
    """Values for the template of the welcome banner."""
    random = Random(seed)
    for _ in range(count):
        code = f"SAVE{random.randrange(100_000):05}"
        if random.random() < 0.01:
            code = "not a code!"
        yield {"user_name": names(random), "discount_code": code}
