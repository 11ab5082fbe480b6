"""Bytes of the log on their way to a descriptor, as whole lines that begin with the mark of their request.

CPython 2.7 and 3.6 or later, standard library only.
"""
import os

try:
    from threading import get_ident
except ImportError:
    from thread import get_ident

# Begins a line that belongs to a request: the mark, the id, a blank.
MARK = b'\x1e'
# A line is told in pieces of this many bytes, each with its mark; the sidecar would cut them at 8192.
LONGEST_PIECE = 4000
# What is written at once reaches the log in one piece.
LONGEST_WRITE = 16384


def shown(name):
    # type: (str) -> str
    """A byte string, such as the name of a script, as the log shows it, whatever the locale is."""
    return name if isinstance(name, bytes) else name.encode('latin-1').decode('utf-8', 'backslashreplace')


class Lines(object):
    """Bytes of one writer on their way to a descriptor: complete lines leave, the rest waits for its end.

    The rest is kept by thread: `print` writes a text and its line end separately.
    """

    __slots__ = ('_descriptor', '_prefix', '_rests')

    def __init__(self, descriptor, prefix=b''):
        # type: (int, bytes) -> None
        self._descriptor = descriptor
        self._prefix = prefix
        self._rests = {}

    def add(self, data):
        # type: (bytes) -> None
        ident = get_ident()
        rest = self._rests.pop(ident, None)
        if rest is not None:
            data = rest + data
        end = data.rfind(b'\n') + 1
        if len(data) - end > LONGEST_WRITE:
            # Nobody ends this line.
            end = len(data)
        if end:
            self._send(data[:end])
        if end < len(data):
            self._rests[ident] = data[end:]

    def flush(self):
        # type: () -> None
        """Ends the calling thread's incomplete line, as mod_wsgi does."""
        rest = self._rests.pop(get_ident(), None)
        if rest is not None:
            self._send(rest)

    def flush_all(self):
        # type: () -> None
        """Ends the incomplete lines of all threads."""
        while self._rests:
            try:
                rest = self._rests.popitem()[1]
            except KeyError:
                return
            self._send(rest)

    def _send(self, data):
        # type: (bytes) -> None
        pending, size = [], 0
        for line in data[:-1].split(b'\n') if data.endswith(b'\n') else data.split(b'\n'):
            for start in range(0, len(line) or 1, LONGEST_PIECE):
                piece = b''.join((self._prefix, line[start:start + LONGEST_PIECE], b'\n'))
                if size + len(piece) > LONGEST_WRITE:
                    write_all(self._descriptor, b''.join(pending))
                    pending, size = [], 0
                pending.append(piece)
                size += len(piece)
        write_all(self._descriptor, b''.join(pending))


def write_all(descriptor, data):
    # type: (int, bytes) -> None
    """Writes to the group's log; when the sidecar is gone there is nobody to read it."""
    try:
        while data:
            data = data[os.write(descriptor, data):]
    except (OSError, IOError):
        pass
