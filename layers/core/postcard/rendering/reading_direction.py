"""The reading direction of a document, which decides where rows, bars and ratings start."""

_RTL_SCRIPTS = frozenset(("adlm", "arab", "hebr", "mand", "nkoo", "rohg", "syrc", "thaa"))
_RTL_LANGUAGES = frozenset(  # those that CLDR writes in these scripts unless the tag names another
    (
        *("ar", "arc", "bal", "brh", "ckb", "dv", "fa", "glk", "he", "iw", "ji", "khw", "ks"),
        *("lrc", "mzn", "nqo", "pnb", "ps", "sd", "sdh", "syr", "ug", "ur", "yi"),
    )
)


def reads_rtl(direction: str, locale: str) -> bool:
    """Whether a document reads from right to left; `auto` follows the locale."""
    return locale_reads_rtl(locale) if direction == "auto" else direction == "rtl"


def locale_reads_rtl(locale: str) -> bool:
    """Whether a BCP 47 tag is of a language that is written from right to left.

    >>> locale_reads_rtl("ar-EG"), locale_reads_rtl("az-Arab"), locale_reads_rtl("ks-Deva")
    (True, True, False)
    """
    language, *rest = locale.lower().replace("_", "-").split("-")
    script = next((part for part in rest if len(part) == 4 and part.isalpha()), None)
    return script in _RTL_SCRIPTS if script else language in _RTL_LANGUAGES
