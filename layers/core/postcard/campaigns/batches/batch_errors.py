"""The errors that the state machine of batches tells apart, by the names of these classes."""

from postcard.runtime.lazy_dataclass import dataclass


@dataclass(eq=False)
class BatchRefused(Exception):
    """The batch cannot be done, whenever it is tried: its file or its settings are wrong.

    `code` and `detail` are for the batch's owner, `line` is the file's. They hold no value of a
    person and no header.
    """

    code: str
    detail: str
    line: int | None = None

    def __str__(self) -> str:
        return self.code


@dataclass(eq=False)
class BatchIncomplete(Exception):
    """After all rounds some chunks have no result."""

    missing: int

    def __str__(self) -> str:
        return f"{self.missing} chunks have no result."


class ChunkFailed(Exception):
    """Too many rows of a chunk failed through a fault of Postcard: the chunk is to be tried again.

    Its text holds no value of a row.
    """
