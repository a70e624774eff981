"""checkov's findings are compared with the accepted ones; the run itself is `make checkov`."""

import json

import pytest

from deploy.checkov_findings import ACCEPTED, accepted_findings, differences, reported_findings
from deploy.template_check import SamDocument

REPORT = {
    "results": {
        "failed_checks": [
            {"check_id": "CKV_1", "resource": "AWS::S3::Bucket.Store", "check_name": "Ensure it"}
        ]
    }
}


def test_a_new_finding_and_one_that_is_gone_are_both_reported() -> None:
    reported = reported_findings(REPORT)
    assert differences(reported, {("CKV_1", "Store")}) == []
    new, gone = differences(reported, {("CKV_2", "Store")})
    assert new.startswith("CKV_1 of Store: Ensure it. Mend it, or add it with its reason")
    assert gone.startswith("CKV_2 of Store no longer occurs")


def test_an_accepted_finding_has_a_reason_and_a_resource_of_the_template(
    whole_template: SamDocument,
) -> None:
    accepted = accepted_findings(ACCEPTED.read_text(encoding="utf-8"))
    assert {resource for _, resource in accepted} <= whole_template["Resources"].keys()
    without = json.dumps([{"check": "CKV_1", "resource": "Store", "reason": " "}])
    with pytest.raises(ValueError, match="CKV_1 of Store has no reason"):
        accepted_findings(without)
