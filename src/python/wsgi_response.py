"""The answer of an application: validated as mod_wsgi 4.9.4 and Apache do, framed so that a cut is always visible.

Every byte that leaves goes through `Connection.send`. An answer is framed by Content-Length or in chunks; what ends
before its length or its last chunk was cut, and the connection ends with it.

CPython 2.7 and 3.6 or later, standard library only.
"""
import os
import sys
import traceback

from wsgi_file import FileWrapper, bytes_left
from wsgi_header import NO_LENGTH, known_headers, known_statuses, learn_header, learn_status

IS_TEXT_NATIVE = str is not bytes
# Up to here head and body are copied together into one send, which is one wake-up of the sidecar instead of two.
JOINED_SIZE = 32768
FILE_BLOCK_SIZE = 131072
SENDFILE_SIZE = 1 << 20
HAS_SENDFILE = hasattr(os, 'sendfile')


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
                known = known_headers[header]
            except (KeyError, TypeError):
                known = None
            # Not in the handler: an application's error is told alone, not as one that came of ours.
            text, announced = learn_header(header) if known is None else known
            if announced >= 0:
                # Said once, by the last of them, in the head that leaves.
                length = announced
            else:
                lines.append(text)
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
        if kind is FileWrapper and self._send_file(result.filelike):
            return
        write = self.write
        for block in result:
            write(block)
        self._end()

    def fail(self, status='500 Internal Server Error', outcome='app-error'):
        # type: (str, str) -> None
        """Answers in place of an application that raised; once the head has left, only a cut can tell."""
        if self.has_begun:
            self.is_whole = self.is_whole or self._left == 0
            return
        self.start_response(status, [('Content-Type', 'text/plain'), ('x-sidecar-outcome', outcome)])
        self._send_all((status + '\n').encode('ascii'))

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
        elif length == NO_LENGTH:
            length = whole
        if length != NO_LENGTH and code != b'204':
            lines.append(b'Content-Length: %d\r\n' % length)
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

    def _send_file(self, filelike):
        # type: (object) -> bool
        """Sends a plain file by its length; false, with nothing sent, for others."""
        size = bytes_left(filelike)
        if size is None or self.has_begun:
            return False
        if size > JOINED_SIZE and HAS_SENDFILE:
            offset = filelike.tell()
            self._begin(b'', size)
            filelike.seek(self._send_pages(filelike.fileno(), offset))
        else:
            self._begin(filelike.read(min(size, FILE_BLOCK_SIZE)), size)
        while self._left > 0:
            block = filelike.read(min(self._left, FILE_BLOCK_SIZE))
            if not block:
                break
            self._send_block(block)
        self._end()
        return True

    def _send_pages(self, descriptor, offset):
        # type: (int, int) -> int
        """Has the kernel send from a file's own pages as far as it can; returns where it stopped."""
        while self._left > 0:
            sent = self._connection.send_file(descriptor, offset, min(self._left, SENDFILE_SIZE))
            if not sent:
                break
            offset += sent
            self._left -= sent
        return offset


def frame(block):
    # type: (bytes) -> bytes
    """The block as one chunk (RFC 9112, 7.1)."""
    return b''.join((('%x\r\n' % len(block)).encode('ascii'), block, b'\r\n'))


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
