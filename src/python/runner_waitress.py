"""Runs a group under waitress, on the listening socket that the launcher bound.

waitress reads a whole request body, to disk from half a megabyte on, before it calls the application.

CPython 2.7 and 3.6 or later; waitress 1.2 or later, from wherever the group's interpreter finds it.
"""
import signal

import wsgi_runner
from wsgi_clock import monotonic
from wsgi_privileges import BootFailure
from wsgi_worker import leave

# Connections are the sidecar's to close: one that ended while a request was on its way would lose it.
FOR_EVER = 10 * 365 * 86400
NO_LIMIT = 1 << 60


class Stop(BaseException):
    """SIGTERM came."""


def serve(listener, order, control):
    # type: (object, dict, object) -> None
    """Serves until SIGTERM and the end of the requests in flight, then ends the process."""
    try:
        from waitress.server import create_server
    except ImportError as error:
        raise BootFailure('Cannot import waitress: %s: install it for the Python of the group, on Debian as package '
                          '"python3-waitress", or choose another "runner"' % error)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    group, ready = wsgi_runner.start_group(order, control)
    threads = order.get('threads', 1)
    server = create_server(wsgi_runner.Application(group), sockets=[listener], threads=threads, ident=None,
                           connection_limit=threads + 1000, channel_timeout=FOR_EVER, asyncore_use_poll=True,
                           max_request_body_size=NO_LIMIT, clear_untrusted_proxy_headers=False)
    try:
        control.send(ready)
        while True:
            turn(server, 3600)
    except Stop:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    control.send({'event': 'stopping', 'reason': 'SIGTERM'})
    deadline = monotonic() + order.get('shutdownTimeout', 5)
    while is_busy(server) and monotonic() < deadline:
        turn(server, 0.05)
    leave(deadline, group.stop)


def stop(number, frame):
    # type: (int, object) -> None
    # From the second on it would break off the drain.
    raise Stop


def turn(server, timeout):
    # type: (object, float) -> None
    """One turn of waitress's event loop."""
    server.asyncore.loop(timeout=timeout, use_poll=True, map=server._map, count=1)


def is_busy(server):
    # type: (object) -> bool
    """Whether a request is worked on, or an answer not yet sent."""
    return any(channel.requests or channel.total_outbufs_len for channel in list(server.active_channels.values()))
