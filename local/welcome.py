"""What `make serve` prints once it is there: what to try, ready to copy."""

import json
from collections.abc import Mapping
from typing import Any

WELCOME = "tmpl_a1b2c3d4e5"
MODIFICATIONS: list[dict[str, str]] = [
    {"name": "user_name", "text": "Alex Rivera"},
    {"name": "discount_code", "text": "SAVE25NOW"},
    {"name": "profile_picture", "image_url": "asset:portrait"},
]


def banner(local: Mapping[str, Any], link: str, *, color: bool) -> str:
    """The text for the terminal."""
    url, key = local["base_url"], local["api_key"]
    bold, dim, off = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if color else ("", "", "")
    lines = ",\n        ".join(json.dumps(each) for each in MODIFICATIONS)
    return f"""
  {bold}Postcard{off} is at {bold}{url}{off}   {dim}Ctrl-C ends it, what you made stays{off}

  {bold}A picture by link{off}   {dim}drawn when it is first opened: put it in an <img>{off}
    {link}

  {bold}A picture by API{off}
    curl -s {url}/v1/images \\
      -H 'Authorization: Bearer {key}' \\
      -H 'Content-Type: application/json' \\
      -d '{{"template_id": "{WELCOME}", "format": "png", "modifications": [
        {lines}]}}'

  {bold}All calls{off}    {url}/docs
  {bold}Your key{off}     {key}
"""
