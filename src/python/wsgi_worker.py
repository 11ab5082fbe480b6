"""The built-in server of a group process: HTTP/1.1 on a Unix socket whose only client is the sidecar.

`serve()` is called by launcher.py when privileges are dropped and paths are set. It returns never: the process ends
with status 0 when SIGTERM or the end of the lifeline asks for it and requests in flight are done or out of time.

CPython 2.7 and 3.6 or later, standard library only.
"""
import atexit
import errno
import fcntl
import os
import platform
import select
import signal
import sys
import threading
import time

import wsgi_group
from wsgi_connection import Connection
from wsgi_response import FileWrapper, report, report_exception
from wsgi_threads import ThreadPool, start_thread

DEFAULT_SHUTDOWN_TIMEOUT = 5
# Requests that stand in the socket's queue at the end are taken before the pool counts as idle.
SETTLE_SECONDS = 0.02


def serve(listener, order, control):
    # type: (object, dict, object) -> None
    """Imports what the order names, says ready, serves until told to stop, exits."""
    set_signal = signal.signal
    group = application_of(order, control)
    imported, failed = group.preload(order.get('imports') or [])
    base = base_environ()
    pool = ThreadPool(listener, lambda accepted: Connection(accepted, group, base, pool), order.get('threads', 1))
    stop = StopSignal(set_signal, getattr(control, 'lifeline', 0))
    pool.start()
    control.send({'event': 'ready', 'pid': os.getpid(), 'python': platform.python_version(),
                  'imported': imported, 'failed': failed})
    reason = stop.wait()
    deadline = time.time() + order.get('shutdownTimeout', DEFAULT_SHUTDOWN_TIMEOUT)
    pool.stop_accepting()
    control.send({'event': 'stopping', 'reason': reason})
    drain(pool, deadline)
    leave(deadline, group)


def application_of(order, control):
    # type: (dict, object) -> object
    """What the process runs: the applications of its group, or a dispatch script."""
    if 'dispatchScript' not in order:
        return wsgi_group.Group(order, control)
    import wsgi_dispatch
    return wsgi_dispatch.Dispatcher(order, control)


def base_environ():
    # type: () -> dict
    """What the environ of every request begins with; wsgi_group.py lays the group's own over it."""
    return {
        'GATEWAY_INTERFACE': 'CGI/1.1',
        'SERVER_SOFTWARE': 'wsgi-sidecar',
        'SERVER_NAME': 'localhost',
        'SERVER_PORT': '80',
        'SCRIPT_NAME': '',
        'wsgi.errors': sys.stderr,
        'wsgi.file_wrapper': FileWrapper,
        'wsgi.input_terminated': True,
    }


class StopSignal(object):
    """SIGTERM and the end of the lifeline, as one event to wait for."""

    def __init__(self, set_signal, lifeline):
        # type: (object, int) -> None
        self._lifeline = lifeline
        self._read, self._write = os.pipe()
        for descriptor in (self._read, self._write):
            # Python 2 lets the applications' children have them.
            fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        fcntl.fcntl(self._write, fcntl.F_SETFL, fcntl.fcntl(self._write, fcntl.F_GETFL) | os.O_NONBLOCK)
        # The interpreter writes there the moment the signal comes. A handler in Python alone would be too late: it runs when the
        # main thread's poll() returns, which nothing interrupts when another thread got the signal, or just before it began.
        signal.set_wakeup_fd(self._write)
        set_signal(signal.SIGTERM, do_nothing)
        # Ctrl-C in a terminal is the sidecar's to answer.
        set_signal(signal.SIGINT, signal.SIG_IGN)

    def wait(self):
        # type: () -> str
        """Blocks the main thread; returns the reason to stop."""
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        poll.register(self._lifeline, select.POLLIN)
        while True:
            try:
                ready = [descriptor for descriptor, _ in poll.poll()]
            except (OSError, select.error) as error:
                if error.args[0] != errno.EINTR:
                    raise
                continue
            if self._read in ready:
                return 'SIGTERM'
            # Nothing is ever written after the start order; what is readable is the end.
            if not os.read(self._lifeline, 4096):
                return 'lifeline'


def do_nothing(number, frame):
    # type: (int, object) -> None
    """A signal handler: its being there makes the interpreter write to the wake-up descriptor."""


def drain(pool, deadline):
    # type: (ThreadPool, float) -> None
    """Waits for the requests in flight, not longer than until the deadline."""
    quiet_since = None
    while time.time() < deadline:
        now = time.time()
        if not pool.is_idle():
            quiet_since = None
        elif quiet_since is None:
            quiet_since = now
        elif now - quiet_since >= SETTLE_SECONDS:
            return
        time.sleep(SETTLE_SECONDS / 4)
    report('Shutdown timeout: requests in flight are cut')


def leave(deadline, group):
    # type: (float, object) -> None
    """Ends the process as an interpreter's end would, but with status 0 and not later than the deadline allows."""
    start_thread(lambda: (time.sleep(max(deadline - time.time(), 1.0)), os._exit(0)), 'wsgi-deadline')
    for step in (group.stop, threading._shutdown, atexit._run_exitfuncs, sys.stdout.flush, sys.stderr.flush):
        try:
            step()
        except:  # noqa: E722 - an application's exit handler may raise anything
            report_exception()
    os._exit(0)
