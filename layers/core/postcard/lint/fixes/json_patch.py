"""JSON Patch (RFC 6902): the operations add, remove and replace."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

Operation = Mapping[str, Any]
Patch = tuple[Operation, ...]


class PatchError(ValueError):
    """A patch does not fit the document."""


def apply_patch(document: Any, patch: Sequence[Operation]) -> Any:
    """A copy of the document with the operations applied in order; `PatchError`.

    >>> apply_patch({"a": [1, 2]}, [{"op": "remove", "path": "/a/0"}])
    {'a': [2]}
    """
    patched = copy.deepcopy(document)
    for operation in patch:
        _apply(patched, operation)
    return patched


def value_at(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer; None if there is none."""
    return _follow(document, pointer_steps(pointer))


def pointer_steps(pointer: str) -> list[str]:
    """The unescaped steps of a JSON pointer.

    >>> pointer_steps("/layers/3/a~1b")
    ['layers', '3', 'a/b']
    """
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def set_value(document: Any, pointer: str, value: Any) -> Operation:
    """The operation that sets a member of an object, whether it exists or not."""
    *path, last = pointer_steps(pointer)
    parent = _follow(document, path)
    exists = isinstance(parent, list) or (isinstance(parent, dict) and last in parent)
    return {"op": "replace" if exists else "add", "path": pointer, "value": value}


def remove(pointer: str) -> Operation:
    """The operation that removes a member of an object or an item of a list."""
    return {"op": "remove", "path": pointer}


def _follow(document: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        try:
            document = document[int(step) if isinstance(document, list) else step]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return document


def _apply(document: Any, operation: Operation) -> None:
    try:
        name = operation["op"]
        *path, last = pointer_steps(operation["path"])
        parent = _follow(document, path)
        if isinstance(parent, list):
            _apply_to_list(parent, name, last, operation)
        elif isinstance(parent, dict):
            _apply_to_object(parent, name, last, operation)
        else:
            raise PatchError(f"There is no {operation['path']} in the document.")
    except PatchError:
        raise
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise PatchError(f"The operation {dict(operation)!r:.200} cannot be applied.") from error


def _apply_to_object(parent: dict[str, Any], name: str, key: str, operation: Operation) -> None:
    if name == "remove":
        del parent[key]
        return
    if name not in ("add", "replace") or (name == "replace" and key not in parent):
        raise PatchError(f"The operation {name} cannot be applied to {operation['path']}.")
    parent[key] = copy.deepcopy(operation["value"])


def _apply_to_list(parent: list[Any], name: str, key: str, operation: Operation) -> None:
    index = len(parent) if key == "-" and name == "add" else int(key)
    if not 0 <= index <= len(parent) - (name != "add"):
        raise PatchError(f"There is no {operation['path']} in the document.")
    if name == "remove":
        del parent[index]
    elif name == "replace":
        parent[index] = copy.deepcopy(operation["value"])
    elif name == "add":
        parent.insert(index, copy.deepcopy(operation["value"]))
    else:
        raise PatchError(f"The operation {name} cannot be applied to {operation['path']}.")
