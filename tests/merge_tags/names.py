"""Awkward names from a seed, by kind: each kind is something that can go wrong in an address.

Most are words made of random syllables, so that no name is known to the code under test.
"""

import html
import random
import unicodedata
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words(
    "Anna Ben Chloé Dieter Émile Fatima Göran Håkon Ingrid José Karl Łukasz María Noël Olga Pál"
    " Renée Søren Tomáš Uğur Véronique Wanda Xavier Yusuf Zoë"
)
LAST = _words(
    "Müller García Núñez Øvergård Szabó Ivanov O'Hara Smith Lee Nguyễn Dvořák Çelik Ångström"
    " Björk Weiß"
)
# Behind a percent sign the first letters of most of these are hex digits.
WORDS = _words(
    "Club Guild Eco Baumwolle Barista Decor Academy Beauty Fabrik Deal Café Dental Active Data"
    " Beats Edition Ceramics Bakery Acme Advent"
)
ONSETS = _words("k l m n r s t v b d g h sch th br")
VOWELS = _words("a e i o u á é ö ü ø ai")
SCRIPTS = {
    "arabic": ("محمد", "فاطمة الزهراء", "عبد الله", "نور الدين"),
    "hebrew": ("דוד", "רחל כהן", "צ'רלי", "מוֹשֶׁה"),
    "han": ("王小明", "李娜", "歐陽鋒", "山田 太郎", "𠮷野"),
    "thai": ("สมชาย", "น้ำฝน", "กิ่งแก้ว ศรีสุข"),
    "emoji": ("👩‍🚀 Eva", "👨‍👩‍👧‍👦", "Zoë ❤️", "🏳️‍🌈 Kim", "👍🏽 Tom", "🇩🇪 Jan"),
}
TAGS = (
    "{{ first_name }}",
    "{{first_name|default:'x'}}",
    "*|FNAME|*",
    "%FIRSTNAME%",
    "%%FirstName%%",
    "{{${first_name}}}",
    "{{{first_name}}}",
    "[[firstname]]",
    "<%= name %>",
    "[FNAME]",
)
NULL_WORDS = (
    *("null", "NULL", "None", "undefined", "N/A", "NaN", "nil", "n/a", "#N/A"),
    "[object Object]",
)


@dataclass(frozen=True)
class Name:
    """A name as a platform's profile holds it."""

    kind: str
    text: str

    def accepted_texts(self) -> set[str]:
        """The text, and what it says without an escaping of the data's own: both are right.

        Of data that somebody escaped for HTML, only the clean text is right.
        """
        if self.kind == "html_escaped":
            return {html.unescape(self.text)}
        texts = {self.text, html.unescape(self.text)}
        if self.kind == "url_encoded":
            texts |= {urllib.parse.unquote(self.text), urllib.parse.unquote_plus(self.text)}
        return texts


class _Maker:
    """Makes parts of names from a random source."""

    def __init__(self, source: random.Random) -> None:
        self._source = source

    def one_of(self, choices: Sequence[str]) -> str:
        return self._source.choice(choices)

    def syllables(self) -> str:
        count = self._source.randint(2, 3)
        made = (self.one_of(ONSETS) + self.one_of(VOWELS) for _ in range(count))
        return "".join(made).capitalize()

    @property
    def first(self) -> str:
        return self.one_of(FIRST) if self._source.random() < 0.3 else self.syllables()

    @property
    def last(self) -> str:
        return self.one_of(LAST) if self._source.random() < 0.3 else self.syllables()

    @property
    def word(self) -> str:
        return self.one_of(WORDS)

    @property
    def number(self) -> int:
        return self._source.randint(2, 99)

    @property
    def spaces(self) -> str:
        return " " * self._source.randint(1, 9)

    def mixed(self) -> str:
        """A name with one of the usual troubles."""
        return self.fill("{f} & {l}", "O'{l}", "{f} <{l}>", "100% {w}", "C++ {w}", "{f} {l}")

    def fill(self, *patterns: str) -> str:
        """One of the patterns with `{f}` `{l}` `{w}` `{n}` replaced."""
        pattern = self.one_of(patterns)
        for mark in ("{f}", "{l}", "{w}", "{n}"):
            while mark in pattern:
                pattern = pattern.replace(mark, str(self._part(mark)), 1)
        return pattern

    def _part(self, mark: str) -> str | int:
        match mark:
            case "{f}":
                return self.first
            case "{l}":
                return self.last
            case "{w}":
                return self.word
        return self.number

    def in_script(self, script: str) -> str:
        name = self.one_of(SCRIPTS[script])
        return name if self._source.random() < 0.4 else f"{name} {self.first}"

    def url_encoded(self) -> str:
        return urllib.parse.quote(self.mixed(), safe="")

    def html_escaped(self) -> str:
        return html.escape(self.mixed()) if self._source.random() < 0.9 else f"O&apos;{self.last}"

    def date(self) -> str:
        n = self.number
        day = f"20{n:02}-1{n % 3}-0{n % 9 + 1}T0{n % 9}:00:00"
        return day + self.one_of(("Z", "+00:00", "+0200", "-05:00", ""))


def _makers(make: _Maker) -> dict[str, Callable[[], str]]:
    def fill(*patterns: str) -> Callable[[], str]:
        return lambda: make.fill(*patterns)

    def repeated(*patterns: str) -> Callable[[], str]:
        return lambda: (make.one_of(patterns) * 300)[:300]

    return {
        "plain": fill("{f} {l}"),
        "one": fill("{f}"),
        "apostrophe": fill("O'{l}", "{f} D'{l}", "{f}'s {w}", "N'Golo", "'{f}'"),
        "curly": fill("O’{l}", "“{f}”", "‘{f}’ {l}"),
        "and": fill(
            *("{f} & {l}", "{f}&{l}", "AT&T", "R&D", "{w} && {w}", "{f} &", "& {f}"),
            *("{f}&amp={l}", "{w}&copy", "{f}&first_name={l}", "{f}&_sig=x", "{f}&_w=9"),
        ),
        "percent": fill(
            *("{n}% {w}", "100%{w}", "{n}%{w}", "{w} 100%", "%{w}", "{f} %"),
            *("{n}%eco", "{n}%decor", "{n}%BEAUTY", "{n}%FABRIK", "Café {n}%{w}"),
        ),
        "plus": fill("{f}+{l}", "C++", "C++ {w}", "Disney+", "{f} + {l}", "{f}+", "+{n}"),
        "hash": fill("{f} #{n}", "#{f}", "C# {w}", "{f}#"),
        "quote": fill('{f} "{w}" {l}', '"{f}"', '{f}"', '7" {w}'),
        "breakout": fill(
            '{f}" onerror="alert(1)',
            "{f}' onerror='alert(1)",
            '{f}"><b>{w}</b>',
            "{f}'><script>x()</script>",
        ),
        "tag": fill("<b>{f}</b>", "{f} <3", "{f} > {l}", "a<{f}", "<{f}>"),
        "equals": fill("{f}={l}", "={f}", "{f}=", "first_name={f}", "{f}=={l}"),
        "semicolon": fill("{f}; {l}", "{f};", "{f}&{l};", "{f} & Co; KG"),
        "backslash": fill("{f}\\{l}", "C:\\{w}", "{f}\\", "\\n{f}"),
        "odd": fill(
            *("{f}^{l}", "`{f}`", "{f}|{l}", "{{f}}", "[{f}]", "~{f}~", "{f}/{l}", "{f}?"),
            *("{f}:{l}", "{f}, {l}", "${f}", "*{f}*", "{f}@{w}.com", "!{f}!"),
        ),
        **{script: partial(make.in_script, script) for script in SCRIPTS},
        "nfd": lambda: unicodedata.normalize("NFD", make.fill("{f} {l}")),
        "long": repeated("Maximiliane ", "X", "Ó Súilleabháin ", "Anna-Lena & "),
        "long_wide": repeated("王", "ม", "ع", "👩‍🚀", "Ж"),
        "blank": lambda: "",
        "spaces": lambda: make.spaces,
        "edges": lambda: make.one_of(
            (f"  {make.mixed()}", f"{make.mixed()}   ", f" {make.mixed()} ", f"\u00a0{make.first}")
        ),
        "newline": fill("{f}\n{l}", "{f} {l}\n", "{f}\r\n{l}"),
        "tab": fill("{f}\t{l}", "{f}\t"),
        "url_encoded": make.url_encoded,
        "html_escaped": make.html_escaped,
        "tags": lambda: make.one_of(TAGS),
        "nothing": lambda: make.one_of(NULL_WORDS),
        "number": fill("{n},{n}0", "1.{n}0,50", "1'{n}0", "+{n}", "{n} {n}0", "{n}%"),
        "date": make.date,
    }


def make_names(count: int, seed: int) -> list[Name]:
    """`count` names, the kinds in turn."""
    makers = list(_makers(_Maker(random.Random(seed))).items())
    return [Name(kind, make()) for kind, make in (makers[i % len(makers)] for i in range(count))]
