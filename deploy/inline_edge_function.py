"""Copies viewer_request.js into template.yaml, because CloudFront Functions take only inline code.

python -m deploy.inline_edge_function
"""

import re
from pathlib import Path

SOURCE = Path("functions/edge/viewer_request.js")
TEMPLATE = Path("template.yaml")
FUNCTION_CODE_BLOCK = re.compile(
    r"^      FunctionCode: \|\n(?:(?:        .*)?\n)+?(?=\n? {2,6}\S|\n*\Z)", re.M
)


def with_function_code(template: str, source: str) -> str:
    """The template with `source` as the code of its edge function."""
    lines = ("        " + line if line else "" for line in source.rstrip("\n").split("\n"))
    block = "      FunctionCode: |\n" + "\n".join(lines) + "\n"
    changed, count = FUNCTION_CODE_BLOCK.subn(lambda _: block, template)
    if count != 1:
        raise ValueError(f"template.yaml has {count} blocks of FunctionCode; it must have one.")
    return changed


def main() -> None:
    """Update template.yaml; it is written only if it changes."""
    before = TEMPLATE.read_text(encoding="utf-8")
    after = with_function_code(before, SOURCE.read_text(encoding="utf-8"))
    if after != before:
        TEMPLATE.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
