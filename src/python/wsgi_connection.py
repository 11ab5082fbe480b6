"""One connection of the sidecar: request after request is read, its application run, its answer sent.

A small request costs one recv and one send. The socket stays in blocking mode, for bodies and answers; the head of a
request is read without waiting, because a thread serves other connections while one is idle (wsgi_threads.py).

CPython 2.7 and 3.6 or later, standard library only.
"""
import errno
import os
import socket
import sys
import threading

from wsgi_body import ClientGone, EmptyBody
from wsgi_lines import shown
from wsgi_mount import ToldMounts
from wsgi_request import BadRequest, IS_TEXT_NATIVE, body_of, parse_head
from wsgi_response import Response, report, report_exception

RECEIVE_SIZE = 16384
# The front takes 256 KiB of a client at most; what it says of a path on top may have that seven times again, and then there is the mount.
HEAD_LIMIT = 1 << 22
# More than a Unix socket holds: a sender that is ahead by more has not finished, and knows that its request was cut.
DRAIN_LIMIT = 1 << 20
EMPTY_BODY = EmptyBody()
WOULD_BLOCK = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR)


class Connection(object):
    """The state of one connection. `lock` is held by the thread that serves it; `again` asks it to look once more."""

    __slots__ = ('lock', 'again', 'is_broken', 'is_persistent', 'can_chunk', 'buffer', '_socket', '_application',
                 '_mounts', '_server', '_body', '_has_answered')

    def __init__(self, connected, application, server):
        # type: (socket.socket, object, object) -> None
        self.lock = threading.Lock()
        self.again = False
        # Nothing more can be said on this connection.
        self.is_broken = False
        self.is_persistent = True
        self.can_chunk = True
        # Bytes that came after what has been read as a request.
        self.buffer = b''
        self._socket = connected
        self._application = application
        self._mounts = ToldMounts(application.find_mount)
        # Whoever knows `is_stopping`.
        self._server = server
        self._body = None
        self._has_answered = False

    def next_request(self):
        # type: () -> dict
        """The environ of the next request whose head is wholly there; None when it is not, or `is_broken`."""
        data = self.buffer
        end = data.find(b'\r\n\r\n') if data else -1
        while end < 0:
            more = self._receive_now()
            if not more:
                self.buffer = data
                return None
            data = data + more if data else more
            end = data.find(b'\r\n\r\n')
            if end < 0 and len(data) > HEAD_LIMIT:
                return self._refuse(BadRequest('431 Request Header Fields Too Large'))
        self.buffer = data[end + 4:]
        head = data[:end]
        try:
            fields = parse_head(head.decode('latin-1') if IS_TEXT_NATIVE else head)
            self._take(fields)
        except BadRequest as refusal:
            return self._refuse(refusal)
        return self._mounts.environ_of(fields)

    def _take(self, environ):
        # type: (dict) -> None
        """Settles how this request is framed and whether another may follow."""
        self.can_chunk = self.is_persistent = environ['SERVER_PROTOCOL'] == 'HTTP/1.1'
        connection = environ.get('HTTP_CONNECTION')
        if connection is not None and connection != 'keep-alive' and 'close' in connection.lower():
            self.is_persistent = False
        self._has_answered = False
        if 'CONTENT_LENGTH' in environ or 'HTTP_TRANSFER_ENCODING' in environ:
            body = self._body = body_of(environ, self)
        else:
            body = self._body = None
        if body is None:
            environ['wsgi.input'] = EMPTY_BODY
            return
        environ['wsgi.input'] = body
        if environ.pop('HTTP_X_SIDECAR_EXPECT', None) is not None:
            environ['HTTP_EXPECT'] = '100-continue'
            body.awaits_continue = True

    def respond(self, environ):
        # type: (dict) -> bool
        """Runs the application and sends its answer; false when the connection has to be closed."""
        response = Response(self, environ['REQUEST_METHOD'] != 'HEAD')
        result = None
        try:
            result = self._application(environ, response.start_response)
            response.finish(result)
        except ClientGone:
            self.is_broken = True
        except:  # noqa: E722 - sys.exit() in an application ends its request, not the process
            self._fail(response, environ.get('SCRIPT_FILENAME', ''))
        finally:
            # Called always (PEP 3333), also when the client has left.
            if hasattr(result, 'close'):
                self._close_result(result)
        if not response.is_whole or not self.is_persistent or self.is_broken:
            return False
        return self._body is None or self._finish_body()

    def _fail(self, response, script):
        # type: (Response, str) -> None
        if self.is_broken and isinstance(sys.exc_info()[1], EnvironmentError):
            # The application only passed on that its client had left, perhaps in an error of its own.
            return
        # A traceback that begins in the worker does not always name whose fault it is (mod_wsgi: wsgi_log_python_error).
        report('Exception occurred processing WSGI script "%s"' % shown(script))
        report_exception()
        try:
            self.answer_failure(response)
        except ClientGone:
            self.is_broken = True

    def answer_failure(self, response):
        # type: (Response) -> None
        """Answers in place of an application that raised what sys.exc_info() tells."""
        response.fail()

    def _close_result(self, result):
        # type: (object) -> None
        try:
            result.close()
        except:  # noqa: E722 - as for the application itself
            report_exception()

    def _finish_body(self):
        # type: () -> bool
        """Reads what the application left unread, so that the next request begins where it begins."""
        # Bytes of the next request may have come with the last of this one, and were announced only once.
        self.again = True
        body = self._body
        self._body = None
        if body.awaits_continue:
            return False
        try:
            return body.drain(DRAIN_LIMIT)
        except IOError:
            return False

    def must_close(self):
        # type: () -> bool
        """Whether the head that is about to leave says that this connection ends; asked once per answer."""
        self._has_answered = True
        if self._server.is_stopping or (self._body is not None and self._body.awaits_continue):
            self.is_persistent = False
        return not self.is_persistent

    def send_continue(self):
        # type: () -> None
        """Tells the sidecar that the body is wanted: by 102, because undici takes no 100."""
        if not self._has_answered:
            self.send(b'HTTP/1.1 102 Processing\r\n\r\n')

    def send(self, data):
        # type: (bytes) -> None
        try:
            self._socket.sendall(data)
        except (socket.error, ValueError):
            self.is_broken = True
            raise ClientGone(errno.EPIPE, 'Client left before the end of the answer')

    def send_file(self, descriptor, offset, count):
        # type: (int, int, int) -> int
        """Sends from the pages of a file; returns how many bytes, 0 at its end or where its file system cannot."""
        try:
            return os.sendfile(self._socket.fileno(), descriptor, offset, count)
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOSYS):
                return 0
            self.is_broken = True
            raise ClientGone(errno.EPIPE, 'Client left before the end of the answer')

    def receive(self, size):
        # type: (int) -> bytes
        """1 to `size` bytes of a body; waits for them."""
        data = self.buffer
        if data:
            self.buffer = data[size:]
            return data[:size]
        try:
            data = self._socket.recv(size)
        except socket.error:
            data = b''
        if not data:
            self.is_broken = True
            raise ClientGone(errno.ECONNRESET, 'Client left before the end of the request body')
        return data

    def give_back(self, data):
        # type: (bytes) -> None
        """Returns bytes that a body had taken from beyond its end."""
        self.buffer = data + self.buffer

    def _receive_now(self):
        # type: () -> bytes
        """What has come, without waiting; nothing when there is nothing, or the connection `is_broken`."""
        try:
            data = self._socket.recv(RECEIVE_SIZE, socket.MSG_DONTWAIT)
        except socket.error as error:
            self.is_broken = error.errno not in WOULD_BLOCK
            return b''
        if not data:
            self.is_broken = True
        return data

    def _refuse(self, refusal):
        # type: (BadRequest) -> None
        """Answers what is no request, and ends the connection, since nobody knows where the next one begins."""
        try:
            self.send(('HTTP/1.1 %s\r\nContent-Length: 0\r\nx-sidecar-outcome: bad-request\r\n'
                       'Connection: close\r\n\r\n' % refusal).encode('ascii'))
        except ClientGone:
            pass
        self.is_broken = True

    def close(self):
        # type: () -> None
        """Ends the connection, also where a child process of the application has inherited it."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except socket.error:
            pass
        self._socket.close()
