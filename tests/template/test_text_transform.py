"""Upper and lower case as readers of each language expect it."""

import pytest

from postcard.template.schema.text_transform import apply_text_transform


@pytest.mark.parametrize(
    ("text", "transform", "language", "expected"),
    [
        ("straße", "uppercase", "de", "STRASSE"),
        ("istanbul ılık", "uppercase", "tr-TR", "İSTANBUL ILIK"),
        ("istanbul", "uppercase", "en", "ISTANBUL"),
        ("ISPARTA İZMİR I\u0307", "lowercase", "az", "ısparta izmir i"),
        ("ΟΔΥΣΣΕΥΣ", "lowercase", "el", "οδυσσευς"),
        ("Ελληνικά", "uppercase", "el-GR", "ΕΛΛΗΝΙΚΑ"),
        ("Μάιος, μαΐου, Προϋπηρεσία", "uppercase", "el", "ΜΑΪΟΣ, ΜΑΪΟΥ, ΠΡΟΫΠΗΡΕΣΙΑ"),
        ("τσάι ή νερό", "uppercase", "el", "ΤΣΑΪ Ή ΝΕΡΟ"),
        ("ευρώ café", "uppercase", "el", "ΕΥΡΩ CAFÉ"),
        ("ευρώ", "uppercase", "en", "ΕΥΡΏ"),
        ("և", "uppercase", "hy", "ԵՎ"),
        ("Ìj Į́ J̃, Ėl", "lowercase", "lt", "i̇̀j į̇́ j̇̃, ėl"),
        ("i̇̀ į̇́ ė", "uppercase", "lt-LT", "Ì Į́ Ė"),
        ("Ì", "lowercase", "it", "ì"),
        ("ijssel bijna", "capitalize", "nl", "IJssel Bijna"),
        ("ijssel", "capitalize", "en", "Ijssel"),
        ("ismail", "capitalize", "tr", "İsmail"),
        ("i̇́ngrida į̇́ ėl", "capitalize", "lt", "Íngrida Į́ Ėl"),
        ("ևալ", "capitalize", "hy", "Եվալ"),
        ("o'neil’s 3d 2nd mary-jane «éa»", "capitalize", "", "O'neil’s 3d 2nd Mary-Jane «Éa»"),
        ("e\u0301a ǆ", "capitalize", "hr", "E\u0301a ǅ"),
        ("McCoy", "capitalize", "en", "McCoy"),
        ("As Is", "none", "en", "As Is"),
    ],
)
def test_letters_change_case_by_language(
    text: str, transform: str, language: str, expected: str
) -> None:
    assert apply_text_transform(text, transform, language) == expected
