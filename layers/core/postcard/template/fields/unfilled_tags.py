"""Recognises merge tags that a mail platform left unfilled, in the notations of many platforms.

Imported only for a text that begins and ends with punctuation (`values.py`). The common notations
with two-character delimiters, such as `{{…}}` and `*|…|*`, are removed before.
"""

import re

from postcard.runtime.lazy_regex import lazy_regex

MAX_LENGTH = 1000  # of a text that is looked at: tags are short

# Words that make a name in any brackets a tag: `[First Name]`, `~LASTNAME~`, `<<Email>>`.
_SEPARATOR = r"[ _.-]?"
_OWNER = (
    r"(?:full|first|last|middle|user|nick|sur|given|family|display|short|fore|company|customer"
    r"|contact|subscriber|recipient|member|client|lead|person|profile|account|friend|guest|owner"
    r"|sender|business|billing|shipping|work|home|salutation|your|my|the)"
)
_NAME = rf"(?:(?:{_OWNER}{_SEPARATOR}){{0,3}}(?:name|e{_SEPARATOR}mail)|[flm]{_SEPARATOR}name)"
_FOREIGN = (  # names of people in other languages
    r"(?:vorname|nachname|pr[ée]nom|nom de famille|nombre|apellidos?|cognome|sobrenome|apelido"
    r"|voornaam|achternaam|förnamn|efternamn|fornavn|etternavn|efternavn|etunimi|sukunimi|imi[ęe]"
    r"|nazwisko|jméno|příjmení|soyad[ıi]?|имя|фамилия|ім'я|姓名|名字|名前|氏名|이름|성함|الاسم|שם)"
)
_SOURCE = (  # what a path such as `Contact.FirstName` or `subscriber:x` begins with
    r"(?:contact|subscriber|recipient|user|customer|lead|member|person|profile|account|company"
    r"|client|owner|sender|data|var|attribute|attributes|custom|merge|field|prospect|order|event)s?"
)
_WORD = r"[A-Za-z][\w-]{0,63}"
_PATH = rf"{_WORD}(?:[.:]{{1,2}}{_WORD}){{0,5}}"
_PERSONAL = (
    rf"(?:(?i:{_NAME}(?:{_SEPARATOR}\d{{1,2}})?)|(?i:{_SOURCE})[.:]{{1,2}}(?:(?i:{_NAME})|{_PATH}))"
)
_REACHED = (  # user['name'], user->name, $data[name]
    rf"(?i:{_SOURCE})(?:->{_WORD}|\[['\"]?{_WORD}['\"]?\])"
)
_ATTRIBUTE = (  # further attributes, which stand alone in brackets
    rf"(?i:(?:{_OWNER}{_SEPARATOR}){{0,2}}(?:address|phone(?:{_SEPARATOR}number)?|mobile|city"
    rf"|country|state|region|zip(?:{_SEPARATOR}code)?|post{_SEPARATOR}code|street|title"
    rf"|job{_SEPARATOR}title|birth{_SEPARATOR}day|company|salutation|{_FOREIGN})"
    rf"|(?:custom|merge){_SEPARATOR}\d{{1,3}})"
)
_SURE = (  # what nobody is called, whatever stands around it: first_name, FNAME, contact.firstname
    r"(?:(?i:(?:(?:full|first|last|middle|user|sur|given|family|contact|subscriber|recipient"
    rf"|customer)[_.-]?){{1,3}}name|[fl]_?name|email_?address)|(?i:{_SOURCE})[.:]{{1,2}}(?i:{_NAME}))"
)
_INSERT = (
    r"(?i:(?:insert|enter|add|your|\w{2,20}['’]s)[ _](?:\w{1,20}[ _]){0,3}(?:name|e-?mail)"
    r"(?:[ _]here)?)"
)
_REST = r"[^\[\]{}<>\n]{0,200}"
_IDENTIFIER = r"[^\W\d_](?=[\w.:-]*[^\W\d_])[\w.:-]{1,127}"  # at least two letters, any script
_LETTER = r"[A-Z](?:[.:][A-Z])?"  # as documentation writes tags: @X@
_SNAKE = r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+){1,9}"
_CAMEL = r"[a-z]+(?:[A-Z][a-z0-9]+){1,9}"
_DEFAULT = rf"(?:,? ?(?i:fallback|default) ?[=:]{_REST}|%%{_REST})"  # [name,fallback=x]

_IN_BRACKETS = rf"(?:{_PERSONAL}|{_ATTRIBUTE}|{_SNAKE}|{_CAMEL})"
_TAGS = {  # by what they begin with, because most texts have few of these signs
    "{": (
        rf"\{{!?\s*(?:{_IDENTIFIER}|{_PERSONAL}|{_ATTRIBUTE}|[0-9]{{1,2}})\s*\}}",
        rf"\{{!?\s*(?:{_PATH})\s*[=(|:?]{_REST}\}}",  # {u(name)} {field=name} {name|x}
        rf"\{{{_REST}\|{_REST}\}}",  # {Hi|Hello}
        rf"\{{[^\w\s{{}}]{{0,3}}\s*(?:{_SURE}|{_REACHED})(?:[^\w{{}}][^{{}}\n]{{0,200}})?\}}",
        rf"\{{{_INSERT}\}}",
    ),
    "$": (
        rf"\$\[{_REST}\]\$",
        rf"\$\$?(?:{_IDENTIFIER}|{_PERSONAL}|{_LETTER})\$\$?",
    ),
    "@": (rf"@(?:{_IDENTIFIER}|{_PERSONAL}|{_LETTER})@", rf"@\({_IDENTIFIER}\)"),
    "%": (
        rf"%(?:{_IDENTIFIER}|{_PERSONAL}|{_ATTRIBUTE}|{_LETTER})%",
        rf"%[^\w\s%]?{_SURE}(?:\|[^%\n]{{0,200}})?%",
        # Programs' own: %s %1$s %(name)s %<name>s
        rf"%(?:[1-9]\$)?[sd@]|%(?:\({_IDENTIFIER}\)|<{_IDENTIFIER}>)[sd]?",
    ),
    "[": (
        rf"\[\s*{_IN_BRACKETS}\s*(?:{_DEFAULT}|\|{_REST})?\]",
        rf"\[\s*{_PATH}\s*{_DEFAULT}\]",
        rf"\[\s*{_PATH}\s*\|\s*(?i:fallback|default)\b{_REST}\]",
        rf"\[[^\w\s\[\]]{{0,2}}\s*{_SURE}(?:[^\w\[\]][^\[\]\n]{{0,200}})?\]",
        r"\[/?[A-Za-z][\w:-]{0,40}\s[\w:-]{1,40}\s?=[^\[\]\n]{0,200}\]",  # [field id=x]
        rf"\[(?i:field|merge|tag|mergetag|mergefield)[ :](?:{_IDENTIFIER}|{_PERSONAL})\]",
        r"\[EMV FIELD\].{1,60}\[EMV /FIELD\]",
        rf"\[{_INSERT}\]",
    ),
    "<": (
        rf"<{{1,2}}\s*{_IN_BRACKETS}\s*>{{1,2}}",
        rf"</?(?:{_SURE}|{_SNAKE})\s?/?>",
        r"<[A-Za-z][\w:-]{0,40}\s[\w:-]{1,40}\s?=[^<>\n]{0,200}>",  # <merge name="x">
        rf"<{_INSERT}>",
    ),
    "«": (rf"[«‹]{{1,2}}\s*{_IN_BRACKETS}\s*[»›]{{1,2}}",),
    "‹": (rf"‹\s*{_IN_BRACKETS}\s*›",),
    "#": (rf"#{{1,2}}(?:{_PERSONAL}|{_SNAKE}|{_CAMEL}|(?i:{_FOREIGN}))#{{1,2}}",),
    "~": (rf"~{{1,2}}(?:{_PERSONAL}|{_SNAKE}|{_CAMEL}|(?i:{_FOREIGN}))~{{1,2}}",),
    "^": (rf"\^(?:{_PERSONAL}|{_SNAKE})\^",),
    "|": (rf"\|(?:{_PERSONAL}|{_SNAKE})\|",),
    "!": (rf"!(?:{_PERSONAL}|{_SNAKE})!",),
    "-": (rf"-{{1,2}}{_PERSONAL}-{{1,2}}",),
    "_": (rf"_{{1,2}}{_PERSONAL}_{{1,2}}",),
    "=": (rf"={_PERSONAL}=",),
    ":": (rf":{_PERSONAL}:",),
    "(": (rf"\(\s*{_PERSONAL}\s*\)", rf"\({_INSERT}\)"),
}
_PATTERNS = {sign: lazy_regex("|".join(forms)) for sign, forms in _TAGS.items()}

# A text that is one sure name, also in a tag that was cut or has the signs of no platform.
_FALLBACK_TEXT = r"[^|\n\])}$%>*]{0,200}"
_FALLBACK = rf"(?:\|{_FALLBACK_TEXT})?"
_ALONE = lazy_regex(
    rf"(?:[^\w\s|]{{1,6}}|\|\*) ?(?:{_SURE}|{_REACHED}){_FALLBACK} ?[^\w\s]{{0,6}}"
    rf"|(?i:(?:first|last|full)_name|[fl]name){_FALLBACK}[^\w\s]{{0,6}}"
    rf"|{_SURE}(?:\s?\|{_FALLBACK_TEXT}|[}}%\]]{{1,2}})|(?i:{_SOURCE})[.:]{{1,2}}(?i:{_NAME})"
    r"|\$(?i:name)"
)
_ESCAPED = lazy_regex(r"%(7[BCDE]|5[BD]|2[0345A]|3[CE]|40)", re.IGNORECASE)
_ZERO_WIDTH = lazy_regex("[\u00ad\u200b-\u200d\u2060\ufeff]")


def without_unfilled_tags(text: str) -> str:
    """The text without its tags; as it is if it is long.

    >>> without_unfilled_tags("[first_name] {LastName}!"), without_unfilled_tags("[VIP]")
    (' !', '[VIP]')
    """
    if len(text) > MAX_LENGTH:
        return text
    plain = _ZERO_WIDTH.sub(
        "", _ESCAPED.sub(_unescape, text).replace("\\{", "{").replace("\\}", "}")
    )
    rest = "" if _ALONE.fullmatch(plain) else plain
    for sign, pattern in _PATTERNS.items():
        if sign in rest:
            rest = pattern.sub("", rest)
    return text if rest == plain else rest


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))
