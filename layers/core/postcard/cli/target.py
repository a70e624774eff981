"""The installation that a command works on: the local service (`make serve`) or a stack in AWS."""

import functools
import json
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import postcard
from postcard.cli.api_client import ApiClient
from postcard.cli.output import CommandError
from postcard.errors import ServiceUnavailable
from postcard.keys.api_keys import ApiKeyService
from postcard.keys.key_rotation import KeyRotation
from postcard.keys.key_set import KeySet
from postcard.links.signing import LinkKeys
from postcard.pipeline.template_loader import TemplateLoader
from postcard.runtime.lazy_dataclass import dataclass
from postcard.settings import Settings, SettingsError

if TYPE_CHECKING:
    from postcard.api_assembly import ApiService
    from postcard.keys.sessions import SessionService
    from postcard.text.fonts import Fonts

REPOSITORY = Path(postcard.__file__).resolve().parents[3]
NO_TARGET_MESSAGE = (
    "No Postcard service was found. Start one with `make serve` in this folder, or name a stack in"
    " AWS with --stack (and --profile, --region)."
)
# Environment variables and the outputs of template.yaml with their values.
STACK_OUTPUTS = {
    "POSTCARD_TABLE": "TableName",
    "POSTCARD_PICTURES_BUCKET": "PicturesBucketName",
    "POSTCARD_STORE_BUCKET": "StoreBucketName",
    "POSTCARD_SECRET_ID": "KeysSecret",
    "POSTCARD_BASE_URL": "PictureUrl",
    "POSTCARD_KVS_ARN": "EdgeKeysArn",
    "POSTCARD_DISTRIBUTION_ID": "DistributionId",
    "POSTCARD_API_URL": "ApiUrl",
}


@dataclass(frozen=True, slots=True)
class ServiceTarget:
    """One installation of Postcard. `state` is the folder in which `make serve` stores its data."""

    stack: str | None
    profile: str | None
    region: str | None
    state: Path

    def environment(self) -> Mapping[str, str]:
        """The functions' environment variables; sets the local AWS credentials in this process."""
        if self.stack:
            variables = {**_postcard_variables(os.environ), **self._stack_variables(self.stack)}
        elif "POSTCARD_TABLE" in os.environ:
            variables = _postcard_variables(os.environ)
        elif (file := self.state / "env").is_file():
            lines = file.read_text(encoding="utf-8").splitlines()
            pairs = (line.partition("=") for line in lines)
            variables = {name: shlex.split(value)[0] for name, _, value in pairs}
            self._use_local_credentials(variables)
        else:
            raise CommandError(NO_TARGET_MESSAGE)
        more = more_fonts_folder()
        return {
            **variables,
            "POSTCARD_FONTS": str(fonts_folder()),
            "POSTCARD_MORE_FONTS": str(more or ""),
        }

    def settings(self) -> Settings:
        """The installation's settings; `CommandError` names a missing one."""
        try:
            return Settings.from_environ(self.environment())
        except SettingsError as error:
            raise CommandError(str(error)) from error

    def key_rotation(self) -> KeyRotation:
        """Reads and changes the signing keys."""
        from postcard import wiring

        settings = self.settings()
        return KeyRotation(wiring.secret_store(settings), wiring.edge_store(settings))

    def api_keys(self) -> ApiKeyService:
        """Reads and changes the API keys."""
        from postcard import wiring

        return ApiKeyService(wiring.api_key_store(self.settings()))

    def sessions(self) -> "SessionService":
        """Invites people to the template editor."""
        from postcard import wiring

        return wiring.session_service(self.settings())

    def template_loader(self) -> TemplateLoader:
        """Loads the installation's templates."""
        from postcard import wiring

        return TemplateLoader(wiring.template_store(self.settings()))

    def api_service(self) -> "ApiService":
        """The services behind the API, called directly."""
        from postcard import wiring

        return wiring.api_service(self.settings())

    def local_json_path(self) -> Path | None:
        """The file of `local_json`; None if there is none or a stack is named."""
        path = self.state / "local.json"
        return None if self.stack or not path.is_file() else path

    def local_json(self) -> Mapping[str, Any]:
        """URLs and keys of the local service; empty if there is none or a stack is named."""
        path = self.local_json_path()
        if path is None:
            return {}
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            raise CommandError(
                f"{path} is damaged. Put a copy of it back, or delete it: the next start of `make"
                " serve` writes it again, with a new API key."
            ) from None

    def base_url(self) -> str | None:
        """The address of the installation's pictures; None if its settings cannot be read."""
        try:
            url: str = self.local_json().get("base_url") or self.settings().base_url
        except (CommandError, ServiceUnavailable):
            return None
        return url.rstrip("/")

    def key_set(self) -> KeySet:
        """All keys of links, read from the secret."""
        from postcard import wiring

        return KeySet.from_json(wiring.secret_store(self.settings()).read())

    def link_keys(self) -> tuple[LinkKeys, KeySet | None]:
        """The keys of links: from the secret, or from `local.json` if the secret is unavailable.

        With the key of `local.json`, the key set is None.
        """
        try:
            key_set = self.key_set()
            return key_set.link_keys(), key_set
        except (ServiceUnavailable, CommandError):
            if (local_keys := self._local_link_keys()) is None:
                raise
            return local_keys, None

    def _local_link_keys(self) -> LinkKeys | None:
        """The signing key in `local.json`: enough to sign links and to verify its own ones."""
        local = self.local_json()
        if "signing_key_hex" not in local:
            return None
        kid = local["signing_key_id"]
        signing = {kid: local["signing_key_hex"]}
        return LinkKeys(local["epoch"], signing, kid, local["address_key_hex"], "", "")

    def uses_api(self) -> bool:
        """Whether the environment names an API, and nothing names a stack or its table."""
        names_api = "POSTCARD_API_URL" in os.environ or "POSTCARD_API_KEY" in os.environ
        return names_api and not self.stack and "POSTCARD_TABLE" not in os.environ

    def api_client(self) -> ApiClient:
        """A client of the API at POSTCARD_API_URL, of the stack, or of the local service."""
        url = self.api_url()
        key = os.environ.get("POSTCARD_API_KEY") or self.local_json().get("api_key")
        if not key:
            raise CommandError(
                "Set POSTCARD_API_KEY to an API key. `postcard keys create` creates one."
            )
        return ApiClient(url, key)

    def api_url(self) -> str:
        """The address of the API: of the stack, POSTCARD_API_URL, or of the local service."""
        if self.stack:
            return self._stack_variables(self.stack)["POSTCARD_API_URL"]
        url = os.environ.get("POSTCARD_API_URL") or self.local_json().get("base_url")
        if not url:
            raise CommandError(
                "No Postcard API was found. Start one with `make serve` in this folder, or set"
                " POSTCARD_API_URL and POSTCARD_API_KEY."
            )
        return str(url)

    def _stack_variables(self, stack: str) -> dict[str, str]:
        from postcard.adapters.aws.boto_client import boto_client
        from postcard.adapters.aws.call_failed import AwsCallFailed

        self._set_aws_profile()
        region = self.region or os.environ.get("AWS_REGION") or _profile_region()
        settings = Settings("", "", "", "", region=region)
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        client = boto_client("cloudformation", replace(settings, endpoint_url=endpoint))
        try:
            (described,) = client.describe_stacks(StackName=stack)["Stacks"]
        except AwsCallFailed as failure:
            if failure.aws_code != "ValidationError":
                raise
            raise CommandError(
                f"There is no stack {stack} in {region}. Check its name, or set --region."
            ) from failure
        outputs = {item["OutputKey"]: item["OutputValue"] for item in described.get("Outputs", ())}
        variables = {
            name: outputs[output] for name, output in STACK_OUTPUTS.items() if output in outputs
        }
        return {**variables, "AWS_REGION": region}

    def _set_aws_profile(self) -> None:
        if self.profile:
            os.environ["AWS_PROFILE"] = self.profile

    def _use_local_credentials(self, variables: Mapping[str, str]) -> None:
        """Use the local server's AWS credentials, never the developer's real ones."""
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            os.environ.pop(name, None)
        os.environ.update({n: v for n, v in variables.items() if n.startswith("AWS_")})


def fonts_folder() -> Path:
    """The folder of the fonts: POSTCARD_FONTS, or `layers/fonts` of the repository."""
    folder = Path(os.environ.get("POSTCARD_FONTS") or REPOSITORY / "layers" / "fonts")
    if not folder.is_dir():
        raise CommandError(
            f"The folder of the fonts, {folder}, does not exist. Set POSTCARD_FONTS to the folder"
            " layers/fonts of Postcard's repository."
        )
    return folder


def more_fonts_folder() -> Path | None:
    """The folder of the optional fonts: POSTCARD_MORE_FONTS; None if it is not set."""
    name = os.environ.get("POSTCARD_MORE_FONTS")
    if name and not (Path(name) / "coverage.json").is_file():
        raise CommandError(
            f"There are no fonts in {name} (POSTCARD_MORE_FONTS). `make more-fonts` writes some"
            " into build/more-fonts."
        )
    return Path(name).absolute() if name else None


def load_fonts() -> "Fonts":
    """All fonts for drawing on this machine."""
    from postcard.text.fonts import Fonts

    return Fonts.load(fonts_folder(), more_fonts_folder())


def target_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--stack --profile --region --state`; the function gets them as `target`."""

    @functools.wraps(function)
    def call(*args: Any, stack: str, profile: str, region: str, state: Path, **kwargs: Any) -> Any:
        return function(*args, target=ServiceTarget(stack, profile, region, state), **kwargs)

    for option in reversed(TARGET_OPTIONS):
        call = option(call)
    return call


TARGET_OPTIONS = (
    click.option(
        "--stack",
        metavar="NAME",
        help="Use this CloudFormation stack in AWS, for example postcard-prod. Default: the local"
        " service of `make serve`.",
    ),
    click.option("--profile", metavar="NAME", help="The AWS profile for --stack."),
    click.option(
        "--region",
        metavar="NAME",
        help="The AWS region of --stack. Default: AWS_REGION, the profile's region, or us-east-1.",
    ),
    click.option(
        "--state",
        type=click.Path(path_type=Path),
        default=".postcard",
        show_default=True,
        help="The folder in which the local service stores its data.",
    ),
)


def _profile_region() -> str:
    """The region of AWS_DEFAULT_REGION or of the AWS profile, as `make deploy` finds it."""
    from postcard.adapters.aws.boto_client import configured_region

    return configured_region() or "us-east-1"


def _postcard_variables(environ: Mapping[str, str]) -> dict[str, str]:
    return {n: v for n, v in environ.items() if n.startswith(("POSTCARD_", "AWS_"))}
