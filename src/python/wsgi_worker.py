"""The built-in server of a group process: HTTP/1.1 on a Unix socket whose only client is the sidecar.

`serve()` is called by launcher.py when privileges are dropped and paths are set. It returns never: the process ends
with status 0 when SIGTERM or the end of the lifeline asks for it and requests in flight are done or out of time.

CPython 2.7 and 3.6 or later, standard library only.
"""
import atexit
import os
import platform
import signal
import socket
import struct
import sys
import threading
import time

import wsgi_group
import wsgi_watch
from wsgi_clock import monotonic
from wsgi_connection import Connection
from wsgi_privileges import BootFailure
from wsgi_response import report, report_exception
from wsgi_stop import CPU_TIME_LIMIT, StopQueue
from wsgi_threads import ThreadPool, start_thread

DEFAULT_GRACEFUL_TIMEOUT = 15
DEFAULT_SHUTDOWN_TIMEOUT = 5
# Requests that stand in the socket's queue at the end are taken before the pool counts as idle.
LOOK_SECONDS = 0.005
QUIET_LOOKS = 5


def serve(listener, order, control):
    # type: (object, dict, object) -> None
    """Imports what the order names, says ready, serves until told to stop, exits."""
    set_signal = signal.signal
    wsgi_watch.dump_stacks_on(signal.SIGUSR2, set_signal)
    if order.get('deadlockTimeout'):
        wsgi_watch.watch_for_deadlock(order['deadlockTimeout'])
    group = application_of(order, control)
    imported, failed = group.preload(order.get('imports') or [])
    stop = StopQueue(set_signal, getattr(control, 'lifeline', 0))
    pool = pool_of(listener, order, group)
    start_threads(pool, order)
    control.send({'event': 'ready', 'pid': os.getpid(), 'python': platform.python_version(),
                  'imported': imported, 'failed': failed})
    reason = stop.wait()
    if reason == CPU_TIME_LIMIT:
        control.send({'event': 'expiring', 'reason': reason})
        await_replacement(stop, order.get('gracefulTimeout', DEFAULT_GRACEFUL_TIMEOUT))
    deadline = monotonic() + order.get('shutdownTimeout', DEFAULT_SHUTDOWN_TIMEOUT)
    pool.stop_accepting()
    control.send({'event': 'stopping', 'reason': reason})
    drain(pool, deadline)
    leave(deadline, lambda: group.stop(reason if reason == CPU_TIME_LIMIT else stop.told()))


def pool_of(listener, order, group):
    # type: (object, dict, object) -> ThreadPool
    """The threads, and what becomes of the connections that they accept."""
    tune = tuning_of(order)
    connect = Connection
    if order.get('interruptAfter'):
        interrupter = wsgi_watch.Interrupter(order['interruptAfter'], wsgi_watch.request_timeout())
        interrupter.start()

        def connect(accepted, application, server):
            # type: (object, object, object) -> Connection
            return wsgi_watch.InterruptibleConnection(accepted, application, server, interrupter)

    pool = ThreadPool(listener, lambda accepted: connect(tune(accepted), group, pool), order.get('threads', 1))
    return pool


def tuning_of(order):
    # type: (dict) -> object
    """What is done to each accepted socket: `socket-timeout` and the buffer sizes, which the kernel keeps by itself."""
    options = []
    if order.get('socketTimeout'):
        seconds = order['socketTimeout']
        span = struct.pack('ll', int(seconds), int(seconds % 1 * 1000000))
        options += [(socket.SO_RCVTIMEO, span), (socket.SO_SNDTIMEO, span)]
    if order.get('sendBufferSize'):
        options.append((socket.SO_SNDBUF, order['sendBufferSize']))
    if order.get('receiveBufferSize'):
        options.append((socket.SO_RCVBUF, order['receiveBufferSize']))

    def tune(accepted):
        # type: (socket.socket) -> socket.socket
        for name, value in options:
            accepted.setsockopt(socket.SOL_SOCKET, name, value)
        return accepted

    return tune


def start_threads(pool, order):
    # type: (ThreadPool, dict) -> None
    """Starts the pool; its threads alone get `stack-size`, as under mod_wsgi."""
    previous = limit_threads(order)
    pool.start()
    threading.stack_size(previous)


def limit_threads(order):
    # type: (dict) -> int
    """Sets what threads that start from now on have, and how they take turns; returns the stack size of before."""
    if order.get('switchInterval') and hasattr(sys, 'setswitchinterval'):
        sys.setswitchinterval(order['switchInterval'])
    try:
        return threading.stack_size(order.get('stackSize', 0))
    except ValueError as error:
        raise BootFailure('Cannot give threads a stack of %d bytes: %s: "stack-size" has to be 32768 at least, and whole pages'
                          % (order['stackSize'], error))


def application_of(order, control):
    # type: (dict, object) -> object
    """What the process runs: the applications of its group, or a dispatch script."""
    if 'dispatchScript' not in order:
        return wsgi_group.Group(order, control)
    import wsgi_dispatch
    return wsgi_dispatch.Dispatcher(order, control)


def await_replacement(stop, seconds):
    # type: (StopQueue, float) -> None
    """Goes on serving until the sidecar has another process and ends this one, for so long at most."""
    deadline, left = monotonic() + seconds, seconds
    while left > 0 and stop.wait(left) in (None, CPU_TIME_LIMIT):
        left = deadline - monotonic()


def drain(pool, deadline):
    # type: (ThreadPool, float) -> None
    """Waits for the requests in flight, not longer than until the deadline."""
    quiet = 0
    while monotonic() < deadline:
        quiet = quiet + 1 if pool.is_idle() else 0
        if quiet == QUIET_LOOKS:
            return
        time.sleep(LOOK_SECONDS)
    report('Shutdown timeout: requests in flight are cut')


def leave(deadline, stop_group):
    # type: (float, object) -> None
    """Ends the process as an interpreter's end would, but with status 0 and not later than the deadline allows."""
    start_thread(lambda: (time.sleep(max(deadline - monotonic(), 1.0)), os._exit(0)), 'wsgi-deadline')
    for step in (stop_group, threading._shutdown, atexit._run_exitfuncs, sys.stdout.flush, sys.stderr.flush):
        try:
            step()
        except:  # noqa: E722 - an application's exit handler may raise anything
            report_exception()
    os._exit(0)
