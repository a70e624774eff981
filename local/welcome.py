"""What `make serve` prints once it is there: what to try, ready to copy."""

import json
from collections.abc import Mapping
from typing import Any

WELCOME_TEMPLATE_ID = "tmpl_a1b2c3d4e5"
WELCOME_MODIFICATIONS: list[dict[str, str]] = [
    {"name": "user_name", "text": "Alex Rivera"},
    {"name": "discount_code", "text": "SAVE25NOW"},
    {"name": "profile_picture", "image_url": "asset:portrait"},
]


def banner(local_json: Mapping[str, Any], link: str | None, *, color: bool) -> str:
    """The text for the terminal; without a `link`, what needs the welcome banner is left out."""
    bold, dim, off = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if color else ("", "", "")
    url, key = local_json["base_url"], local_json["api_key"]
    tries = f"""
  {bold}A picture by link{off}   {dim}drawn when it is first opened: put it in an <img>{off}
    {link}

  {bold}A picture by API{off}
    {_curl_example(url, key)}
"""
    return f"""
  {bold}Postcard{off} is at {bold}{url}{off}   {dim}Ctrl-C ends it, what you made stays{off}
{tries if link else ""}
  {bold}All calls{off}    {url}/docs
  {bold}Your key{off}     {key}
"""


def _curl_example(url: str, key: str) -> str:
    lines = ",\n        ".join(json.dumps(each) for each in WELCOME_MODIFICATIONS)
    return f"""curl -s {url}/v1/images \\
      -H 'Authorization: Bearer {key}' \\
      -H 'Content-Type: application/json' \\
      -d '{{"template_id": "{WELCOME_TEMPLATE_ID}", "format": "png", "modifications": [
        {lines}]}}'"""
