"""Measures how long AWS clients delay a cold start: imports and construction, then the first call.

    .venv/bin/python -m bench.aws_client_imports

Each number is the median of nine fresh processes, alternating between the clients. A local server
responds `{}` to every request.
"""

import json
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 9

BOTO3 = """
import boto3
session = boto3.session.Session(region_name="us-east-1")
clients = [session.client(n, endpoint_url=URL) for n in ("s3", "dynamodb", "secretsmanager")]
def call():
    clients[1].get_item(TableName="t", Key={"pk": {"S": "a"}})
"""
BOTOCORE_AUTH = """
import urllib3
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
pool = urllib3.PoolManager()
def call():
    body = json.dumps({"TableName": "t", "Key": {"pk": {"S": "a"}}})
    headers = {"X-Amz-Target": "DynamoDB_20120810.GetItem"}
    request = AWSRequest("POST", URL + "/", headers=headers, data=body)
    SigV4Auth(Credentials("testing", "testing"), "dynamodb", "us-east-1").add_auth(request)
    json.loads(pool.request("POST", URL + "/", body=body, headers=dict(request.headers)).data)
"""
OWN_SIGV4 = """
from postcard.adapters.aws.light_client import LightClient
client = LightClient(region="us-east-1", endpoint_url=URL)
def call():
    client.get_item(TableName="t", Key={"pk": {"S": "a"}})
"""
CLIENTS = {"boto3": BOTO3, "botocore.auth + urllib3": BOTOCORE_AUTH, "own SigV4": OWN_SIGV4}
# The first line imports what Lambda's runtime client has imported before a function's code starts.
TIMING_SCRIPT = """
import json, logging, os, sys, time, traceback, http.client, importlib, platform, random, signal
URL = sys.argv[1]
begin = time.perf_counter()
{client}
ready = time.perf_counter()
call()
first = time.perf_counter()
for _ in range(200): call()
warm = (time.perf_counter() - first) / 200
print(json.dumps([ready - begin, first - ready, warm]))
"""


class EmptyJsonHandler(BaseHTTPRequestHandler):
    """Responds `{}` and keeps the connection open."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Do not log requests."""


@contextmanager
def serve_empty_json() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), EmptyJsonHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def time_client(client: str, url: str) -> list[float]:
    """Seconds until the client is constructed, of its first call, and of a warm call."""
    command = [sys.executable, "-c", TIMING_SCRIPT.format(client=client), url]
    environment = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "PYTHONPATH": str(ROOT / "layers/core"),
        "PATH": "",
    }
    completed = subprocess.run(command, capture_output=True, check=True, env=environment)
    times: list[float] = json.loads(completed.stdout)
    return times


def main() -> None:
    with serve_empty_json() as url:
        runs = [
            {name: time_client(code, url) for name, code in CLIENTS.items()} for _ in range(RUNS)
        ]
    print(f"{'milliseconds':26}{'start':>9}{'first call':>12}{'warm call':>12}")
    for name in CLIENTS:
        medians = [statistics.median(run[name][i] for run in runs) * 1000 for i in range(3)]
        print(f"{name:26}{medians[0]:9.1f}{medians[1]:12.1f}{medians[2]:12.2f}")


if __name__ == "__main__":
    main()
