"""What applications write, as whole lines of the group's log: `wsgi.errors`, `sys.stdout` and `sys.stderr`.

mod_wsgi gives all three to the log of the request whose thread writes, line by line (`wsgi_logger.c`). So here: the lines
of concurrent requests never mix, and each begins with the mark of its request, which the sidecar turns into the
field `request_id`. What C code and child processes write to descriptors 1 and 2 comes without a mark.

CPython 2.7 and 3.6 or later, standard library only.
"""
import io
import sys
import threading

from wsgi_lines import MARK, Lines

IS_TEXT_NATIVE = str is not bytes
OUTPUT, ERRORS = 1, 2


class Writer(threading.local):
    """Where the calling thread's lines belong: to its request, or to none."""

    log = None
    # What the print statement of Python 2 keeps on its file.
    softspace = 0


current = Writer()


class LogFile(object):
    """What the files of the log have in common: they can be written to, and are not closed by who does."""

    __slots__ = ()

    encoding = 'utf-8'
    errors = 'backslashreplace'
    closed = False

    def close(self):
        # type: () -> None
        self.flush()

    def writelines(self, pieces):
        # type: (list) -> None
        for piece in pieces:
            self.write(piece)

    def isatty(self):
        # type: () -> bool
        return False

    def readable(self):
        # type: () -> bool
        return False

    seekable = readable

    def writable(self):
        # type: () -> bool
        return True


class RequestLog(LogFile):
    """`wsgi.errors` of one request, and where its thread's `sys.stdout` and `sys.stderr` go meanwhile.

    A request that writes nothing pays for this object alone.
    """

    __slots__ = ('_id', '_errors', '_output', 'softspace')

    name = '<wsgi.errors>'
    newlines = None
    line_buffering = True

    def __init__(self, request_id):
        # type: (str) -> None
        self._id = request_id
        self._errors = None
        self._output = None
        self.softspace = 0

    def lines(self, descriptor):
        # type: (int) -> Lines
        found = self._output if descriptor == OUTPUT else self._errors
        if found is None:
            found = Lines(descriptor, mark_of(self._id))
            if descriptor == OUTPUT:
                self._output = found
            else:
                self._errors = found
        return found

    def end(self):
        # type: () -> None
        """Lets go of what the request left without a line end. Whoever kept the object may write on."""
        if self._errors is not None:
            self._errors.flush_all()
        if self._output is not None:
            self._output.flush_all()

    def write(self, text):
        # type: (str) -> int
        self.lines(ERRORS).add(encoded(text))
        return len(text)

    def flush(self):
        # type: () -> None
        if self._errors is not None:
            self._errors.flush()

    def fileno(self):
        # type: () -> int
        return ERRORS

    @property
    def buffer(self):
        # type: () -> Stream
        """The same for bytes."""
        return Stream(ERRORS, self.name, self.lines(ERRORS))


class Stream(LogFile):
    """A binary stream of the log; without lines of its own it writes to those of the calling thread's request."""

    mode = 'w'

    def __init__(self, descriptor, name, lines=None):
        # type: (int, str, Lines) -> None
        self._descriptor = descriptor
        self.name = name
        self._lines = lines
        # Of threads that serve no request.
        self._others = Lines(descriptor)

    def write(self, data):
        # type: (bytes) -> int
        size = len(data)
        self._own().add(data if isinstance(data, bytes) else as_bytes(data))
        return size

    def flush(self):
        # type: () -> None
        self._own().flush()

    def end(self):
        # type: () -> None
        """Ends every incomplete line that belongs to no request."""
        self._others.flush_all()

    def fileno(self):
        # type: () -> int
        return self._descriptor

    @property
    def softspace(self):
        # type: () -> int
        """Each thread's own, so that the blank between two words of one does not come between those of another."""
        return current.softspace

    @softspace.setter
    def softspace(self, value):
        # type: (int) -> None
        current.softspace = value

    def _own(self):
        # type: () -> Lines
        if self._lines is not None:
            return self._lines
        log = current.log
        return self._others if log is None else log.lines(self._descriptor)


def install():
    # type: () -> object
    """Puts log streams in the place of `sys.stdout` and `sys.stderr`; returns what ends their incomplete lines."""
    streams = [Stream(OUTPUT, '<stdout>'), Stream(ERRORS, '<stderr>')]
    # A file object of Python 2 closes its descriptor when nobody holds it any more.
    kept = sys.stdout, sys.stderr
    if IS_TEXT_NATIVE:
        texts = [io.TextIOWrapper(stream, 'utf-8', 'backslashreplace', '\n', False, True) for stream in streams]
    else:
        texts = streams
    sys.stdout, sys.stderr = texts

    def end():
        # type: () -> None
        for stream in streams:
            stream.end()

    end.kept = kept
    return end


def mark_of(request_id):
    # type: (str) -> bytes
    """What each line of a request begins with."""
    data = encoded(request_id)
    # An id never holds a blank or a control character; what does is not shown as one.
    return b'' if not data or min(bytearray(data)) <= 32 else MARK + data + b' '


def encoded(text):
    # type: (str) -> bytes
    if isinstance(text, bytes):
        if IS_TEXT_NATIVE:
            raise TypeError('write() argument must be str, not bytes')
        return text
    try:
        return text.encode('utf-8', 'backslashreplace')
    except AttributeError:
        raise TypeError('write() argument must be str, not %s' % type(text).__name__)


def as_bytes(data):
    # type: (object) -> bytes
    """Any bytes-like object; under Python 2 text too."""
    return data.encode('utf-8') if hasattr(data, 'encode') and not IS_TEXT_NATIVE else bytes(memoryview(data))
