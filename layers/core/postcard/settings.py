"""Settings of a deployment, read from environment variables."""

from collections.abc import Mapping

from postcard.runtime.lazy_dataclass import dataclass

DEFAULT_MERGE_RENDERS = 1_000_000  # some ten dollars a day
DEFAULT_BATCH_DAYS = 7
DEFAULT_BATCH_CONCURRENCY = 10
MAX_BATCH_BYTES = 5_000_000_000  # of an upload; a laptop has less
MAX_BATCH_ROWS = 100_000_000  # of a file; a laptop has less
DEFAULT_LOG_DAYS = 30
DEFAULT_FONTS = "/opt/fonts"
DEFAULT_REGION = "us-east-1"
DEFAULT_STAGE = "prod"


class SettingsError(ValueError):
    """An environment variable is missing or malformed."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a deployment; `from_environ` names the variables."""

    table: str
    pictures_bucket: str
    store_bucket: str
    secret_id: str
    base_url: str = ""  # of pictures, without a trailing slash; the image function needs none
    kvs_arn: str = ""  # or "file:/folder" on a machine without CloudFront
    distribution_id: str = ""
    queue_url: str = ""  # of the worker's tasks
    hint_queue_url: str = ""  # of hints at deliveries of webhooks
    slow_hint_queue_url: str = ""  # of those whose endpoints are slow
    loopback_webhooks: bool = False  # to http://127.0.0.1:PORT; never in AWS
    log_database: str = ""  # of the access log, in Athena; empty in regions that have no such log
    log_workgroup: str = ""  # of its queries
    log_days: int = DEFAULT_LOG_DAYS  # until a file of the access log is deleted
    batch_machine: str = ""  # the ARN of the state machine of batches
    batch_days: int = DEFAULT_BATCH_DAYS  # until the files of a batch are deleted
    batch_concurrency: int = DEFAULT_BATCH_CONCURRENCY  # workers of all batches together
    batch_bytes: int = MAX_BATCH_BYTES  # of an upload
    batch_rows: int = MAX_BATCH_ROWS  # of a file
    allow_http: bool = False
    cors_origins: tuple[str, ...] = ()
    fonts: str = DEFAULT_FONTS  # a folder
    more_fonts: str = ""  # the folder of the optional fonts; empty without them
    retention_days: int | None = None
    merge_renders: int = DEFAULT_MERGE_RENDERS  # a day, for one merge link
    store_renders: str = "always"  # or "never": the CDN alone keeps the pictures of links
    public_status: bool = False  # whether the status is shown without an API key
    stage: str = DEFAULT_STAGE
    region: str = DEFAULT_REGION
    endpoint_url: str | None = None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """From environment variables; `SettingsError` names all missing ones at once."""
        required = {field: f"POSTCARD_{field.upper()}" for field in REQUIRED_FIELDS}
        missing = [name for name in required.values() if not environ.get(name)]
        if missing:
            raise SettingsError(f"Set {', '.join(missing)}: template.yaml shows their values.")
        return cls(
            **{field: environ[name] for field, name in required.items()},
            base_url=environ.get("POSTCARD_BASE_URL", "").rstrip("/"),
            kvs_arn=environ.get("POSTCARD_KVS_ARN", ""),
            distribution_id=environ.get("POSTCARD_DISTRIBUTION_ID", ""),
            queue_url=environ.get("POSTCARD_QUEUE_URL", ""),
            hint_queue_url=environ.get("POSTCARD_HINT_QUEUE_URL", ""),
            slow_hint_queue_url=environ.get("POSTCARD_SLOW_HINT_QUEUE_URL", ""),
            loopback_webhooks=_read_flag(environ, "POSTCARD_LOOPBACK_WEBHOOKS"),
            log_database=environ.get("POSTCARD_LOG_DATABASE", ""),
            log_workgroup=environ.get("POSTCARD_LOG_WORKGROUP", ""),
            log_days=_read_positive_integer(environ, "POSTCARD_LOG_DAYS", "days")
            or DEFAULT_LOG_DAYS,
            batch_machine=environ.get("POSTCARD_BATCH_MACHINE", ""),
            batch_days=_read_positive_integer(environ, "POSTCARD_BATCH_DAYS", "days")
            or DEFAULT_BATCH_DAYS,
            batch_concurrency=_read_positive_integer(
                environ, "POSTCARD_BATCH_CONCURRENCY", "workers"
            )
            or DEFAULT_BATCH_CONCURRENCY,
            batch_bytes=_read_positive_integer(environ, "POSTCARD_BATCH_BYTES", "bytes")
            or MAX_BATCH_BYTES,
            batch_rows=_read_positive_integer(environ, "POSTCARD_BATCH_ROWS", "rows")
            or MAX_BATCH_ROWS,
            allow_http=_read_flag(environ, "POSTCARD_ALLOW_HTTP"),
            cors_origins=tuple(environ.get("POSTCARD_CORS_ORIGINS", "").replace(",", " ").split()),
            fonts=environ.get("POSTCARD_FONTS") or DEFAULT_FONTS,
            more_fonts=environ.get("POSTCARD_MORE_FONTS", ""),
            retention_days=_read_positive_integer(environ, "POSTCARD_RETENTION_DAYS", "days"),
            merge_renders=_read_positive_integer(environ, "POSTCARD_MERGE_RENDERS", "renders")
            or DEFAULT_MERGE_RENDERS,
            store_renders=_read_choice(environ, "POSTCARD_STORE_RENDERS", ("always", "never")),
            public_status=_read_choice(environ, "POSTCARD_PUBLIC_STATUS", ("off", "on")) == "on",
            stage=environ.get("POSTCARD_STAGE") or DEFAULT_STAGE,
            region=environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION,
            endpoint_url=environ.get("AWS_ENDPOINT_URL") or None,
        )


REQUIRED_FIELDS = ("table", "pictures_bucket", "store_bucket", "secret_id")


def _read_flag(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "")
    if text not in ("", "0", "1"):
        raise SettingsError(f'{name} is "{text}": leave it empty or set it to 1.')
    return text == "1"


def _read_choice(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """One of the choices; the first if it is not set."""
    text = environ.get(name) or choices[0]
    if text not in choices:
        raise SettingsError(f'{name} is "{text}": set it to {" or ".join(choices)}.')
    return text


def _read_positive_integer(environ: Mapping[str, str], name: str, unit: str) -> int | None:
    text = environ.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise SettingsError(f'{name} is "{text}": set it to a number of {unit}, or leave it empty.')
    return int(text)
