"""`postcard platforms`, and what `postcard link` and `snippet` say about a platform's name."""

import pytest

from postcard.links.platforms.registry import PLATFORM_NAMES
from tests.cli.runner import clean_environment, run_postcard

__all__ = ["clean_environment"]


def test_every_platform_is_listed_with_its_tag() -> None:
    listed = run_postcard("platforms").stdout.splitlines()[1:]
    assert [line.split()[0] for line in listed] == list(PLATFORM_NAMES)
    described = run_postcard("platforms", "--json").json_output["platforms"]
    assert [each["esp"] for each in described] == list(PLATFORM_NAMES)
    assert run_postcard("snippet", "--list").stdout == run_postcard("platforms").stdout
    (klaviyo,) = (each for each in described if each["esp"] == "klaviyo")
    assert klaviyo["tag"] == "{{ first_name|urlencode }}"
    assert klaviyo["documentation"].startswith("https://developers.klaviyo.com/")


@pytest.mark.parametrize("name", ["kit", "ConvertKit", "convert-kit", "KIT"])
def test_a_platform_is_described_by_its_name_or_an_alias(name: str) -> None:
    output = run_postcard("platforms", name)
    assert output.exit_code == 0
    assert "{{ subscriber.first_name | url_encode }}" in output.stdout
    assert run_postcard("platforms", name, "--json").json_output["esp"] == "kit"


@pytest.mark.parametrize(
    "command",
    [
        ("platforms", "mailchip"),
        ("snippet", "x", "--esp", "mailchip"),
        ("link", "x", "--esp", "mailchip"),
    ],
)
def test_a_misspelled_platform_is_a_usage_error_that_suggests_one(command: tuple[str, ...]) -> None:
    output = run_postcard(*command)
    assert output.exit_code == 2
    assert "Did you mean mailchimp?" in output.stderr and "sendgrid" in output.stderr


def test_a_snippet_needs_a_template_and_a_platform() -> None:
    for arguments in ((), ("welcome",), ("--esp", "klaviyo")):
        output = run_postcard("snippet", *arguments)
        assert output.exit_code == 2
        assert "TEMPLATE_ID and --esp" in output.stderr
    attribute = run_postcard("snippet", "welcome", "--esp", "klaviyo", "--attribute", "x")
    assert "--attribute goes with --if-empty" in attribute.stderr
