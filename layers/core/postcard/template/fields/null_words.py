"""Recognises texts that programs and spreadsheets write where there is no value.

Imported only for a text that begins like one (`values.py`).
"""

from postcard.runtime.lazy_regex import lazy_regex

_SPREADSHEET_ERRORS = (  # English, then German, French, Spanish, Italian, Portuguese, Dutch,
    "REF VALUE NAME NUM NULL ERROR ERR DIV/0 SPILL CALC FIELD BLOCKED CONNECT BUSY UNKNOWN EXTERNAL"
    " PYTHON TIMEOUT BEZUG WERT ZAHL NV ÜBERLAUF VALEUR NOM NOMBRE ¡REF ¡VALOR ¿NOMBRE ¡NUM ¡NULO"
    " ¡DIV/0 ¡DESBORDAMIENTO ¡CALC RIF VALORE NOME VALOR NÚM NULO DESPEJAR VERW WAARDE NAAM GETAL"
    " DEEL/0 LEEG OVERLOOP"  # Polish, Russian, Turkish, Swedish, Danish, Norwegian,
    " ADR ARG NAZWA LICZBA ZERO ROZLANIE ЗНАЧ ССЫЛКА ИМЯ ДЕЛ/0 ЧИСЛО ПУСТО ПЕРЕНОС DEĞER BAŞV AD"
    " SAYI SAYI/0 BOŞ TAŞMA VÄRDEFEL REFERENS NAMN DIVISION/0 OGILTIGT SKÄRNING SPILL SAKNAS VÆRDI"
    " REFERENCE NAVN NUL VERDI REF NAVN DIV/0 TALL"  # Finnish, Czech, Hungarian
    " ARVO VIITTAUS NIMI JAKO/0 LUKU TYHJÄ PUUTTUU HODNOTA ODKAZ NÁZEV DĚLENÍ_NULOU ČÍSLO ÉRTÉK HIV"
    " NÉV ZÉRÓOSZTÓ SZÁM NULLA"
).replace(" ", "|")
_OTHER_ERRORS = (  # without a sign at their end
    r"N/[ADB]|N/D!|NV|YOK|I/T|Н/Д|HIÁNYZIK|NENÍ_K_DISPOZICI|GETTING_DATA|REF|DIV/0|BRAK"
)
_NOTHING = (  # what brackets, quotation marks or dashes make a word for nothing
    r"(?i:null|nil|none|undefined|nan|n/?a|empty|blank|missing|unset|unknown|no (?:value|data|name)"
    r"|not (?:set|provided|available|specified|defined|found)"
    r"|leer|vide|vac[ií]o|vuoto|vazio|пусто|无|空|なし|없음)"
)
_DASHED = r"(?i:none|null|(?:please )?(?:select|choose)(?: one| an option)?|not set|n/?a)"
_WORD = (
    r"(?:[-+]?(?:nan|NaN)%?|[$€£]NaN|-(?:inf|Infinity)|(?:null|NULL|nil|undefined|None|NaT)"
    r"|N/[Aa]|n/a|N\\A|n\.a\.|<NA>|\\N|[$@]null|_{1,2}(?i:null|none)_{1,2}"
    rf"|#(?:{_SPREADSHEET_ERRORS})[!?]|#(?:{_OTHER_ERRORS})|(?:#ERR|Err:)\d{{3}}"
    rf"|[(<\[\"'{{]{_NOTHING}[)>\]\"'}}]"
    rf"|[-–—]{{1,3}} ?{_DASHED}[.… ]{{0,3}}[-–—]{{1,3}}"
    r"|\[object [A-Z]\w{1,40}\]|System\.[A-Z]\w{1,40}(?:\[\])?|#<[A-Z][\w:]{1,60}>|Optional\(nil\)"
    r"|%!\w?\((?:<nil>|[A-Za-z]{0,20}=?(?:<nil>)?)\)"  # as Go prints a missing argument
    r"|\[\]|\{\}|\(\)|<>|\"\"|''|``|“”|«»"
    r"|</?(?:p|br|div|span|b|i|em|strong|li|ul) ?/?>"
    r"|(?i:invalid (?:date|datetime|time|time value|number))"
    r"|0000-00-00(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?|00[/.]00[/.]0000)"
)
_SEPARATORS = r"[\s,;:/|.!-]{0,3}"
_NULL_TEXT = lazy_regex(rf"{_SEPARATORS}{_WORD}(?:{_SEPARATORS}{_WORD}){{0,9}}{_SEPARATORS}")
MAX_LENGTH = 400  # of a text that is looked at


def is_null_text(text: str) -> bool:
    """Whether the text is one to ten words for nothing.

    >>> is_null_text("undefined, (null)"), is_null_text("--None--"), is_null_text("None of them")
    (True, True, False)
    """
    return len(text) <= MAX_LENGTH and _NULL_TEXT.fullmatch(text) is not None
