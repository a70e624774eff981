"""Recognises merge tags that a mail platform left unfilled, in the notations of many platforms.

Imported only for a text that begins and ends with punctuation (`values.py`). The common notations
with two-character delimiters, such as `{{…}}` and `*|…|*`, are removed before.
"""

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
_SOURCE = (  # what a path such as `Contact.FirstName` or `subscriber:x` begins with
    r"(?:contact|subscriber|recipient|user|customer|lead|member|person|profile|account|company"
    r"|client|owner|sender|data|var|attribute|attributes|custom|merge|field|prospect|order|event)s?"
)
_WORD = r"[A-Za-z][\w-]{0,63}"
_PATH = rf"{_WORD}(?:[.:]{{1,2}}{_WORD}){{0,5}}"
_PERSONAL = rf"(?:(?i:{_NAME}(?:{_SEPARATOR}\d{{1,2}})?)|(?i:{_SOURCE})[.:]{{1,2}}{_PATH})"
_ATTRIBUTE = (  # further attributes, which stand alone in brackets
    rf"(?i:(?:{_OWNER}{_SEPARATOR}){{0,2}}(?:address|phone(?:{_SEPARATOR}number)?|mobile|city"
    rf"|country|state|region|zip(?:{_SEPARATOR}code)?|post{_SEPARATOR}code|street|title"
    rf"|job{_SEPARATOR}title|birth{_SEPARATOR}day|company|salutation)"
    rf"|(?:custom|merge){_SEPARATOR}\d{{1,3}})"
)
_REST = r"[^\[\]{}<>\n]{0,200}"
_IDENTIFIER = r"[A-Za-z](?=[\w.:-]*[A-Za-z])[\w.:-]{1,127}"  # at least two letters
_LETTER = r"[A-Z](?:[.:][A-Z])?"  # as documentation writes tags: @X@
_SNAKE = r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+){1,9}"
_CAMEL = r"[a-z]+(?:[A-Z][a-z0-9]+){1,9}"
_DEFAULT = rf"(?:,? ?(?i:fallback|default) ?[=:]{_REST}|%%{_REST})"  # [name,fallback=x]

_TAG = lazy_regex(
    "|".join(
        (
            rf"\{{!?\s*(?:{_IDENTIFIER}|{_PERSONAL}|{_ATTRIBUTE}|[0-9]{{1,2}})\s*\}}",
            rf"\{{!?\s*(?:{_PATH})\s*[=(|:?]{_REST}\}}",  # {u(name)} {field=name} {name|x}
            rf"\{{{_REST}\|{_REST}\}}",  # {Hi|Hello}
            rf"\$\[{_REST}\]\$",
            rf"\$\$?(?:{_IDENTIFIER}|{_PERSONAL}|{_LETTER})\$\$?",
            rf"@(?:{_IDENTIFIER}|{_PERSONAL}|{_LETTER})@",
            rf"%(?:{_IDENTIFIER}|{_PERSONAL}|{_ATTRIBUTE}|{_LETTER})%",
            rf"\[\s*(?:{_PERSONAL}|{_ATTRIBUTE}|{_SNAKE}|{_CAMEL})\s*(?:{_DEFAULT}|\|{_REST})?\]",
            rf"\[\s*{_PATH}\s*{_DEFAULT}\]",
            rf"\[\s*{_PATH}\s*\|\s*(?i:fallback|default)\b{_REST}\]",
            rf"<{{1,2}}\s*(?:{_PERSONAL}|{_ATTRIBUTE}|{_SNAKE}|{_CAMEL})\s*>{{1,2}}",
            rf"[«‹]{{1,2}}\s*(?:{_PERSONAL}|{_ATTRIBUTE}|{_SNAKE}|{_CAMEL})\s*[»›]{{1,2}}",
            rf"#{{1,2}}(?:{_PERSONAL}|{_SNAKE}|{_CAMEL})#{{1,2}}",
            rf"~{{1,2}}(?:{_PERSONAL}|{_SNAKE}|{_CAMEL})~{{1,2}}",
            rf"\^(?:{_PERSONAL}|{_SNAKE})\^|\|(?:{_PERSONAL}|{_SNAKE})\||!(?:{_PERSONAL}|{_SNAKE})!",
            rf"-{{1,2}}{_PERSONAL}-{{1,2}}|_{{1,2}}{_PERSONAL}_{{1,2}}|={_PERSONAL}=|:{_PERSONAL}:",
            rf"\(\s*{_PERSONAL}\s*\)",
        )
    )
)


def without_unfilled_tags(text: str) -> str:
    """The text without its tags; as it is if it is long.

    >>> without_unfilled_tags("[first_name] {LastName}!"), without_unfilled_tags("[VIP]")
    (' !', '[VIP]')
    """
    return text if len(text) > MAX_LENGTH else _TAG.sub("", text)
