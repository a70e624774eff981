"""Log lines of a Lambda function, by Powertools."""

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property

from aws_lambda_powertools import Logger

CALLER = 3  # frames up: the line's `location` is where `write` was called


class FunctionLog:
    """Writes to the standard output. `service` is the name unless the environment has one."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._handler = logging.StreamHandler()

    @cached_property
    def _logger(self) -> Logger:
        service = os.environ.get("POWERTOOLS_SERVICE_NAME", self._service)
        return Logger(service=service, level="INFO", logger_handler=self._handler)

    def write(
        self, message: str, fields: Mapping[str, object], *, is_failure: bool = False
    ) -> None:
        """Write a line with the fields that are not None; without an error if that fails."""
        self._handler.stream = sys.stdout  # it may have been replaced since the last call
        given = {name: value for name, value in fields.items() if value is not None}
        write = self._logger.error if is_failure else self._logger.info
        with suppress(OSError, ValueError):
            write(message, extra=given, stacklevel=CALLER)
