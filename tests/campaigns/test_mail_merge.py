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
        ("<p>\n{% for x in points %}", (2, 22), "expected tag endfor"),
        ("{% include 'other' %}", (1, 4), "unexpected tag 'include'"),
        ("\n{{ points | divided_by: 0 }}", (2, 13), "can't divide by 0"),
        ("{{ row.Nom }}", (1, 4), "row.Nom is undefined"),
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


@pytest.mark.parametrize(
    "text",
    ["", "zoe", "zoe@", "@x.test", "a@x.test, b@x.test", "a@x.test\nBcc: b@x.test",
     "Zoe <a@x.test>", "a b@x.test", "a" * 300 + "@x.test", "zoë@x.test", "a@localhost"],
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
