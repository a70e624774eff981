"""The studio shows mail programs as the findings know them."""

import re

from postcard.lint.mail_clients import DARK_CLIENTS
from tests.functions.fake_services import ROOT


def test_the_studio_s_mail_programs_are_those_of_the_findings() -> None:
    text = (ROOT / "studio/src/screens/mail_clients.ts").read_text()
    client = r'id: "([^"]+)", name: "([^"]+)", dark: "([^"]+)", recolorsUpTo: (\d+)'
    listed = re.findall(client, text)
    assert listed == [
        (client.id, client.name, client.background, str(client.recolors_up_to))
        for client in DARK_CLIENTS
    ]
