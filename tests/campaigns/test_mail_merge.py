"""Mails for each person: Liquid over the row, escaped; addresses, subjects and file names."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.campaigns.mail_merge.mail_file import address, file_name, message, title_of
from postcard.campaigns.mail_merge.mail_template import MailFault, MailTemplate, PersonalPicture

COLUMNS = ["First Name", "E-Mail", "Points"]
PICTURE = PersonalPicture(
    "https://p.test/r/x.png?a=1&b=2",
    '<img src="https://p.test/r/x.png?a=1&amp;b=2" alt="Hi &lt;Ann&gt;">',
    "Hi <Ann>",
    600,
    315,
)


def merged(source: str, *cells: object, is_html: bool = True) -> str:
    template = MailTemplate(source, COLUMNS, is_html=is_html)
    return template.render(cells or ("Ann", "ann@x.test", "3"), PICTURE)


def fault(source: str, *cells: object) -> MailFault:
    with pytest.raises(MailFault) as raised:
        merged(source, *cells)
    return raised.value


def test_columns_are_names_and_values_are_escaped_for_html() -> None:
    assert merged("<p>{{ first_name }}</p>", '<b>"Ann" & co</b>') == (
        "<p>&lt;b&gt;&#34;Ann&#34; &amp; co&lt;/b&gt;</p>"
    )
    assert merged("{{ first_name }}", "A & B", is_html=False) == "A & B"
    assert merged('{{ row["First Name"] }}', "A & B") == "A &amp; B"


def test_liquid_in_a_value_is_text() -> None:
    assert merged("{{ first_name }}", "{{ e_mail }}{% x") == "{{ e_mail }}{% x"


def test_half_a_surrogate_pair_becomes_a_character_that_a_file_can_hold() -> None:
    assert merged("{{ first_name }}", "a\ud800b").encode() == "a\ufffdb".encode()
    assert merged("{{ first_name[0].x }}", [{"x": "\udc00"}]).encode() == "\ufffd".encode()


def test_the_picture_is_its_tag_as_it_was_minted() -> None:
    assert merged("<td>{{ picture }}</td>") == f"<td>{PICTURE.img}</td>"
    tag = '<img src="{{ picture_url }}" alt="{{ picture_alt }}" width="{{ picture_width }}">'
    assert merged(tag) == (
        '<img src="https://p.test/r/x.png?a=1&amp;b=2" alt="Hi &lt;Ann&gt;" width="600">'
    )


def test_conditions_filters_and_empty_cells_work_as_in_liquid() -> None:
    source = "{% if points == '3' %}{{ first_name | upcase }}{% else %}none{% endif %}"
    assert merged(source) == "ANN"
    assert merged("{{ first_name | default: 'you' }}", "") == "you"
    assert merged("{{ points }}", "Ann", "a@x.test", None) == ""


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ("a\nb {{ first_nam }}", (2, 6), "did you mean first_name?"),
        ("a\n  {% if %}x", (2, 6), "missing expression"),
        ("a\n{{ first_name | shout }}", (2, 17), "unknown filter 'shout'"),
        ("{{ first_name | raw }}", (1, 17), "unknown filter 'raw'; did you mean safe"),
        ('{{ row["First name"] }}', (1, 4), "did you mean 'First Name'"),
        ("<p>\n{% for x in points %}", (2, 22), "expected tag endfor"),
        ("{% include 'other' %}", (1, 4), "unexpected tag 'include'"),
        ("\n{{ points | divided_by: 0 }}", (2, 13), "can't divide by 0"),
        ("{{ row.Nom }}", (1, 4), "no column has the header 'Nom'"),
        ("{% for i in (1..100000) %}x{% endfor %}", (None, None), "loop"),
        ("{% for i in (1..9000) %}{{ first_name }}{% endfor %}", (None, None), "limit"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_column(
    source: str, place: tuple[int | None, int | None], words: str
) -> None:
    found = fault(source, "Ann" * 100, "a@x.test", "3")
    assert words in found.detail
    if place[0] is not None:
        assert (found.line, found.column) == place
        assert str(found).startswith(f"line {place[0]}, column {place[1]}: ")


def test_a_mail_says_whether_it_shows_the_picture() -> None:
    assert MailTemplate("<img src='{{ picture_url }}'>", COLUMNS).has_picture
    assert not MailTemplate("<p>{{ first_name }} {{ picture_alt }}</p>", COLUMNS).has_picture


def read(body: bytes) -> EmailMessage:
    parsed = message_from_bytes(body, policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


HTML = "<html><head><title>Für &quot;Zoë&quot;</title><style>p{}</style></head><body>\n" + (
    f"<h1>Hi Zoë</h1>\n<p>Look:<br>{PICTURE.img}</p></body></html>"
)


def test_a_message_has_its_mail_as_html_and_as_text() -> None:
    body = message(HTML, to="zoe@x.test", subject=title_of(HTML), sender="Us@x.test")
    mail = read(body)
    assert (mail["Subject"], mail["To"], mail["From"]) == ('Für "Zoë"', "zoe@x.test", "Us@x.test")
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html and text
    assert html.get_content().replace("\r\n", "\n").strip() == HTML
    assert text.get_content().splitlines() == ["Hi Zoë", "", "Look:", "Hi <Ann>"]
    assert "X-Unsent" not in mail
    assert all(len(line) <= 998 for line in body.split(b"\r\n"))


def test_a_message_without_sender_is_a_draft() -> None:
    mail = read(message(HTML, to="zoe@x.test", subject="Hi", sender=None))
    assert mail["X-Unsent"] == "1" and mail["From"] is None


def test_no_value_can_add_a_header() -> None:
    subject = "Hi\r\nBcc: everyone@x.test\n"
    mail = read(message(HTML, to="zoe@x.test", subject=subject, sender=None))
    assert mail["Bcc"] is None and mail["Subject"] == "Hi Bcc: everyone@x.test"


# Encoded words of RFC 2047, which Python decodes in a header's text.
HIDDEN_HEADERS = ("=?utf-8?q?Hi=0D=0ABcc:_all@x.test?=", "=?utf-8?b?SGkKQmNjOiBhbGxAeC50ZXN0Cgp4?=")


@pytest.mark.parametrize("words", HIDDEN_HEADERS)
@pytest.mark.parametrize("more", ["", " Zoë"])
def test_encoded_words_in_a_value_are_text_and_add_no_header(words: str, more: str) -> None:
    to = f"{words.replace('@', ' at ')}{more} <zoe@x.test>"
    mail = read(message(HTML, to=to, subject=words + more, sender="us@x.test"))
    assert mail.keys() == ["Subject", "From", "To", "MIME-Version", "Content-Type"]
    assert str(mail["Subject"]).replace("\u200b", "") == words + more
    assert [each.addr_spec for each in mail["To"].addresses] == ["zoe@x.test"]


@pytest.mark.parametrize(
    ("text", "name"),
    [("Zoe <zoe@x.test>", "Zoe"), ('"Zoë, \\"Z\\"" <zoe@x.test>', 'Zoë, "Z"'),
     ("<zoe@x.test>", ""), ("李小龍 <zoe@x.test> ", "李小龍"), ("A, B; C <zoe@x.test>", "A, B; C")],
)  # fmt: skip
def test_an_address_may_have_a_name(text: str, name: str) -> None:
    (found,) = read(message(HTML, to=text, subject="Hi", sender=text))["To"].addresses
    assert (found.display_name, found.addr_spec) == (name, "zoe@x.test")


def test_the_text_of_a_mail_says_where_its_links_lead() -> None:
    html = '<td><a href="https://x.test/a?b=1&amp;c=2">Buy</a></td><td><a href="#">Top</a></td>'
    text = read(message(html, to="z@x.test", subject="Hi", sender=None)).get_body(("plain",))
    assert text and text.get_content().strip() == "Buy (https://x.test/a?b=1&c=2) Top"


def test_a_name_that_two_columns_have_is_refused_unless_one_is_called_so() -> None:
    columns = ["User Name", "user_name", "Last Name", "last-name", "Same", "Same"]
    source = "{{ user_name }}, {{ row['User Name'] }}, {{ row['last-name'] }}"
    assert MailTemplate(source, columns).render(list("abcdef"), PICTURE) == "b, a, d"
    with pytest.raises(MailFault, match=r'columns 3 and 4 .* write row."Last Name". or row'):
        MailTemplate("{{ last_name }}", columns)
    with pytest.raises(MailFault, match="2 columns have the header 'Same'"):
        MailTemplate("{{ row.Same }}", columns)


def test_a_header_without_latin_letters_is_named_as_it_is_reached() -> None:
    assert MailTemplate('{{ row["名前"] }}', ["名前"]).render(["李"], PICTURE) == "李"
    with pytest.raises(MailFault, match=r'There are row."名前".'):
        MailTemplate("{{ name }}", ["名前"])


@pytest.mark.parametrize(
    "text",
    ["", "zoe", "zoe@", "@x.test", "a@x.test, b@x.test", "a@x.test\nBcc: b@x.test",
     "Zoe <a@x>", "a@x.test, b <b@x.test>", "Zoe\r\nBcc: b@x.test <a@x.test>",
     "Zoe <a@x.test>, <b@x.test>", "a b@x.test",
     "a" * 300 + "@x.test", "zoë@x.test", "a@localhost"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(MailFault):
        address(text)


def test_an_address_of_another_script_is_written_in_ascii() -> None:
    assert address(" zoe@bücher.test ") == "zoe@xn--bcher-kva.test"


@pytest.mark.parametrize(("subject", "words"), [(" \n", "empty"), ("x" * 501, "over 500")])
def test_a_subject_has_a_length(subject: str, words: str) -> None:
    with pytest.raises(MailFault, match=words):
        message(HTML, to="zoe@x.test", subject=subject, sender=None)


@given(st.text(max_size=200), st.integers(1, 10_000))
def test_every_file_name_is_safe_and_sorts_by_row(text: str, number: int) -> None:
    name = file_name(number, 10_000, text, "html")
    assert name.startswith(f"{number:05}") and name.endswith(".html")
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.") and len(name) < 70
    assert name.count(".") == 1
