"""Reads template.yaml, applies SAM's transform, and lints the resulting CloudFormation template.

The definitions of state machines are put into the template, so that they are linted, too.

    python -m deploy.template_check

`sam validate --lint` lints the template only before the transform.
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
# Properties with local folders. `sam deploy` replaces them with S3 URIs.
LOCAL_PATH_PROPERTIES = ("CodeUri", "ContentUri", "DefinitionUri")

SamDocument = dict[str, Any]


def read_template(path: Path = TEMPLATE) -> SamDocument:
    """The template with intrinsic functions in their long form: `!Ref x` as `{"Ref": "x"}`."""
    document: SamDocument = json.loads(json.dumps(cfn_yaml.load(str(path))))
    return document


def apply_sam_transform(document: SamDocument, region: str = "us-east-1") -> SamDocument:
    """The template as plain CloudFormation; `document` is not changed."""
    copy: SamDocument = json.loads(json.dumps(document))
    for resource in copy["Resources"].values():
        for name in LOCAL_PATH_PROPERTIES:
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = "s3://artefacts/one.zip"
    session = boto3.Session(region_name=region)
    result: SamDocument = Translator({}, Parser(), boto_session=session).translate(copy, {})
    for name, resource in document["Resources"].items():
        if path := resource.get("Properties", {}).get("DefinitionUri"):
            properties = result["Resources"][name]["Properties"]
            del properties["DefinitionS3Location"]
            properties["Definition"] = json.loads((TEMPLATE.parent / path).read_text("utf-8"))
    return result


def lint(document: SamDocument) -> list[str]:
    """cfn-lint's errors and warnings about a template."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        return [f"{match.rule.id} {match.message}" for match in lint_file(Path(file.name))]


def main() -> int:
    """Print cfn-lint's findings about the transformed template; 1 if there are any."""
    findings = lint(apply_sam_transform(read_template()))
    print("\n".join(findings) or "cfn-lint found no problems in the transformed template.")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
