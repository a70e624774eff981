"""Copies viewer_request.js into template.yaml, because CloudFront Functions take only inline code.

Comments and indentation stay behind: CloudFront takes at most 10,240 bytes.

python -m deploy.inline_edge_function
"""

import re
from pathlib import Path

SOURCE = Path("functions/edge/viewer_request.js")
TEMPLATE = Path("template.yaml")
FUNCTION_CODE_BLOCK = re.compile(
    r"^      FunctionCode: \|\n(?:(?:        .*)?\n)+?(?=\n? {2,6}\S|\n*\Z)", re.M
)
COMMENT = re.compile(r"(?:^|(?<=[;{}]) +)//.*")


def deployed_code(source: str) -> str:
    """The source without comments, indentation and empty lines. Nothing else changes.

    A comment begins its line, or follows `;`, `{` or `}` and a space.
    """
    lines = (COMMENT.sub("", line.strip()) for line in source.split("\n"))
    return "".join(f"{line}\n" for line in lines if line)


def with_function_code(template: str, source: str) -> str:
    """The template with the code of `source` as that of its edge function."""
    lines = (f"        {line}\n" for line in deployed_code(source).rstrip("\n").split("\n"))
    block = f"      FunctionCode: |\n{''.join(lines)}"
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
