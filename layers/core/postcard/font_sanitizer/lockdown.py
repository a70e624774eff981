"""Locks down the process that parses an untrusted font, after loading all that it needs."""

import codecs
import contextlib
import pkgutil
from importlib import import_module

from fontTools.misc.encodingTools import getEncoding
from fontTools.ttLib import tables

from postcard.runtime import sandbox

MAX_MEMORY_BYTES = 768_000_000
MAX_CPU_SECONDS = 15
_NAME_PLATFORMS, _NAME_ENCODINGS = (0, 1, 3), 39  # Unicode, Macintosh, Windows
_PRELOADED_MODULES = ("fontTools.agl", "fontTools.ttLib.woff2", "postcard.font_sanitizer.sanitize")


def lock_down() -> sandbox.Seal:
    """Enter the sandbox: no files, sockets or child processes from here on.

    fontTools imports a table's module when a font has that table, so all are imported first.
    """
    for module in pkgutil.iter_modules(tables.__path__):
        import_module(f"{tables.__name__}.{module.name}")
    for name in _PRELOADED_MODULES:
        import_module(name)
    for platform in _NAME_PLATFORMS:
        for encoding in range(_NAME_ENCODINGS):
            with contextlib.suppress(LookupError):  # fontTools names some that Python lacks
                codecs.lookup(getEncoding(platform, encoding, 0, "ascii"))
    return sandbox.enter(max_data_bytes=MAX_MEMORY_BYTES, max_cpu_seconds=MAX_CPU_SECONDS)
