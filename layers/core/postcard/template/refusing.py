"""Refusing what was sent, with every fault at once."""

from collections.abc import Sequence

from postcard.errors import BadRequest, Fault


def refuse(faults: Sequence[Fault], detail: str = "") -> None:
    """`BadRequest` with all faults, if there are any; of their code if they share one."""
    if not faults:
        return
    codes = {fault.code for fault in faults}
    code = codes.pop() if len(codes) == 1 else "invalid_request"
    places = ", ".join(fault.pointer or "the body" for fault in faults[:3])
    more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
    raise BadRequest(detail or f"Correct {places}{more}.", code=code, errors=tuple(faults))
