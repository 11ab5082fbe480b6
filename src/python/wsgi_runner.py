"""What runs a group's applications under another server than the built-in worker: its environ, its answers, its start.

`Application` stands between that server and wsgi_group.py. It takes away what the server added to the environ, and
hands on answers that a reader can tell whole from cut: an answer that is shorter than its Content-Length fails, HEAD
has no body, and under a server that ends answers by closing the connection they are framed in chunks here.

CPython 2.7 and 3.6 or later, standard library only.
"""
import os
import platform
import signal

import wsgi_group
import wsgi_watch
from wsgi_lines import shown
from wsgi_mount import base_environ
from wsgi_scripts import report, report_exception
from wsgi_worker import limit_threads

# As the front writes it; a quote inside of a value would have a backslash before it.
CHUNKED = '"HTTP_TRANSFER_ENCODING":"chunked"'
BODILESS = ('204', '304')
SERVER_ERROR = '500 Internal Server Error'
# What is believed of the server's own environ; all else that it adds, mod_wsgi would not have had.
KEPT = frozenset(('REQUEST_METHOD', 'SCRIPT_NAME', 'PATH_INFO', 'QUERY_STRING', 'REQUEST_URI', 'SERVER_PROTOCOL',
                  'CONTENT_TYPE', 'CONTENT_LENGTH', 'wsgi.input', 'wsgi.file_wrapper'))


class CutAnswer(Exception):
    """The application announced more than it sent: the server has to end the connection."""


def start_group(order, control):
    # type: (dict, object) -> tuple
    """The group and the `ready` message, after what is to be imported was imported; the server's own signals are set."""
    wsgi_watch.dump_stacks_on(signal.SIGUSR2, signal.signal)
    if order.get('deadlockTimeout'):
        wsgi_watch.watch_for_deadlock(order['deadlockTimeout'])
    group = wsgi_group.Group(order, control)
    imported, failed = group.preload(order.get('imports') or [])
    # For the threads of the server, which come after this.
    limit_threads(order)
    return group, {'event': 'ready', 'pid': os.getpid(), 'python': platform.python_version(),
                   'imported': imported, 'failed': failed}


class Application(object):
    """The WSGI application that the other server is given. Thread-safe."""

    def __init__(self, group, frames_chunks=False):
        # type: (object, bool) -> None
        self._group = group
        # For a server that knows no chunks of its own.
        self._frames_chunks = frames_chunks
        self._base = base_environ()

    def __call__(self, environ, start_response):
        # type: (dict, object) -> object
        self._clean(environ)
        is_head = environ['REQUEST_METHOD'] == 'HEAD'
        answer = Answer(start_response, is_head, self._frames_chunks)
        # The server may look for it there, but applications may have taken it away.
        wrapper = environ['wsgi.file_wrapper']
        try:
            result = self._group(environ, answer.start)
        except Exception:
            report_failure(environ.get('SCRIPT_FILENAME', ''))
            return [answer.fail()]
        environ['wsgi.file_wrapper'] = wrapper
        is_file = isinstance(wrapper, type) and isinstance(result, wrapper)
        if is_file and answer.is_passed_on():
            return result
        return Body(answer, result, environ.get('SCRIPT_FILENAME', ''))

    def _clean(self, environ):
        # type: (dict) -> None
        for key in list(environ):
            if key not in KEPT and not key.startswith('HTTP_'):
                del environ[key]
        for key in self._base:
            environ.setdefault(key, self._base[key])
        # waitress counts the chunks and says their sum.
        if CHUNKED in environ.get('HTTP_X_SIDECAR_REQUEST', ''):
            environ.pop('CONTENT_LENGTH', None)
        if environ.pop('HTTP_X_SIDECAR_EXPECT', None) is not None:
            environ['HTTP_EXPECT'] = '100-continue'


class Answer(object):
    """Status and headers of one answer, held back until its first byte or its end."""

    def __init__(self, start_response, is_head, frames_chunks):
        # type: (object, bool, bool) -> None
        self._start_response = start_response
        self._is_head = is_head
        self._frames_chunks = frames_chunks
        self._head = None
        self._write = None
        self._is_chunked = False
        self._left = None
        self.is_committed = False

    def start(self, status, headers, exc_info=None):
        # type: (str, list, tuple) -> object
        """What the application calls as `start_response`."""
        if exc_info is not None:
            try:
                if self.is_committed:
                    raise exc_info[1]
            finally:
                exc_info = None
        elif self._head is not None:
            raise AssertionError('start_response() was called twice without exc_info')
        self._head = (status, list(headers))
        return self.write

    def write(self, data):
        # type: (bytes) -> None
        """The imperative way to send, which PEP 3333 keeps for old applications."""
        if data:
            self.commit()
            framed = self.frame(data)
            if framed:
                self._write(framed)

    def is_passed_on(self):
        # type: () -> bool
        """Commits an answer that the server may send by its own means; false where the body has to go through here."""
        if self._head is None or self._is_bodiless() or (self._frames_chunks and self._length() is None):
            return False
        self.commit()
        return True

    def commit(self, whole=None):
        # type: (bytes) -> None
        """Hands the head to the server; `whole` is the body where it is known at once."""
        if self.is_committed:
            return
        if self._head is None:
            raise AssertionError('The application answered without start_response()')
        status, headers = self._head
        length = self._length()
        if length is None and status[:3] not in BODILESS:
            if whole is not None:
                headers.append(('Content-Length', str(len(whole))))
            elif self._frames_chunks and not self._is_head:
                self._is_chunked = True
                headers.append(('Transfer-Encoding', 'chunked'))
        self._left = length
        self.is_committed = True
        self._write = self._start_response(status, headers)

    def frame(self, data):
        # type: (bytes) -> bytes
        """The bytes to send for these of the body; nothing where the answer has no body."""
        if self._is_bodiless():
            return b''
        if self._left is not None:
            data = data[:self._left]
            self._left -= len(data)
        return ('%x\r\n' % len(data)).encode('ascii') + data + b'\r\n' if self._is_chunked else data

    def end(self):
        # type: () -> bytes
        """What is still to be sent after the body; raises where the body is too short."""
        self.commit(b'')
        if self._left and not self._is_bodiless():
            raise CutAnswer('%d bytes of the announced Content-Length were not sent' % self._left)
        return b'0\r\n\r\n' if self._is_chunked else b''

    def fail(self):
        # type: () -> bytes
        """An answer in the place of one that has not begun; the sidecar makes a page of it."""
        if self.is_committed:
            raise CutAnswer('The application failed in the middle of its answer')
        body = (SERVER_ERROR + '\n').encode('ascii')
        self._head = (SERVER_ERROR, [('Content-Type', 'text/plain'), ('x-sidecar-outcome', 'app-error')])
        self.commit(body)
        return self.frame(body)

    def _is_bodiless(self):
        # type: () -> bool
        return self._is_head or self._head[0][:3] in BODILESS

    def _length(self):
        # type: () -> int
        for name, value in self._head[1]:
            if name.lower() == 'content-length':
                return int(value)
        return None


class Body(object):
    """The body of one answer, as an iterable for the server; closes the application's own."""

    def __init__(self, answer, result, script):
        # type: (Answer, object, str) -> None
        self._answer = answer
        self._result = result
        self._script = script
        self._chunks = None
        self._is_over = False

    def __iter__(self):
        # type: () -> Body
        return self

    def __next__(self):
        # type: () -> bytes
        if self._is_over:
            raise StopIteration
        try:
            data = self._next_bytes()
        except Exception:
            self._is_over = True
            report_failure(self._script)
            if self._answer.is_committed:
                raise
            data = self._answer.fail()
        if not data:
            raise StopIteration
        return data

    next = __next__

    def _next_bytes(self):
        # type: () -> bytes
        if self._chunks is None:
            self._chunks = iter(self._result)
            if isinstance(self._result, (list, tuple)) and len(self._result) == 1:
                self._answer.commit(self._result[0])
        for data in self._chunks:
            if not data:
                continue
            self._answer.commit()
            framed = self._answer.frame(data)
            if framed:
                return framed
        self._is_over = True
        return self._answer.end()

    def close(self):
        # type: () -> None
        if hasattr(self._result, 'close'):
            self._result.close()


def report_failure(script):
    # type: (str) -> None
    report('Exception occurred processing WSGI script "%s"' % shown(script))
    report_exception()
