"""Asks the hosts of remote pictures whether they answer, a few addresses of each."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, Protocol

from postcard.ports import FetchError, JsonObject
from postcard.runtime.lazy_dataclass import dataclass

HOSTS_AT_ONCE = 20
MAX_SECONDS = 60.0  # for all hosts together
ADDRESS_SECONDS = 5.0  # for one address
SLOW_SECONDS = 2.0  # a picture that is drawn waits 3 s at most for all of its remote pictures

AddressStatus = Literal["ok", "slow", "dead", "unchecked"]


class AddressProbe(Protocol):
    """Asks whether an address answers; the project's fetcher with its address rules."""

    def probe(self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float) -> None:
        """`FetchError` if it does not answer by the `time.monotonic()` instant `deadline`."""


@dataclass(frozen=True, slots=True)
class CheckedAddress:
    """The answer of one address; `seconds` until it came."""

    address: str
    status: AddressStatus
    seconds: float = 0.0
    detail: str = ""

    def to_json(self) -> JsonObject:
        """The answer."""
        return {
            "address": self.address,
            "status": self.status,
            "seconds": round(self.seconds, 2),
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class CheckedHost:
    """A host, how many pictures of the table are there, and the addresses that were asked."""

    host: str
    uses: int
    addresses: tuple[CheckedAddress, ...]

    @property
    def status(self) -> AddressStatus:
        """The worst answer; `unchecked` if there was no time."""
        statuses = {checked.status for checked in self.addresses}
        return next((s for s in ("dead", "slow", "unchecked") if s in statuses), "ok")

    def to_json(self) -> JsonObject:
        """The host with its addresses."""
        return {
            "host": self.host,
            "uses": self.uses,
            "status": self.status,
            "addresses": [checked.to_json() for checked in self.addresses],
        }


def check_addresses(
    hosts: Mapping[str, tuple[int, Sequence[str]]],
    probe: AddressProbe,
    *,
    monotonic: Callable[[], float] = time.monotonic,
) -> list[CheckedHost]:
    """The hosts with their answers, those that do not answer first.

    `hosts` are bounded by whoever counted them: a host's number of uses and some of its addresses.
    """
    deadline = monotonic() + MAX_SECONDS

    def check_host(host: str) -> CheckedHost:
        uses, addresses = hosts[host]
        return CheckedHost(
            host,
            uses,
            tuple(_check(address, probe, deadline, monotonic) for address in addresses),
        )

    with ThreadPoolExecutor(HOSTS_AT_ONCE) as threads:
        checked = list(threads.map(check_host, hosts))
    order = ("dead", "slow", "unchecked", "ok")
    return sorted(checked, key=lambda host: (order.index(host.status), -host.uses, host.host))


def _check(
    address: str, probe: AddressProbe, deadline: float, monotonic: Callable[[], float]
) -> CheckedAddress:
    start = monotonic()
    if start >= deadline:
        return CheckedAddress(address, "unchecked")
    try:
        until = min(deadline, start + ADDRESS_SECONDS)
        probe.probe(address, allowed_hosts=None, deadline=until)
    except FetchError as error:
        return CheckedAddress(address, "dead", monotonic() - start, str(error))
    seconds = monotonic() - start
    status: AddressStatus = "slow" if seconds > SLOW_SECONDS else "ok"
    return CheckedAddress(address, status, seconds)
