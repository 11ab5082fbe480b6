"""Runs a group under gunicorn: one worker of gunicorn's, gthread or sync, without its arbiter.

The sidecar does what the arbiter would: it starts, watches, times and replaces. So the worker is the group's process
itself, whose pid, signals and end are seen as they are.

CPython 2.7 and 3.6 or later; gunicorn 19 or later, from wherever the group's interpreter finds it.
"""
import os

import wsgi_runner
from wsgi_clock import monotonic
from wsgi_privileges import BootFailure
from wsgi_worker import leave

CLASSES = {'gunicorn': 'gthread', 'gunicorn-sync': 'sync'}
# Connections are the sidecar's to close: one that ended while a request was on its way would lose it.
FOR_EVER = 10 * 365 * 86400


def serve(listener, order, control):
    # type: (object, dict, object) -> None
    """Serves until SIGTERM and the end of the requests in flight, then ends the process."""
    try:
        from gunicorn.app.base import BaseApplication
        from gunicorn.sock import UnixSocket
    except ImportError as error:
        raise BootFailure('Cannot import gunicorn: %s: install it for the Python of the group, on Debian as package '
                          '"gunicorn", or choose another "runner"' % error)

    class Served(BaseApplication):
        """What gunicorn asks for its configuration and, once its signals are set, for the application."""

        def load_config(self):
            # type: () -> None
            for name, value in settings_of(order):
                self.cfg.set(name, value)
            self.cfg.set('post_worker_init', lambda worker: control.send(self.ready))

        def load(self):
            # type: () -> object
            self.group, self.ready = wsgi_runner.start_group(order, control)
            return wsgi_runner.Application(self.group)

    served = Served()
    configuration = served.cfg
    log = configuration.logger_class(configuration)
    # gunicorn closes the descriptor that it is given.
    connected = UnixSocket(listener.getsockname(), configuration, log, fd=os.dup(listener.fileno()))
    worker = configuration.worker_class(0, os.getppid(), [connected], served, 0, configuration, log)
    worker.pid = os.getpid()
    listener.close()
    worker.init_process()
    control.send({'event': 'stopping', 'reason': 'SIGTERM'})
    leave(monotonic() + 1, served.group.stop)


def settings_of(order):
    # type: (dict) -> list
    """gunicorn's settings, as its `Config.set` takes them; no limit is tighter than the sidecar's own."""
    threads = order.get('threads', 1)
    return [
        ('worker_class', CLASSES[order['runner']]),
        ('threads', threads),
        ('worker_connections', threads + 1000),
        ('timeout', 0),
        ('graceful_timeout', order.get('shutdownTimeout', 5)),
        ('keepalive', FOR_EVER),
        ('limit_request_line', 0),
        ('limit_request_fields', 32768),
        ('limit_request_field_size', 0),
        ('loglevel', 'warning'),
        ('accesslog', None),
        ('errorlog', '-'),
    ]
