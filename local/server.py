"""All of Postcard on one machine: two doors on one port, what stands behind them, its state."""

import fcntl
import json
import os
import shlex
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO

from deploy.bootstrap import upload_fallback
from local.aws.activity_counters import Counters
from local.aws.api_gateway import HttpApi
from local.aws.cloudfront import Cdn
from local.aws.distribution_config import Distribution
from local.aws.edge_function import EdgeFunction
from local.aws.http_messages import Request, Response
from local.aws.lambda_service import Function, Lambda, LogFile
from local.aws.moto_server import Account, Endpoint, Recorder, bucket_origin
from local.aws.moto_state import State
from local.aws.stack_resources import REGION, Stack
from local.http_server import WebServer
from local.local_keys import LocalKeys, write_private
from local.seed import SEED, ApiClient, plant
from local.service_adapters import Production

ROOT = Path(__file__).resolve().parent.parent
API, IMAGE_API = "Api", "ImageApi"
API_FUNCTION = "ApiFunction"
PICTURES = "PicturesBucket"
_API_PATHS = ("/v1", "/docs", "/openapi.json")


class AlreadyRunning(Exception):
    """Another server has its state in the same folder."""


class LocalServer:
    """Everything, started by `with`. `OSError` if the port is taken, `AlreadyRunning`.

    `counters` counts; `cdn` and `empty_pictures` let tests take caches away; `clock` is the CDN's.
    """

    def __init__(
        self,
        port: int,
        state_dir: Path,
        *,
        template: Path | None = None,
        seed: Path = SEED,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._port = port
        self._folder = state_dir
        self._template = template or ROOT / "template.yaml"
        self._seed = seed
        self._clock = clock
        self.counters = Counters()

    def __enter__(self) -> "LocalServer":
        with ExitStack() as ends:
            self._start(ends)
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _start(self, ends: ExitStack) -> None:
        """From the back to the front, which says 503 until all is there."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ends.enter_context(_claim(self._folder / "lock"))
        self.web = ends.enter_context(closing(WebServer(self._port, self._log_failure)))
        self.base_url = f"http://127.0.0.1:{self.web.port}"
        self.log = ends.enter_context(closing(LogFile(self._folder / "log.jsonl", self.counters)))
        self.web.start()
        self._start_account(ends)
        self._start_keys()
        self._start_functions(ends)
        self._start_cdn()
        self._plant()
        self.local = self.keys.tell(self.base_url)
        self.web.app = self.answer
        ends.callback(self.web.close)  # before the rest: what is at work may end

    def answer(self, request: Request) -> Response:
        """By the door that the path belongs to: the API's own host, or the picture host."""
        if is_api(request.path):
            return self.api.answer(request)
        return self.cdn.answer(request)

    def empty_pictures(self) -> None:
        """Delete all stored pictures, the generic one too."""
        self.account.empty(self.stack.buckets()[PICTURES])

    def _start_account(self, ends: ExitStack) -> None:
        self.stack = Stack.read(self._template)
        self.account = Account()
        self.account.reset()
        self.account.create(self.stack)
        path = self._folder / "state.sqlite"
        self.state = ends.enter_context(closing(State(path, self.account, self.stack)))
        self.state.restore()
        self._recorder = Recorder(
            self.account.app,
            self.counters,
            changed=self.state.changed,
            forget=lambda paths: self.cdn.forget(paths),
        )
        self.endpoint = ends.enter_context(closing(Endpoint(self._recorder)))

    def _variables(self) -> dict[str, str]:
        """What differs here from the environment that `template.yaml` gives."""
        return {
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_ENDPOINT_URL": self.endpoint.url,
            "AWS_SECRET_ACCESS_KEY": "local",  # moto looks at neither
            "AWS_REGION": REGION,
            "POSTCARD_BASE_URL": self.base_url,
            "POSTCARD_FONTS": str(ROOT / "layers/fonts"),
            "POSTCARD_KVS_ARN": f"file:{(self._folder / 'edge').resolve()}",
            "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in _PYTHON_PATH),
        }

    def _start_keys(self) -> None:
        (environment,) = (f.environment for f in self.stack.functions() if f.name == API_FUNCTION)
        self.production = Production({**environment, **self._variables()})
        self.keys = LocalKeys(self.production, self._folder)
        self.keys.prepare()
        lines = [f"{name}={shlex.quote(v)}" for name, v in self.production.environment.items()]
        write_private(self._folder / "env", "\n".join(lines) + "\n")

    def _start_functions(self, ends: ExitStack) -> None:
        limit = max(2, os.cpu_count() or 1)
        functions = [
            Function(spec, self._only_known(spec.environment), self.log, limit=limit)
            for spec in self.stack.functions()
        ]
        self.functions = ends.enter_context(closing(Lambda(functions, self.counters)))
        self.functions.warm()
        self.api = self._http_api(API)
        self.image_api = self._http_api(IMAGE_API)

    def _only_known(self, environment: Mapping[str, str]) -> dict[str, str]:
        """A function gets no POSTCARD_… that the template does not give it."""
        return {
            name: value
            for name, value in self._variables().items()
            if name in environment or not name.startswith("POSTCARD_")
        }

    def _http_api(self, name: str) -> HttpApi:
        return HttpApi(name, self.stack.routes(name), self.functions.invoke)

    def _start_cdn(self) -> None:
        distribution = Distribution.read(self.stack.template, self.keys.resolve)
        edge = EdgeFunction(distribution.function, self.keys.entry)
        bucket = self.stack.buckets()[PICTURES]
        origins = {
            PICTURES: bucket_origin(self.account, self._recorder, bucket),
            IMAGE_API: self.image_api.answer,
        }
        self.cdn = Cdn(distribution, edge, origins, self.counters, clock=self._clock)

    def plant_error_picture(self) -> None:
        """Put the picture for bad days where CloudFront looks for it."""
        from deploy.fallback_picture import (
            draw,  # imports the renderer, which a later start does not need
        )

        upload_fallback(self.production.pictures(), draw)

    def _plant(self) -> None:
        if not self.state.seeded:
            self.plant_error_picture()
            plant(ApiClient(self.api.answer, self.keys.api_key), self._seed)
            self.state.mark_seeded()

    def _log_failure(self) -> None:
        self.log("local", json.dumps({"time": time.time(), "failure": traceback.format_exc()}))


def _claim(path: Path) -> IO[str]:
    """A lock that the system gives back when the process is gone, however it went."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise AlreadyRunning(str(path)) from error
    return file


_PYTHON_PATH = ("functions", "layers/core", "")


def is_api(path: str) -> bool:
    """Whether a path is of the API's host."""
    return any(path == part or path.startswith(f"{part}/") for part in _API_PATHS)
