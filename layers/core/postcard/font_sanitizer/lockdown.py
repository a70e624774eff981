"""Closes the doors of the process that reads a stranger's font, once it has all that it needs."""

import codecs
import contextlib
import pkgutil
from importlib import import_module

from fontTools.misc.encodingTools import getEncoding
from fontTools.ttLib import tables

from postcard.runtime.sandbox import install_seccomp

_PLATFORMS, _ENCODINGS = (0, 1, 3), 39  # of names in fonts: Unicode, Macintosh, Windows
_PRELOADED_MODULES = ("fontTools.agl", "fontTools.ttLib.woff2", "postcard.font_sanitizer.sanitize")


def lock_down() -> bool:
    """No file, socket or child from here on; False where the system cannot be asked for that.

    fontTools imports the reader of a table when a font has that table, so all are loaded before.
    """
    for module in pkgutil.iter_modules(tables.__path__):
        import_module(f"{tables.__name__}.{module.name}")
    for name in _PRELOADED_MODULES:
        import_module(name)
    for platform in _PLATFORMS:
        for encoding in range(_ENCODINGS):
            with contextlib.suppress(LookupError):  # fontTools names some that Python has not
                codecs.lookup(getEncoding(platform, encoding, 0, "ascii"))
    return install_seccomp()
