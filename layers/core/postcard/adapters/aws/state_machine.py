"""The state machine of batches in Step Functions."""

import json
from typing import Any

from postcard.adapters.aws.call_failed import AwsCallFailed
from postcard.errors import ServiceUnavailable

ALREADY_STARTED_CODE = "ExecutionAlreadyExists"
NOT_THERE_CODE = "ExecutionDoesNotExist"


class StepFunctionsMachine:
    """One state machine, through boto3's `stepfunctions` client."""

    def __init__(self, client: Any, arn: str) -> None:
        self._client = client
        self._arn = arn

    def start(self, name: str, batch_id: str) -> str:
        """Start an execution and return its ARN. A name that was started before: nothing new."""
        if not self._arn:
            raise ServiceUnavailable("No state machine runs batches: set POSTCARD_BATCH_MACHINE.")
        text = json.dumps({"batch": batch_id}, separators=(",", ":"))
        try:
            self._client.start_execution(stateMachineArn=self._arn, name=name, input=text)
        except AwsCallFailed as failure:
            if failure.aws_code != ALREADY_STARTED_CODE:
                raise
        return f"{self._arn.replace(':stateMachine:', ':execution:')}:{name}"

    def stop(self, execution: str) -> None:
        """End an execution, if it runs."""
        try:
            self._client.stop_execution(executionArn=execution)
        except AwsCallFailed as failure:
            if failure.aws_code != NOT_THERE_CODE:
                raise
