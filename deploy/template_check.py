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
LOCAL_PATH_PROPERTIES = (
    "CodeUri",
    "ContentUri",
)  # local folders; `sam deploy` makes them addresses in S3

SamDocument = dict[str, Any]


def read_template(path: Path = TEMPLATE) -> SamDocument:
    """The template with `!Ref x` as `{"Ref": "x"}` and so on."""
    document: SamDocument = json.loads(json.dumps(cfn_yaml.load(str(path))))
    return document


def apply_sam_transform(document: SamDocument, region: str = "us-east-1") -> SamDocument:
    """What SAM makes of it: CloudFormation alone. The argument is left as it is."""
    copy: SamDocument = json.loads(json.dumps(document))
    for resource in copy["Resources"].values():
        for place in LOCAL_PATH_PROPERTIES:
            if place in resource.get("Properties", {}):
                resource["Properties"][place] = "s3://artefacts/one.zip"
    session = boto3.Session(region_name=region)
    result: SamDocument = Translator({}, Parser(), boto_session=session).translate(copy, {})
    return result


def lint(document: SamDocument) -> list[str]:
    """What cfn-lint says of a template, warnings included."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        return [f"{match.rule.id} {match.message}" for match in lint_file(Path(file.name))]


def main() -> int:
    """Print what cfn-lint finds in the transformed template."""
    found = lint(apply_sam_transform(read_template()))
    print("\n".join(found) or "The transformed template is clean.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
