"""The state machine of batches in moto's interpreter, with the batch function in this process."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batch import app as batch_app
from local.aws.activity_counters import ActivityCounters
from local.aws.api_gateway import InvocationFailed
from local.aws.moto_server import MotoAccount, MotoHttpServer, RecordingMiddleware
from local.aws.moto_state import MotoStateFile
from local.aws.stack_resources import StackResources, StateMachineSpec
from local.aws.state_machines import (
    ExecutionWatcher,
    StateMachines,
    StepFunctionsMiddleware,
    execution_arn,
)
from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.files import S3FileStore
from postcard.adapters.aws.state_machine import StepFunctionsMachine
from postcard.campaigns.batches.batch_worker import BatchDependencies, batch_worker
from postcard.ports import BatchRecord, JsonObject
from postcard.settings import Settings
from tests.clocks import PATIENCE_SECONDS
from tests.functions.fake_services import FakeLambdaContext
from tests.functions.in_memory_service import BASE_URL, InMemoryService

STACK = StackResources.read(Path("template.yaml"))
(MACHINE,) = STACK.state_machines()
CHUNK_ROWS = 2
OnStep = Callable[[JsonObject], None]


def without_waits(spec: StateMachineSpec) -> str:
    """The definition without retries and pauses: what fails is looked at by the next state."""

    def patient(name: str, value: Any) -> Any:
        if name in ("MaxAttempts", "Seconds"):
            return 0
        if isinstance(value, dict):
            return {key: patient(key, each) for key, each in value.items()}
        return [patient("", each) for each in value] if isinstance(value, list) else value

    return json.dumps(patient("", json.loads(spec.definition)))


@dataclass
class BatchMachine:
    """A running machine. `on_step` is called before each step, and may raise in its place."""

    world: InMemoryService
    account: MotoAccount
    state: MotoStateFile
    machines: StateMachines
    watcher: ExecutionWatcher
    files: S3FileStore
    calls: Counter[str]
    counters: ActivityCounters
    do_step: Callable[[JsonObject], Any]
    changed: threading.Condition = field(default_factory=threading.Condition)

    def create(self, body: bytes) -> str:
        """A batch whose file is uploaded."""
        sent = {"template_id": "welcome", "upload": {"bytes": len(body)}}
        reply = self.world.call("POST", "/v1/batches", sent)
        assert reply.status == 202, reply.body
        self.files.write(reply.json["upload"]["fields"]["key"], body, "text/csv")
        batch_id: str = reply.json["id"]
        return batch_id

    def start(self, batch_id: str) -> None:
        """Start the batch through the API."""
        reply = self.world.call("POST", f"/v1/batches/{batch_id}/start")
        assert reply.status == 202, reply.body

    def run(self, body: bytes) -> BatchRecord:
        """A whole batch, to the end of its execution."""
        batch_id = self.create(body)
        self.start(batch_id)
        self.wait(batch_id)
        return self.record(batch_id)

    def record(self, batch_id: str) -> BatchRecord:
        """The stored record."""
        record = self.world.batches.get(batch_id)
        assert record is not None
        return record

    def execution(self, batch_id: str) -> dict[str, Any]:
        """The last execution of a batch as DescribeExecution gives it."""
        name = f"{batch_id}-{self.record(batch_id).attempt}"
        return self.machines.describe(MACHINE.arn, name)

    def history(self, batch_id: str) -> list[dict[str, Any]]:
        """The events of the last execution of a batch."""
        name = f"{batch_id}-{self.record(batch_id).attempt}"
        arguments = {"executionArn": execution_arn(MACHINE.arn, name), "maxResults": 1000}
        events: list[dict[str, Any]] = self.account.call_json(
            "states", "AWSStepFunctions.GetExecutionHistory", arguments
        )["events"]
        return events

    def wait(self, batch_id: str) -> str:
        """Wait for the end of the execution; its status. Then its rules have been followed."""
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while (status := self.execution(batch_id)["status"]) == "RUNNING":
            assert time.monotonic() < ends_at
            with self.changed:
                self.changed.wait(0.02)  # each step notifies; moto itself does not
        self.watcher.poll()
        return str(status)

    def parts(self, batch_id: str) -> list[str]:
        """The names of the parts that are stored now."""
        prefix = f"batches/{batch_id}/parts/"
        return [head.key.removeprefix(prefix) for head in self.files.list(prefix)]

    def result(self, batch_id: str) -> str:
        """The result."""
        key = self.record(batch_id).summary["result"]["key"]
        return self.files.read(key, 0, 10**7).decode()


@contextmanager
def batch_machine(
    world: InMemoryService, folder: Path, *, on_step: OnStep = lambda step: None
) -> Iterator[BatchMachine]:
    """moto with the stack's machine; what an earlier one left in `folder` is restored."""
    account = MotoAccount()
    account.reset()
    account.create_resources(STACK)
    calls: Counter[str] = Counter()
    with closing(MotoStateFile(folder / "state.sqlite", account, STACK)) as state:
        state.restore()
        counters = ActivityCounters()
        middleware = RecordingMiddleware(
            account.app, counters, on_write=state.persist_write, on_invalidation=lambda paths: None
        )
        app = StepFunctionsMiddleware(
            middleware,
            lambda name, event: invoke(event),
            before_use=lambda: machines.create_once(),
        )
        with closing(MotoHttpServer(app)) as server:
            client = _clients(server.url)
            files = S3FileStore(client("s3"), STACK.buckets()["StoreBucket"])
            world.files = files  # type: ignore[assignment]
            world.machine = StepFunctionsMachine(client("stepfunctions"), MACHINE.arn)  # type: ignore[assignment]
            world.rebuild()
            worker = batch_worker(
                BatchDependencies(
                    world._dependencies(world.caches),
                    files,
                    world.batches,
                    world.outbox(),
                    world.cdn,
                    world.usage,
                    BASE_URL,
                    concurrency=2,
                    chunk_rows=CHUNK_ROWS,
                )
            )

            def invoke(event: JsonObject) -> Any:
                step = batch_app.step_of(event)
                calls[step["step"]] += 1
                try:
                    on_step(step)
                    return batch_app.handle_step(event, FakeLambdaContext(900_000), worker)
                except Exception as error:
                    raise InvocationFailed(str(error), type(error).__name__) from None
                finally:
                    with machine.changed:
                        machine.changed.notify_all()

            machines = StateMachines(
                account, state, [MACHINE], url=server.url, definition_of=without_waits
            )
            watcher = ExecutionWatcher(
                machines, state, STACK.rule_sources(), lambda name, event: invoke(event)
            )
            machine = BatchMachine(
                world,
                account,
                state,
                machines,
                watcher,
                files,
                calls,
                counters,
                lambda step: batch_app.handle_step(step, FakeLambdaContext(900_000), worker),
            )
            machines.start_again()
            try:
                yield machine
            finally:
                machines.stop()


def _clients(url: str) -> Callable[[str], Any]:
    settings = Settings("table", "pictures", "store", "keys", endpoint_url=url)
    credentials = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return lambda name: boto_client(name, settings, seconds=PATIENCE_SECONDS, **credentials)
