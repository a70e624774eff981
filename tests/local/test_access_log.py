"""The imitated access log and its files."""

import gzip
import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.aws.access_log import AccessLog, AccessLogSettings, Exchange
from local.aws.athena_service import DuckDbQueries, LogTable
from local.aws.cloudformation import CloudFormationTemplate, TemplateError
from local.aws.http_messages import Request, Response
from postcard.usage.hits_query import hits_query, read_group

TEMPLATE = CloudFormationTemplate.read(Path("template.yaml"))
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
HIT = Response(200, {"content-type": "image/png", "x-cache": "Hit from cloudfront"}, b"x" * 300)
HOUR = 3600.0


def exchange(
    path: str = "/r/welcome.png", *, at: float = NOON, response: Response = HIT
) -> Exchange:
    return Exchange(Request("GET", path, "name=Ann&_sig=secret"), response, at, 0.0421)


@pytest.fixture
def log(tmp_path: Path) -> AccessLog:
    return AccessLog(tmp_path, AccessLogSettings.read(TEMPLATE))


def lines(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The lines of each file."""
    found = {}
    for file in sorted(folder.glob("**/*.gz")):
        with gzip.open(file, "rt") as stream:
            found[str(file.relative_to(folder))] = [json.loads(line) for line in stream]
    return found


def test_a_line_has_the_fields_of_the_template_and_no_query(log: AccessLog, tmp_path: Path) -> None:
    log.add(exchange())
    assert log.poll() == 1
    (((line),),) = lines(tmp_path).values()
    (delivery,) = TEMPLATE.resources("AWS::Logs::Delivery").values()
    assert list(line) == delivery["RecordFields"]
    assert (line["date"], line["time"]) == ("2026-11-30", "12:00:00")
    assert (line["cs-uri-stem"], line["sc-status"]) == ("/r/welcome.png", "200")
    assert (line["x-edge-result-type"], line["time-taken"]) == ("Hit", "0.042")
    assert 300 < int(line["sc-bytes"]) < 500, "with the headers"
    assert "Ann" not in json.dumps(line) and "secret" not in json.dumps(line)


def test_each_hour_has_a_file_and_later_lines_are_appended(log: AccessLog, tmp_path: Path) -> None:
    for at in (NOON, NOON + 60, NOON + HOUR, NOON + 13 * HOUR):
        log.add(exchange(at=at))
        log.poll()
    assert {name: len(found) for name, found in lines(tmp_path).items()} == {
        "LOCAL/2026/11/30/LOCAL.2026-11-30-12.gz": 2,
        "LOCAL/2026/11/30/LOCAL.2026-11-30-13.gz": 1,
        "LOCAL/2026/12/01/LOCAL.2026-12-01-01.gz": 1,
    }


def test_requests_have_different_ids(log: AccessLog, tmp_path: Path) -> None:
    for _ in range(20):
        log.add(exchange())
    log.close()
    (found,) = lines(tmp_path).values()
    assert len({line["x-edge-request-id"] for line in found}) == 20


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole + whole[: len(whole) // 2],  # killed while it appended
        lambda whole: whole + b"no gzip",
        lambda whole: whole + gzip.compress(b'{"date": "2026-11-30", "ti'),
    ],
    ids=["half of a member", "no gzip", "half of a line"],
)
def test_the_lines_of_a_damaged_file_are_counted_as_soon_as_the_server_runs_again(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    settings = AccessLogSettings.read(TEMPLATE)
    first = AccessLog(tmp_path, settings)
    for _ in range(3):
        first.add(exchange())
    first.close()
    (file,) = tmp_path.glob("**/*.gz")
    file.write_bytes(damage(file.read_bytes()))
    (file.parent / "LOCAL.2026-11-30-13.gz").touch()  # killed before it wrote
    with closing(AccessLog(tmp_path, settings)) as again:
        again.add(exchange(at=NOON + 3 * HOUR))
    day = date(2026, 11, 30)
    queries = DuckDbQueries(LogTable.read(TEMPLATE, tmp_path))
    (row,) = queries.rows(queries.start(hits_query(day, day))) or ()
    assert read_group(row).counts["hits"] == 4


def test_lines_that_could_not_be_written_are_written_later(
    log: AccessLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.add(exchange())
    log.poll()
    log.add(exchange())
    (file,) = tmp_path.glob("**/*.gz")

    def fill_the_disk(text: bytes) -> bytes:
        with file.open("ab") as stream:
            stream.write(b"\x1f\x8b half of it")
        raise OSError("No space left on device")

    with monkeypatch.context() as full:
        full.setattr(gzip, "compress", fill_the_disk)
        with pytest.raises(OSError, match="No space"):
            log.poll()
    assert log.poll() == 1
    assert [len(found) for found in lines(tmp_path).values()] == [2]


def test_a_file_that_ends_in_the_middle_is_mended_and_put_aside(tmp_path: Path) -> None:
    settings = AccessLogSettings.read(TEMPLATE)
    first = AccessLog(tmp_path, settings)
    first.add(exchange())
    first.close()
    (file,) = tmp_path.glob("**/*.gz")
    whole = file.read_bytes()
    again = AccessLog(tmp_path, settings)
    again.add(exchange())
    again.close()
    assert [len(found) for found in lines(tmp_path).values()] == [2]
    file.write_bytes(whole[:-5])
    last = AccessLog(tmp_path, settings)
    last.add(exchange())
    last.close()
    assert [len(found) for found in lines(tmp_path).values()] == [2]
    assert file.with_suffix(".damaged").read_bytes() == whole[:-5]


def test_files_older_than_the_templates_days_are_deleted(log: AccessLog, tmp_path: Path) -> None:
    days = AccessLogSettings.read(TEMPLATE).days
    for day in (0, 1, days + 1, days):
        log.add(exchange(at=NOON + day * 24 * HOUR))
        log.poll()
    dates = [found[0]["date"] for found in lines(tmp_path).values()]
    assert dates == ["2026-12-01", "2026-12-30", "2026-12-31"]


def test_a_field_that_is_not_imitated_is_an_error(tmp_path: Path) -> None:
    properties = {"RecordFields": ["date", "c-country"]}
    resources = {"AccessLogs": {"Type": "AWS::Logs::Delivery", "Properties": properties}}
    path = tmp_path / "template.yaml"
    path.write_text(yaml.safe_dump({"Resources": resources}))
    with pytest.raises(TemplateError, match="c-country"):
        AccessLogSettings.read(CloudFormationTemplate.read(path))


@pytest.mark.parametrize(
    ("x_cache", "result"),
    [
        ("Miss from cloudfront", "Miss"),
        ("RefreshHit from cloudfront", "RefreshHit"),
        ("Error from cloudfront", "Error"),
        ("FunctionGeneratedResponse from cloudfront", "FunctionGeneratedResponse"),
        ("", "Error"),
    ],
)
def test_the_result_is_what_x_cache_says(x_cache: str, result: str) -> None:
    response = Response(200, {"x-cache": x_cache} if x_cache else {})
    assert exchange(response=response).result == result
