"""Which Postcard a command works on: this machine's (`make serve`), or a stack in AWS."""

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
    from postcard.services.assembly import ApiService

REPOSITORY = Path(postcard.__file__).resolve().parents[3]
NO_TARGET_MESSAGE = (
    "There is no Postcard to work on: start one with `make serve` here, or name a stack with"
    " --stack (and --profile, --region)."
)
# Which output of template.yaml tells which setting.
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
    """One Postcard. `state` is the folder where `make serve` keeps its own."""

    stack: str | None
    profile: str | None
    region: str | None
    state: Path

    def environment(self) -> Mapping[str, str]:
        """What the functions there have in their environment; also set for this process."""
        if self.stack:
            found = {**_postcard_variables(os.environ), **self._stack_variables(self.stack)}
        elif "POSTCARD_TABLE" in os.environ:
            found = _postcard_variables(os.environ)
        elif (file := self.state / "env").is_file():
            lines = file.read_text(encoding="utf-8").splitlines()
            found = {name: shlex.split(v)[0] for name, _, v in (x.partition("=") for x in lines)}
            self._use_local_credentials(found)
        else:
            raise CommandError(NO_TARGET_MESSAGE)
        return {**found, "POSTCARD_FONTS": str(fonts_folder())}

    def settings(self) -> Settings:
        """The settings there; `CannotDo` names what is missing."""
        try:
            return Settings.from_environ(self.environment())
        except SettingsError as error:
            raise CommandError(str(error)) from error

    def key_rotation(self) -> KeyRotation:
        """The signing keys' life."""
        from postcard import wiring

        settings = self.settings()
        return KeyRotation(wiring.secret_store(settings), wiring.edge_store(settings))

    def api_keys(self) -> ApiKeyService:
        """API keys."""
        from postcard import wiring

        return ApiKeyService(wiring.api_key_store(self.settings()))

    def template_loader(self) -> TemplateLoader:
        """The templates there."""
        from postcard import wiring

        return TemplateLoader(wiring.template_store(self.settings()))

    def api_service(self) -> "ApiService":
        """Everything that the API does, without the API."""
        from postcard import wiring

        return wiring.api_service(self.settings())

    def local_json(self) -> Mapping[str, Any]:
        """What `local.json` says; empty if there is none or a stack is meant."""
        path = self.state / "local.json"
        if self.stack or not path.is_file():
            return {}
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def key_set(self) -> KeySet:
        """All keys of links, from the secret."""
        from postcard import wiring

        return KeySet.from_json(wiring.secret_store(self.settings()).read())

    def link_keys(self) -> tuple[LinkKeys, KeySet | None]:
        """The keys of links: the secret's, or the one `local.json` tells if no secret answers."""
        try:
            key_set = self.key_set()
            return key_set.link_keys(), key_set
        except (ServiceUnavailable, CommandError):
            if (told := self._local_link_keys()) is None:
                raise
            return told, None

    def _local_link_keys(self) -> LinkKeys | None:
        """One signing key: enough to mint, and to verify what it signed."""
        told = self.local_json()
        if "signing_key_hex" not in told:
            return None
        kid = told["signing_key_id"]
        signing = {kid: told["signing_key_hex"]}
        return LinkKeys(told["epoch"], signing, kid, told["address_key_hex"], "", "")

    def api_client(self) -> ApiClient:
        """The HTTP API there, by POSTCARD_API_URL and POSTCARD_API_KEY or by `local.json`."""
        told = self.local_json()
        url = os.environ.get("POSTCARD_API_URL") or told.get("base_url")
        if self.stack:
            url = self._stack_variables(self.stack)["POSTCARD_API_URL"]
        key = os.environ.get("POSTCARD_API_KEY") or told.get("api_key")
        if not url:
            raise CommandError(
                "Set POSTCARD_API_URL and POSTCARD_API_KEY, or start `make serve` here."
            )
        if not key:
            raise CommandError("Set POSTCARD_API_KEY: `postcard keys create` makes one.")
        return ApiClient(url, key)

    def _stack_variables(self, stack: str) -> dict[str, str]:
        from postcard.adapters.aws.boto_client import boto_client
        from postcard.adapters.aws.call_failed import AwsCallFailed

        self._set_aws_profile()
        region = self.region or os.environ.get("AWS_REGION") or "us-east-1"
        nothing = Settings("", "", "", "", region=region)
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        client = boto_client("cloudformation", replace(nothing, endpoint_url=endpoint))
        try:
            (described,) = client.describe_stacks(StackName=stack)["Stacks"]
        except AwsCallFailed as failure:
            if failure.aws_code != "ValidationError":
                raise
            raise CommandError(
                f"There is no stack {stack} in {region}: say its --region."
            ) from failure
        told = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", ())}
        found = {name: told[output] for name, output in STACK_OUTPUTS.items() if output in told}
        return {**found, "AWS_REGION": region}

    def _set_aws_profile(self) -> None:
        if self.profile:
            os.environ["AWS_PROFILE"] = self.profile

    def _use_local_credentials(self, variables: Mapping[str, str]) -> None:
        """A developer's real credentials have no business with the server of this machine."""
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            os.environ.pop(name, None)
        os.environ.update({n: v for n, v in variables.items() if n.startswith("AWS_")})


def fonts_folder() -> Path:
    """The fonts: of this checkout, or where POSTCARD_FONTS says."""
    folder = Path(os.environ.get("POSTCARD_FONTS") or REPOSITORY / "layers" / "fonts")
    if not folder.is_dir():
        raise CommandError(f"{folder}: there are no fonts; say where they are with POSTCARD_FONTS.")
    return folder


def target_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--stack --profile --region --state`, given to the function as `place`."""

    @functools.wraps(function)
    def call(*given: Any, stack: str, profile: str, region: str, state: Path, **named: Any) -> Any:
        return function(*given, target=ServiceTarget(stack, profile, region, state), **named)

    for option in reversed(TARGET_OPTIONS):
        call = option(call)
    return call


TARGET_OPTIONS = (
    click.option("--stack", metavar="NAME", help="A stack in AWS, by its CloudFormation name."),
    click.option("--profile", metavar="NAME", help="The AWS profile for --stack."),
    click.option("--region", metavar="NAME", help="The stack's region (us-east-1)."),
    click.option(
        "--state",
        type=click.Path(path_type=Path),
        default=".postcard",
        show_default=True,
        help="Where `make serve` keeps its state, when no stack is named.",
    ),
)


def _postcard_variables(environ: Mapping[str, str]) -> dict[str, str]:
    return {n: v for n, v in environ.items() if n.startswith(("POSTCARD_", "AWS_"))}
