"""Starts and connects everything that `make serve` runs: see `local/README.md` for an overview.

One port serves two hosts of production: paths of the API go to API Gateway, others to CloudFront.
It also serves the start page `/`, which exists here only.
"""

import fcntl
import json
import os
import shlex
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, Any

from deploy.bootstrap import upload_fallback
from local.aws.access_log import AccessLog, AccessLogSettings
from local.aws.activity_counters import ActivityCounters
from local.aws.api_gateway import HttpApi
from local.aws.athena_service import AthenaMiddleware, DuckDbQueries, LogTable
from local.aws.cloudfront import CloudFront
from local.aws.distribution_config import Distribution
from local.aws.edge_function import EdgeFunction
from local.aws.event_sources import EventSources, QueuePoller, ScheduleClock
from local.aws.http_messages import Request, Response
from local.aws.idempotent_transactions import IdempotentTransactions
from local.aws.lambda_service import LambdaFunction, LambdaService, LogFile
from local.aws.moto_server import (
    SECRET_ACCESS_KEY,
    MotoAccount,
    MotoHttpServer,
    RecordingMiddleware,
    bucket_origin,
)
from local.aws.moto_state import MotoStateFile
from local.aws.stack_resources import REGION, StackResources, StateMachineSpec
from local.aws.state_machines import ExecutionWatcher, StateMachines, StepFunctionsMiddleware
from local.http_server import WebServer
from local.local_keys import LocalKeys, write_private
from local.seed import SEED_FOLDER, InProcessApiClient, upload_seed
from local.service_adapters import ProductionAdapters
from local.start_page import StartPage, is_loopback
from postcard.keys.sessions import studio_link

ROOT = Path(__file__).resolve().parent.parent
API_ID, IMAGE_API_ID = "Api", "ImageApi"
API_FUNCTION_ID = "ApiFunction"
PICTURES_BUCKET_ID = "PicturesBucket"
# Parameters of the template that differ on one machine.
PARAMETERS = {"UsageMinutes": "1"}
MAX_BATCH_ROWS, MAX_BATCH_BYTES = 2_000_000, 500_000_000  # moto holds the files in memory
_API_PATHS = ("/v1", "/docs", "/studio", "/status", "/usage", "/openapi.json")


class AlreadyRunning(Exception):
    """Another server uses the same state folder."""


class LocalServer:
    """The whole local service; a `with` block starts and stops it.

    `OSError` if the port is in use, `AlreadyRunning` if the state folder is, `StateDamaged` if a
    file of that folder cannot be used. `counters` counts calls for tests; `cdn` and
    `empty_pictures` let tests clear caches; `clock` is the clock of the CDN (Unix seconds),
    `schedule_clock` that of the schedules; `definition_of` may change the definition of a state
    machine.
    """

    def __init__(
        self,
        port: int,
        state_dir: Path,
        *,
        host: str = "127.0.0.1",
        template: Path | None = None,
        seed: Path = SEED_FOLDER,
        clock: Callable[[], float] = time.time,
        schedule_clock: Callable[[], float] = time.time,
        definition_of: Callable[[StateMachineSpec], str] = lambda spec: spec.definition,
    ) -> None:
        self._host, self._port = host, port
        self._definition_of = definition_of
        self._folder = state_dir
        self._template = template or ROOT / "template.yaml"
        self._seed = seed
        self._clock = clock
        self._schedule_clock = schedule_clock
        self.counters = ActivityCounters()
        self.event_sources: list[EventSources] = []

    def __enter__(self) -> "LocalServer":
        with ExitStack() as resources:
            self._start(resources)
            self._resources = resources.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def _start(self, resources: ExitStack) -> None:
        """Start everything; the HTTP server, started first, sends 503 until the rest is ready."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        resources.enter_context(_lock_state_folder(self._folder / "lock"))
        self.web = resources.enter_context(
            closing(WebServer(self._port, self._log_failure, host=self._host))
        )
        self.base_url = f"http://{url_host(self._host)}:{self.web.port}"
        self.log = resources.enter_context(
            closing(LogFile(self._folder / "log.jsonl", self.counters))
        )
        self.web.start()
        self._start_moto(resources)
        self._start_keys()
        self._start_functions(resources)
        self._start_cdn()
        self._start_event_sources(resources)
        self._upload_seed_once()
        self.start_page = StartPage(
            InProcessApiClient(self.api.handle, self.keys.api_key),
            signs=is_loopback(str(self.web.server_address[0])),
            invite=lambda: self.studio_link().removeprefix(self.base_url),
        )
        self.local_json = self.keys.write_local_json(self.base_url)
        self.web.app = self.handle
        resources.callback(self.web.close)  # is called first, so that running requests can finish

    def handle(self, request: Request) -> Response:
        """Route a request by its path: to API Gateway, the start page or CloudFront."""
        if is_api(request.path):
            if request.path.startswith("/v1/batches"):
                self.machines.create_soon()
            return self.api.handle(request)
        if self.start_page.has(request.path):
            return self.start_page.handle(request)
        return self.cdn.handle(request)

    def studio_link(self) -> str:
        """A link that opens the studio signed in, once, within 15 minutes."""
        code, _ = self.sessions.invite("this machine", now=time.time())
        return studio_link(self.base_url, code)

    def empty_pictures(self) -> None:
        """Delete all stored pictures, the generic fallback picture included."""
        self.account.empty_bucket(self.stack.buckets()[PICTURES_BUCKET_ID])

    def _start_moto(self, resources: ExitStack) -> None:
        self.stack = StackResources.read(self._template, PARAMETERS)
        log_folder = self._folder / "access_log"
        settings = AccessLogSettings.read(self.stack.template)
        self.access_log = resources.enter_context(closing(AccessLog(log_folder, settings)))
        self.account = MotoAccount()
        self.account.reset()
        self.account.create_resources(self.stack)
        path = self._folder / "state.sqlite"
        self.state = resources.enter_context(closing(MotoStateFile(path, self.account, self.stack)))
        self.state.restore()
        self.account.notify_queues(self.stack)  # not of objects that are restored
        self._recording_app = RecordingMiddleware(
            IdempotentTransactions(self.account.app),
            self.counters,
            on_write=self._on_write,
            on_invalidation=lambda paths: self.cdn.invalidate(paths),
        )
        table = LogTable.read(self.stack.template, log_folder)
        queries = DuckDbQueries(table, before=self.access_log.poll)
        app = StepFunctionsMiddleware(
            AthenaMiddleware(self._recording_app, queries),
            lambda name, event: self.functions.invoke(name, event),
            before_use=lambda: self.machines.create_once(),
        )
        self.endpoint = resources.enter_context(closing(MotoHttpServer(app)))
        self.machines = StateMachines(
            self.account,
            self.state,
            self.stack.state_machines(),
            url=self.endpoint.url,
            definition_of=self._definition_of,
        )

    def _environment_overrides(self) -> dict[str, str]:
        """The environment variables that differ from those in `template.yaml`."""
        return {
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_ENDPOINT_URL": self.endpoint.url,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_REGION": REGION,
            "POSTCARD_BASE_URL": self.base_url,
            "POSTCARD_BATCH_BYTES": str(MAX_BATCH_BYTES),
            "POSTCARD_BATCH_CONCURRENCY": str(max(1, (os.cpu_count() or 1) - 1)),
            "POSTCARD_BATCH_ROWS": str(MAX_BATCH_ROWS),
            "POSTCARD_FONTS": str(ROOT / "layers/fonts"),
            "POSTCARD_PUBLIC_STATUS": "on",
            "POSTCARD_MORE_FONTS": os.environ.get("POSTCARD_MORE_FONTS", ""),
            "POSTCARD_KVS_ARN": f"file:{(self._folder / 'edge').resolve()}",
            "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in _PYTHON_PATH),
        }

    def _start_keys(self) -> None:
        (environment,) = (
            f.environment for f in self.stack.functions() if f.name == API_FUNCTION_ID
        )
        self.adapters = ProductionAdapters({**environment, **self._environment_overrides()})
        self.keys = LocalKeys(self.adapters, self._folder)
        self.sessions = self.adapters.sessions()
        self.keys.create_missing()
        lines = [f"{name}={shlex.quote(v)}" for name, v in self.adapters.environment.items()]
        write_private(self._folder / "env", "\n".join(lines) + "\n")

    def _start_functions(self, resources: ExitStack) -> None:
        limit = max(2, os.cpu_count() or 1)
        functions = [
            LambdaFunction(spec, self._overrides_for(spec.environment), self.log, limit=limit)
            for spec in self.stack.functions()
        ]
        self.functions = resources.enter_context(closing(LambdaService(functions, self.counters)))
        answering = {
            route.function for api in self.stack.apis() for route in self.stack.routes(api)
        }
        self.functions.start(answering)  # the worker starts with its first task
        self.api = self._http_api(API_ID)
        self.image_api = self._http_api(IMAGE_API_ID)

    def _overrides_for(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The overrides for a function, without `POSTCARD_…` that its template does not set.

        A function that sends events may send them to this machine, which no stack in AWS allows.
        """
        overrides = {
            name: value
            for name, value in self._environment_overrides().items()
            if name in environment or not name.startswith("POSTCARD_")
        }
        if "POSTCARD_HINT_QUEUE_URL" in environment:
            overrides["POSTCARD_LOOPBACK_WEBHOOKS"] = "1"
        return overrides

    def _http_api(self, name: str) -> HttpApi:
        return HttpApi(name, self.stack.routes(name), self.functions.invoke)

    def _start_cdn(self) -> None:
        distribution = Distribution.read(self.stack.template, self.keys.resolve_dynamic_references)
        edge = EdgeFunction(distribution.function_code, self.keys.edge_entry)
        bucket = self.stack.buckets()[PICTURES_BUCKET_ID]
        origins = {
            PICTURES_BUCKET_ID: bucket_origin(self.account, self._recording_app, bucket),
            IMAGE_API_ID: self.image_api.handle,
        }
        self.cdn = CloudFront(
            distribution,
            edge,
            origins,
            self.counters,
            clock=self._clock,
            log=self.access_log.add,
        )

    def _start_event_sources(self, resources: ExitStack) -> None:
        invoke = self.functions.invoke
        pollers = [
            QueuePoller(source, self.account, invoke, on_done=self.state.forget_message)
            for source in self.stack.queue_sources()
        ]
        self.machines.start_again()
        resources.callback(self.machines.stop)
        self.executions = ExecutionWatcher(
            self.machines, self.state, self.stack.rule_sources(), invoke
        )
        self.schedules = ScheduleClock(
            self.stack.schedule_sources(), invoke, now=self._schedule_clock()
        )
        no_schedules = ScheduleClock((), invoke, now=self._schedule_clock())
        # A thread for each queue, so that an endpoint that does not respond delays no recall.
        self.event_sources = [
            EventSources(
                [self.executions, self.access_log],
                self.schedules,
                on_failure=self._log_failure,
                clock=self._schedule_clock,
            ),
            *(EventSources([each], no_schedules, on_failure=self._log_failure) for each in pollers),
        ]
        for sources in self.event_sources:
            resources.enter_context(closing(sources)).start()

    def _on_write(self, service: str, name: str, arguments: Mapping[str, Any]) -> None:
        self.state.persist_write(service, name, arguments)
        if service == "sqs" and name in ("SendMessage", "SendMessageBatch"):
            for sources in self.event_sources:
                sources.wake()

    def upload_fallback_picture(self) -> None:
        """Store the generic fallback picture, CloudFront's error page, in the bucket."""
        # Imported here because it imports the renderer, which only the first start needs.
        from deploy.fallback_picture import render_fallback_png

        upload_fallback(self.adapters.pictures(), render_fallback_png)

    def _upload_seed_once(self) -> None:
        if not self.state.seeded:
            self.upload_fallback_picture()
            upload_seed(InProcessApiClient(self.api.handle, self.keys.api_key), self._seed)
            self.state.mark_seeded()

    def _log_failure(self) -> None:
        self.log("local", json.dumps({"time": time.time(), "failure": traceback.format_exc()}))


def _lock_state_folder(path: Path) -> IO[str]:
    """Lock the state folder; the system releases the lock when the process ends, even if killed."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise AlreadyRunning(str(path)) from error
    return file


def url_host(host: str) -> str:
    """The host in addresses of a server that listens on `host`.

    >>> url_host("192.168.1.5"), url_host("0.0.0.0"), url_host("::1"), url_host("::")
    ('192.168.1.5', '127.0.0.1', '[::1]', '[::1]')
    """
    host = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{host}]" if ":" in host else host


_PYTHON_PATH = ("functions", "layers/core", "")


def is_api(path: str) -> bool:
    """Whether a path belongs to the API's host."""
    return any(path == part or path.startswith(f"{part}/") for part in _API_PATHS)
