"""The group inside uWSGI: its sources, order and control pipe come from runner_uwsgi.py.

uWSGI ends answers without a length by closing the connection, also when it was killed: wsgi_runner.py frames them.

Python 3 alone, standard library and uWSGI's own module.
"""
import io
import sys

import launcher
import uwsgi
import wsgi_runner
from wsgi_privileges import show_name
from wsgi_response import FileWrapper

# As long as its client is there; the sidecar knows how long that may be.
WAIT_SECONDS = 86400


def application_of(order):
    # type: (dict) -> object
    """What uWSGI serves; called before it takes requests."""
    launcher.keep_from_children(launcher.CONTROL_FD)
    launcher.use_line_buffers()
    control = launcher.Control(launcher.CONTROL_FD, None)
    show_name(order)
    sys.argv[:] = ['mod_wsgi']
    # uWSGI puts the working folder there; mod_wsgi does not.
    sys.path[:] = [entry for entry in sys.path if entry not in ('', '.')]
    launcher.extend_path(order, order.get('user') is not None)
    group, ready = wsgi_runner.start_group(order, control)
    application = wsgi_runner.Application(group, frames_chunks=True)

    def serve_request(environ, start_response):
        # type: (dict, object) -> object
        # uWSGI's own is a function that works for its own descriptors alone.
        environ['wsgi.file_wrapper'] = FileWrapper
        if 'HTTP_TRANSFER_ENCODING' in environ:
            environ['wsgi.input'] = io.BufferedReader(ChunkedInput(), 65536)
        return application(environ, start_response)

    control.send(ready)
    return serve_request


class ChunkedInput(io.RawIOBase):
    """The body of a request that came in chunks; uWSGI's own `wsgi.input` would hand out the bytes of the framing."""

    def __init__(self):
        # type: () -> None
        io.RawIOBase.__init__(self)
        self._rest = b''
        self._is_over = False

    def readable(self):
        # type: () -> bool
        return True

    def readinto(self, buffer):
        # type: (bytearray) -> int
        if not self._rest and not self._is_over:
            self._rest = uwsgi.chunked_read(WAIT_SECONDS)
            self._is_over = not self._rest
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
