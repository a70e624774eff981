"""template.yaml as CloudFormation reads it: with intrinsics spelled out, and after SAM's transform.

`python -m deploy.template_check` lints the transformed template, which
`sam validate` does not look at.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import boto3
from cfnlint.api import lint_file
from cfnlint.decode import cfn_yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

TEMPLATE = Path("template.yaml")
PLACES = ("CodeUri", "ContentUri")  # local folders; `sam deploy` makes them addresses in S3

Document = dict[str, Any]


def read(path: Path = TEMPLATE) -> Document:
    """The template with `!Ref x` as `{"Ref": "x"}` and so on."""
    document: Document = json.loads(json.dumps(cfn_yaml.load(str(path))))
    return document


def translated(document: Document, region: str = "us-east-1") -> Document:
    """What SAM makes of it: CloudFormation alone. The argument is left as it is."""
    copy: Document = json.loads(json.dumps(document))
    for resource in copy["Resources"].values():
        for place in PLACES:
            if place in resource.get("Properties", {}):
                resource["Properties"][place] = "s3://artefacts/one.zip"
    session = boto3.Session(region_name=region)
    result: Document = Translator({}, Parser(), boto_session=session).translate(copy, {})
    return result


def findings(document: Document) -> list[str]:
    """What cfn-lint says of a template, warnings included."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        return [f"{match.rule.id} {match.message}" for match in lint_file(Path(file.name))]


def main() -> int:
    """Print what cfn-lint finds in the transformed template."""
    found = findings(translated(read()))
    print("\n".join(found) or "The transformed template is clean.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
