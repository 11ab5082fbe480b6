"""Imports the scripts of a group before any traffic, in a process that is thrown away, and tells what that did.

The launcher starts it in the place of a server, so that user, environment, limits and path are the group's own. Each
script gets one event `preflight`; the process ends after the last.

CPython 2.7 and 3.6 or later, standard library only.
"""
import os
import pwd
import resource
import signal
import sys
import warnings

import wsgi_worker
from wsgi_clock import stopwatch
from wsgi_globals import differences, snapshot
from wsgi_metrics import resident_bytes

DEPRECATIONS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
# Of one script; a framework may have thousands.
WARNINGS_KEPT = 100


class Told(object):
    """A control pipe that keeps what the loading of scripts says, instead of sending it."""

    def __init__(self):
        # type: () -> None
        self.failure = None

    def send(self, event):
        # type: (dict) -> None
        if event['event'] == 'import-failed':
            self.failure = {'message': event['message'], 'traceback': event['traceback']}


class Warned(object):
    """Deprecations that were warned of; all other warnings go their way."""

    def __init__(self):
        # type: () -> None
        self.seen = []
        self._show = warnings.showwarning
        warnings.showwarning = self._take
        for category in DEPRECATIONS:
            warnings.simplefilter('default', category)

    def _take(self, message, category, filename, lineno, file=None, line=None):
        # type: (object, type, str, int, object, str) -> None
        if not issubclass(category, DEPRECATIONS):
            self._show(message, category, filename, lineno, file, line)
            return
        entry = {'category': category.__name__, 'message': str(message), 'file': filename, 'line': lineno}
        if len(self.seen) < WARNINGS_KEPT and entry not in self.seen:
            self.seen.append(entry)


class Handlers(object):
    """Signals for which someone asked for a handler; mod_wsgi's rule may have ignored it."""

    def __init__(self):
        # type: () -> None
        self.asked = []
        self._wrapped = signal.signal
        signal.signal = self._take

    def _take(self, signalnum, handler):
        # type: (int, object) -> object
        self.asked.append(int(signalnum))
        return self._wrapped(signalnum, handler)


def serve(listener, order, control):
    # type: (None, dict, object) -> None
    """Imports every script of the order, one after the other, as the group's processes would."""
    told = Told()
    group = wsgi_worker.application_of(order, told)
    warned, handlers = Warned(), Handlers()
    # What importing the first script costs includes what all of them share; that is how a process starts, too.
    for each in order.get('imports') or []:
        control.send(examine(group, each, (told, warned, handlers)))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def user_name(uid):
    # type: (int) -> str
    """In a chroot, where nothing tells names, the number."""
    try:
        return '"%s"' % pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def examine(group, wanted, watches):
    # type: (object, dict, tuple) -> dict
    """Imports one script; returns its event."""
    told, warned, handlers = watches
    told.failure, warned.seen, handlers.asked = None, [], []
    before = snapshot()
    memory, started = resident_bytes(), stopwatch()
    _, failed = group.preload([wanted])
    seconds = stopwatch() - started
    failure = told.failure
    if failed and failure is None:
        message = 'The script is missing, a folder, or closed to user %s' % user_name(os.geteuid())
        failure = {'message': message, 'traceback': ''}
    for name in wanted['callables'] if failure is None else ():
        if not group.has_callable(wanted['script'], name):
            failure = {'message': 'The script has no callable object "%s"' % name, 'traceback': ''}
    return {
        'event': 'preflight',
        'script': wanted['script'],
        'seconds': round(seconds, 6),
        'memoryBytes': max(resident_bytes() - memory, 0),
        'peakBytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        'failure': failure,
        'deprecations': warned.seen,
        'changes': differences(before, snapshot()) + signal_changes(handlers.asked),
    }


def signal_changes(asked):
    # type: (list) -> list
    return [{'kind': 'signal-handler', 'detail': 'asks for a handler of signal %d' % number}
            for number in sorted(set(asked))]
