"""Files that are neither UTF-8 nor UTF-16: the guess, which callers are told of."""

import pytest

from postcard.campaigns.tables.encoding_guess import guess_encoding
from postcard.campaigns.tables.text_encoding import EncodingScan

NAMES = {
    "cp1252": (
        *("Zoë", "Søren Ågård", "Renée Lefèvre", "Müller, Straße 5 € £20", "José Núñez — 5 ½"),
        *("O’Brien “x”", "ÅSE LØVÅS", "McÉwan", "¿Qué? ¡Sí!", "10 µm ± 5 × ÷", "Þórður Ðæ"),
        *("Ångström", "Calle 5ª, nº 3", "naïve café façade §3 ¶"),
    ),
    "cp1250": ("Łukasz Żółć Świątek", "Wiśniewski Stanisław Gdańsk", "Łukasz"),
    "iso8859-2": ("Łukasz Żółć Świątek",),
    "iso8859-15": ("Œuvre Besançon",),
    "mac-roman": ("Renée Lefèvre", "Ångström Åse"),
    "cp850": ("Müller Köln", "René Søren"),
    "cp1254": ("Şükrü Öğüt, Çağla Yıldız", "Işıl Gülşen", "İbrahim Ağaoğlu, Ayşe Kılıç"),
    "cp1251": ("Мария Иванова, Сергей Петров", "Иван Петров, Ольга Щукина"),
    "cp866": ("Иван Петров, Ольга Щукина",),
    "koi8-r": ("Иван Петров, Ольга Щукина",),
    "cp1255": ("משה כהן, שרה לוי",),
    "cp932": ("山田 太郎", "佐藤 花子 表示ソ"),
    "gb18030": ("李小龙 王伟 张敏 中国",),
    "cp949": ("김철수 이영희",),
    "cp950": ("陳大文 林美玲",),
}


@pytest.mark.parametrize(
    ("encoding", "name"), [(encoding, name) for encoding in NAMES for name in NAMES[encoding]]
)
def test_names_of_many_languages_are_read_right(encoding: str, name: str) -> None:
    sample = f"user@example.com,{name},SAVE1,,1\r\n".encode(encoding) * 50
    assert sample.decode(guess_encoding(sample)) == sample.decode(encoding)


def test_lines_that_end_with_cr_alone_are_of_a_mac() -> None:
    for encoding in ("mac-roman", "cp1252"):
        sample = "Name,Ort\rJürgen Groß,Köln\rZoë,Zürich\r".encode(encoding)
        assert guess_encoding(sample) == encoding


@pytest.mark.parametrize("sample", [b"", b"\xff", b"\x81\x8d", bytes(range(128, 256)) * 9])
def test_any_bytes_get_a_guess(sample: bytes) -> None:
    encoding = guess_encoding(sample)
    text = sample.decode(encoding, "surrogateescape")
    assert text.encode(encoding, "surrogateescape") == sample


@pytest.mark.parametrize("name", ["Zoë", "李小龍", "Łukasz"])
def test_a_wrong_byte_among_names_in_utf8_leaves_the_others_right(name: str) -> None:
    scan = EncodingScan()
    scan.feed(f"{name},a@x.test\n".encode() * 20 + "José,b@x.test\n".encode("cp1252"))
    found = scan.finish()
    assert (found.name, found.is_guess) == ("utf-8", True)
