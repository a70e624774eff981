"""What to do about a stack that CloudFormation cannot update, and about failures it reports.

Statuses and reasons are CloudFormation's own:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

import re
from dataclasses import dataclass

POLICY_FILE = "deploy/deployer_policy.json"


@dataclass(frozen=True, slots=True)
class StackName:
    """A stack in a region, as the AWS CLI names it."""

    name: str
    region: str

    @property
    def options(self) -> str:
        """The AWS CLI's options for this stack."""
        return f"--stack-name {self.name} --region {self.region}"


def obstacle(status: str | None, stack: StackName) -> str | None:
    """Why a stack with this status cannot be deployed now, and the command that helps.

    `None` if a deployment can begin: there is no stack (`status` None), or CloudFormation can
    update it.
    """
    if status is None or status == "REVIEW_IN_PROGRESS":
        return None
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"):
        return (
            f"The first deployment of {stack.name} failed ({status}), and CloudFormation cannot"
            " update the stack. It holds no data. Delete it, then deploy again:\n"
            f"  aws cloudformation delete-stack {stack.options}"
            f" && aws cloudformation wait stack-delete-complete {stack.options}"
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        return (
            f"The last update of {stack.name} failed and could not be undone ({status})."
            " Let CloudFormation try again, then deploy again:\n"
            f"  aws cloudformation continue-update-rollback {stack.options}"
            f" && aws cloudformation wait stack-rollback-complete {stack.options}"
        )
    if status == "DELETE_FAILED":
        return (
            f"{stack.name} was not deleted completely ({status}). Run `make destroy` again, then"
            " deploy again."
        )
    if status.endswith("_IN_PROGRESS"):
        waiter = _WAITERS.get(status, "stack-update-complete")
        return (
            f"CloudFormation is still at work on {stack.name} ({status}). Wait for it, then deploy"
            f" again:\n  aws cloudformation wait {waiter} {stack.options}"
        )
    return None


_WAITERS = {
    "CREATE_IN_PROGRESS": "stack-create-complete",
    "DELETE_IN_PROGRESS": "stack-delete-complete",
    "ROLLBACK_IN_PROGRESS": "stack-rollback-complete",
    "UPDATE_ROLLBACK_IN_PROGRESS": "stack-rollback-complete",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "stack-rollback-complete",
}


@dataclass(frozen=True, slots=True)
class FailedResource:
    """A resource that CloudFormation could not create or update, and its reason."""

    logical_id: str
    resource_type: str
    reason: str

    def explain(self, stack: StackName) -> str:
        """The reason, and what to do about it if it is a known one."""
        text = f"{self.logical_id} ({self.resource_type}): {self.reason}"
        for pattern, advice in _ADVICE:
            if re.search(pattern, self.reason, re.IGNORECASE):
                return f"{text}\n  {advice.format(stack=stack.name, options=stack.options)}"
        return text


# The first pattern that matches a reason counts.
_ADVICE = (
    (
        r"account must be verified",
        "AWS has not verified this account for CloudFront yet. Open a case of the type “Account and"
        " billing” at https://console.aws.amazon.com/support/home#/case/create and quote the"
        " sentence above; AWS answers within a day or two.",
    ),
    (
        r"CNAME.*already|already associated with a different resource",
        "Another distribution uses the domain. Find it, and take the domain off it first:\n"
        "  aws cloudfront list-conflicting-aliases --alias DOMAIN --distribution-id ID",
    ),
    (
        r"certificate.*(does not|doesn't|must|not exist)|InvalidViewerCertificate",
        "PictureCertificateArn must be an issued certificate in us-east-1 that names PictureDomain:"
        "\n  aws acm list-certificates --region us-east-1 --certificate-statuses ISSUED",
    ),
    (
        r"UnreservedConcurrentExecution",
        "The account runs too few Lambda functions at once to reserve some. Deploy with"
        ' PARAMETERS="ApiConcurrency=0 BatchConcurrency=0", and ask AWS for a higher limit.',
    ),
    (
        r"not authorized|AccessDenied|access denied",
        f"The deploying user or role lacks a permission. {POLICY_FILE} has all that a deployment"
        " needs; docs/operate.md says how to attach it.",
    ),
    (
        r"already exists",
        "Another stack, or a deleted one that left it behind, has the name. Delete that resource,"
        " or deploy under another stack name: add a stage with its own stack_name to"
        " samconfig.toml.",
    ),
    (
        r"limit exceeded|LimitExceeded|quota|TooMany",
        "A quota of the account is used up. Ask for a higher one:"
        " https://console.aws.amazon.com/servicequotas/home",
    ),
)
