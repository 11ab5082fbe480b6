"""Files as answers: `wsgi.file_wrapper` (PEP 3333), and how long the plain ones are.

CPython 2.7 and 3.6 or later, standard library only.
"""
import os
import stat
from io import BufferedRandom, BufferedReader, FileIO

try:
    # What open() gives under Python 2.
    PLAIN_TYPES = (BufferedReader, BufferedRandom, FileIO, file)  # type: ignore
except NameError:
    PLAIN_TYPES = (BufferedReader, BufferedRandom, FileIO)

# The block of an application that asks for no size of its own.
BLOCK_SIZE = 65536


class FileWrapper(object):
    """`wsgi.file_wrapper` (PEP 3333): a file as an iterable of blocks, or sent by the kernel when it is a plain one."""

    def __init__(self, filelike, blksize=BLOCK_SIZE):
        # type: (object, int) -> None
        self.filelike = filelike
        self.blksize = blksize
        if hasattr(filelike, 'close'):
            self.close = filelike.close

    def __iter__(self):
        # type: () -> FileWrapper
        return self

    def __next__(self):
        # type: () -> bytes
        block = self.filelike.read(self.blksize)
        if not block:
            raise StopIteration
        return block

    next = __next__


def bytes_left(filelike):
    # type: (object) -> int
    """How many bytes reading a plain file on disk will give; None for all that only looks like one.

    A GzipFile has a descriptor too, but not the bytes that its read() gives: only types are trusted here.
    """
    kind = type(filelike)
    if kind not in PLAIN_TYPES:
        return None
    if kind in (BufferedReader, BufferedRandom) and type(filelike.raw) is not FileIO:
        return None
    try:
        found = os.fstat(filelike.fileno())
        position = filelike.tell()
    except (EnvironmentError, ValueError):
        return None
    return max(found.st_size - position, 0) if stat.S_ISREG(found.st_mode) else None
