"""The answer of an application: validated as mod_wsgi 4.9.4 and Apache do, framed so that a cut is always visible.

Every byte that leaves goes through `Connection.send`. An answer is framed by Content-Length or in chunks; what ends
before its length or its last chunk was cut, and the connection ends with it.

CPython 2.7 and 3.6 or later, standard library only.
"""
import os
import re
import stat
import sys
import traceback

try:
    from io import BufferedRandom, BufferedReader, FileIO
except ImportError:
    BufferedRandom = BufferedReader = FileIO = ()

IS_TEXT_NATIVE = str is not bytes
BLOCK_SIZE = 65536
# Up to here head and body are copied together into one send, which is one wake-up of the sidecar instead of two.
JOINED_SIZE = 32768
SENDFILE_SIZE = 1 << 20
LINES_KEPT = 1024

STATUS = re.compile(r'([2-5][0-9][0-9]) [^\x00-\x08\x0a-\x1f\x7f]*\Z')
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
CONTROL = re.compile(r'[\x00-\x08\x0a-\x1f\x7f]')
DECIMAL = re.compile(r'[0-9]{1,18}\Z')
# The connection is ours, not the application's (PEP 3333, "Other HTTP Features").
HOP_BY_HOP = frozenset(('connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding',
                        'upgrade'))
NO_LENGTH = -1

known_statuses = {}
known_headers = {}

APP_ERROR = b'500 Internal Server Error\n'
APP_ERROR_HEADERS = [('Content-Type', 'text/plain'), ('x-sidecar-outcome', 'app-error')]


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


class Response(object):
    """One answer, from start_response to its last byte."""

    __slots__ = ('_connection', '_has_body', '_lines', '_length', '_left', '_is_chunked', 'has_begun', 'is_whole')

    def __init__(self, connection, has_body):
        # type: (object, bool) -> None
        self._connection = connection
        self._has_body = has_body
        self._lines = None
        # What the application announced, and what of it is still to come.
        self._length = NO_LENGTH
        self._left = NO_LENGTH
        self._is_chunked = False
        # Whether the head has left.
        self.has_begun = False
        self.is_whole = False

    def start_response(self, status, headers, exc_info=None):
        # type: (str, list, tuple) -> object
        if exc_info is not None:
            try:
                if self.has_begun:
                    reraise(exc_info)
            finally:
                exc_info = None
        elif self.has_begun:
            raise RuntimeError('headers have already been sent')
        line = known_statuses.get(status) or learn_status(status)
        if not isinstance(headers, list):
            raise TypeError('expected list object for headers, value of type %s found' % type(headers).__name__)
        lines = [line]
        length = NO_LENGTH
        for header in headers:
            try:
                text, announced = known_headers[header]
            except (KeyError, TypeError):
                text, announced = learn_header(header)
            lines.append(text)
            if announced >= 0:
                length = announced
        self._lines = lines
        self._length = length
        return self.write

    def write(self, block):
        # type: (bytes) -> None
        """Sends a block at once, with the head before the first."""
        if not isinstance(block, bytes):
            raise TypeError('sequence of byte string values expected, value of type %s found' % type(block).__name__)
        if self.has_begun:
            self._send_block(block)
        elif block:
            self._begin(block)

    def finish(self, result):
        # type: (object) -> None
        """Sends what the application returned, to its end."""
        kind = type(result)
        if (kind is list or kind is tuple) and not self.has_begun:
            if len(result) == 1:
                self._send_all(result[0])
                return
            if sum(map(len, result)) <= JOINED_SIZE:
                self._send_all(b''.join(result))
                return
        if kind is FileWrapper and self._send_file(result):
            return
        write = self.write
        for block in result:
            write(block)
        self._end()

    def fail(self):
        # type: () -> None
        """Answers 500 in place of an application that raised; once the head has left, only a cut can tell."""
        if self.has_begun:
            self.is_whole = self.is_whole or self._left == 0
            return
        self.start_response('500 Internal Server Error', APP_ERROR_HEADERS)
        self._send_all(APP_ERROR)

    def _send_all(self, body):
        # type: (bytes) -> None
        """The whole answer in one piece, which is the way of most."""
        if not isinstance(body, bytes):
            raise TypeError('sequence of byte string values expected, value of type %s found' % type(body).__name__)
        self._begin(body, len(body))
        self._end()

    def _begin(self, block, whole=NO_LENGTH):
        # type: (bytes, int) -> None
        """Sends the head and the first block; `whole` is the length of the body when it is known to be this block."""
        lines = self._lines
        if lines is None:
            raise RuntimeError('response has not been started')
        connection = self._connection
        length = self._length
        code = lines[0][9:12]
        if code == b'204' or code == b'304':
            self._has_body = False
            if code == b'204':
                lines = [line for line in lines if not line.lower().startswith(b'content-length:')]
        elif length == NO_LENGTH and whole != NO_LENGTH:
            length = whole
            lines.append(b'Content-Length: %d\r\n' % whole)
        if not self._has_body:
            length = 0
        elif length == NO_LENGTH and connection.can_chunk:
            self._is_chunked = True
            lines.append(b'Transfer-Encoding: chunked\r\n')
        self._left = length
        if connection.must_close():
            lines.append(b'Connection: close\r\n')
        lines.append(b'\r\n')
        self.has_begun = True
        if block:
            self._send_first(lines, block)
        else:
            connection.send(b''.join(lines))

    def _send_first(self, lines, block):
        # type: (list, bytes) -> None
        if self._is_chunked:
            lines.append(frame(block))
        elif self._left != NO_LENGTH:
            if len(block) > self._left:
                block = block[:self._left]
            self._left -= len(block)
            if len(block) > JOINED_SIZE:
                self._connection.send(b''.join(lines))
                self._connection.send(block)
                return
            lines.append(block)
        else:
            lines.append(block)
        self._connection.send(b''.join(lines))

    def _send_block(self, block):
        # type: (bytes) -> None
        if not block:
            return
        if self._is_chunked:
            block = frame(block)
        elif self._left != NO_LENGTH:
            # More than announced is cut off, as mod_wsgi does (`Adapter_output`).
            block = block[:self._left]
            self._left -= len(block)
        if block:
            self._connection.send(block)

    def _end(self):
        # type: () -> None
        if not self.has_begun:
            # Nothing came: that is a length for a GET, and says nothing of what a GET would get for a HEAD.
            self._begin(b'', 0 if self._has_body else NO_LENGTH)
        if self._is_chunked:
            self._connection.send(b'0\r\n\r\n')
        self.is_whole = self._left <= 0
        if not self.is_whole:
            report('Response ended %d bytes before its Content-Length' % self._left)

    def _send_file(self, wrapper):
        # type: (FileWrapper) -> bool
        """Has the kernel send a plain file; false, with nothing sent, where it cannot."""
        place = plain_file(wrapper.filelike)
        if place is None or self.has_begun:
            return False
        descriptor, offset, size = place
        self._begin(b'', size)
        left = min(self._left, size) if self._left != NO_LENGTH else size
        while left > 0:
            sent = self._connection.send_file(descriptor, offset, min(left, SENDFILE_SIZE))
            if not sent:
                break
            offset += sent
            left -= sent
            self._left -= sent
        self._end()
        return True


def frame(block):
    # type: (bytes) -> bytes
    """The block as one chunk (RFC 9112, 7.1)."""
    return b''.join((('%x\r\n' % len(block)).encode('ascii'), block, b'\r\n'))


def learn_status(status):
    # type: (str) -> bytes
    """The status line for an application's status; ValueError and TypeError as `wsgi_validate_status_line`."""
    if not isinstance(status, str):
        raise TypeError('expected native string for status, value of type %s found' % type(status).__name__)
    if not STATUS.match(status):
        raise ValueError('status %r is not three digits from 200 on, a space and a reason phrase' % status)
    line = 'HTTP/1.1 %s\r\n' % status
    data = encode(line)
    if len(known_statuses) < LINES_KEPT:
        known_statuses[status] = data
    return data


def learn_header(header):
    # type: (tuple) -> tuple
    """(header line, the length it announces or NO_LENGTH); errors as `wsgi_convert_headers_to_bytes`."""
    if not isinstance(header, tuple):
        raise TypeError('list of tuple values expected for headers, value of type %s found' % type(header).__name__)
    if len(header) != 2:
        raise ValueError('tuple of length 2 expected for header, length is %d' % len(header))
    name, value = header
    for part in header:
        if not isinstance(part, str):
            raise TypeError('expected native string in header %r, value of type %s found'
                            % (name, type(part).__name__))
    if not HEADER_NAME.match(name):
        raise ValueError('header name %r is not a token' % name)
    if CONTROL.search(value):
        raise ValueError('control character present in value of header %r' % name)
    lower = name.lower()
    length = NO_LENGTH
    if lower == 'content-length':
        if not DECIMAL.match(value):
            raise ValueError('invalid content length %r' % value)
        length = int(value)
    line = b'' if lower in HOP_BY_HOP else encode('%s: %s\r\n' % header)
    if len(line) < 256:
        if len(known_headers) >= LINES_KEPT:
            known_headers.clear()
        known_headers[header] = (line, length)
    return line, length


def encode(text):
    # type: (str) -> bytes
    """Native string to bytes; a UnicodeEncodeError is a ValueError, as mod_wsgi wants it."""
    return text.encode('latin-1') if IS_TEXT_NATIVE else text


def plain_file(filelike):
    # type: (object) -> tuple
    """(descriptor, position, bytes left) of a plain file on disk; None for all that only looks like one.

    A GzipFile has a descriptor too, but not the bytes that its read() gives: only types are trusted here.
    """
    if not hasattr(os, 'sendfile') or not FileIO:
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


def reraise(exc_info):
    # type: (tuple) -> None
    """Raises what an application hands to start_response, with its traceback."""
    if IS_TEXT_NATIVE:
        raise exc_info[1].with_traceback(exc_info[2])
    exec('raise exc_info[0], exc_info[1], exc_info[2]')


def report(text):
    # type: (str) -> None
    sys.stderr.write(text + '\n')
    sys.stderr.flush()


def report_exception():
    # type: () -> None
    """The traceback of an application, to the group's log and nowhere else."""
    report(traceback.format_exc().rstrip('\n'))
