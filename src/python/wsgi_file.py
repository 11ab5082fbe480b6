"""Files as answers: `wsgi.file_wrapper` (PEP 3333), and which of them the kernel can send by itself.

CPython 2.7 and 3.6 or later, standard library only.
"""
import os
import stat
from io import BufferedRandom, BufferedReader, FileIO

BLOCK_SIZE = 65536


class FileWrapper(object):
    """`wsgi.file_wrapper` (PEP 3333): a file as an iterable of blocks, or sent by the kernel when it is a plain one."""

    def __init__(self, filelike, block_size=BLOCK_SIZE):
        # type: (object, int) -> None
        self.filelike = filelike
        self.block_size = block_size
        if hasattr(filelike, 'close'):
            self.close = filelike.close

    def __iter__(self):
        # type: () -> FileWrapper
        return self

    def __next__(self):
        # type: () -> bytes
        block = self.filelike.read(self.block_size)
        if not block:
            raise StopIteration
        return block

    next = __next__


def plain_file(filelike):
    # type: (object) -> tuple
    """(descriptor, position, bytes left) of a plain file on disk; None for all that only looks like one.

    A GzipFile has a descriptor too, but not the bytes that its read() gives: only types are trusted here.
    """
    if not hasattr(os, 'sendfile'):
        return None
    raw = getattr(filelike, 'raw', None) if type(filelike) in (BufferedReader, BufferedRandom) else filelike
    if type(raw) is not FileIO or not raw.readable():
        return None
    try:
        found = os.fstat(raw.fileno())
        offset = filelike.tell()
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return raw.fileno(), offset, max(found.st_size - offset, 0)
