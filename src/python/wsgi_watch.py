"""What a worker watches of itself: an interpreter lock that nobody gets, and requests that last.

The limits are `deadlock-timeout` and `interrupt-timeout` of mod_wsgi. Beside them SIGUSR2 writes the stacks
of all Python threads to the group's log.

CPython 2.7 and 3.6 or later, standard library only.
"""
import signal
import sys
import threading
import time
import traceback

from wsgi_clock import monotonic
from wsgi_connection import Connection
from wsgi_module import RequestTimeout
from wsgi_response import report
from wsgi_threads import start_thread

try:
    import faulthandler
except ImportError:
    # Python 2.7: stacks are written by the interpreter itself, which takes its lock.
    faulthandler = None

# The descriptor of the group's log: what stands in sys.stderr may be anything.
LOG = 2
# A watch looks so many times before its limit is over.
LOOKS = 8
LONGEST_PAUSE = 5.0
# Of the alarm against deadlocks: an idle process need not wake often for it.
LONGEST_SLEEP = 30.0


def dump_stacks_on(number, set_signal):
    # type: (int, object) -> None
    """Has a signal write the stacks of all threads to the log; where faulthandler is, also while the lock is held."""
    if faulthandler is not None:
        faulthandler.register(number, file=LOG, all_threads=True, chain=False)
    else:
        set_signal(number, lambda _number, _frame: report(describe_stacks()))


def describe_stacks():
    # type: () -> str
    names = dict((thread.ident, thread.name) for thread in threading.enumerate())
    parts = []
    for ident, frame in sys._current_frames().items():
        parts.append('Thread %s (most recent call last):\n%s'
                     % (names.get(ident, ident), ''.join(traceback.format_stack(frame))))
    return '\n'.join(parts)


def watch_for_deadlock(seconds):
    # type: (float) -> None
    """Ends the process by SIGALRM when no Python thread has run for so long: an alarm that a Python thread has to put off in
    time. Where faulthandler is, the stacks are written first, which tell who holds the lock. Its own alarm
    (dump_traceback_later) is for Pythons from 3.9 on: before, it goes off when the machine's time is set forward.
    """
    pause = min(seconds / LOOKS, LONGEST_SLEEP)
    if faulthandler is not None:
        faulthandler.register(signal.SIGALRM, file=LOG, all_threads=True, chain=True)

    def put_off():
        # type: () -> None
        while True:
            signal.setitimer(signal.ITIMER_REAL, seconds + pause)
            time.sleep(pause)

    start_thread(put_off, 'wsgi-deadlock')


class Interrupter(object):
    """Raises `mod_wsgi.RequestTimeout` once in the thread of a request that lasts too long."""

    def __init__(self, seconds, exception):
        # type: (float, type) -> None
        import ctypes
        self._seconds = seconds
        self._ctypes = ctypes
        self._set_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc
        # The type of a thread's number was signed before Python 3.7.
        self._number = ctypes.c_ulong if sys.version_info >= (3, 7) else ctypes.c_long
        self.exception = exception
        self._lock = threading.Lock()
        # By a thread's number: when its request began, and whether it was interrupted.
        self._running = {}

    def begin(self):
        # type: () -> None
        self._running[threading.current_thread().ident] = [monotonic(), False]

    def end(self):
        # type: () -> None
        """No exception for this thread from here on; one that is on its way may still be raised in here."""
        ident = threading.current_thread().ident
        with self._lock:
            entry = self._running.pop(ident, None)
            if entry is not None and entry[1]:
                self._set_exception(self._number(ident), None)

    def start(self):
        # type: () -> None
        pause = pause_for(self._seconds)

        def watch():
            # type: () -> None
            while True:
                time.sleep(pause)
                self._look()

        start_thread(watch, 'wsgi-interrupt')

    def _look(self):
        # type: () -> None
        for ident, entry in list(self._running.items()):
            if entry[1] or monotonic() - entry[0] < self._seconds:
                continue
            with self._lock:
                if self._running.get(ident) is entry:
                    entry[1] = True
                    report('Request timeout: interrupting thread %d' % ident)
                    self._set_exception(self._number(ident), self._ctypes.py_object(self.exception))


class InterruptibleConnection(Connection):
    """A connection whose requests an `Interrupter` knows."""

    __slots__ = ('_interrupter',)

    def __init__(self, accepted, application, server, interrupter):
        # type: (object, object, object, Interrupter) -> None
        Connection.__init__(self, accepted, application, server)
        self._interrupter = interrupter

    def answer_failure(self, response):
        # type: (object) -> None
        if isinstance(sys.exc_info()[1], self._interrupter.exception):
            response.fail('504 Gateway Timeout', 'interrupted')
        else:
            response.fail()

    def respond(self, environ):
        # type: (dict) -> bool
        interrupter = self._interrupter
        alive = False
        try:
            interrupter.begin()
            alive = Connection.respond(self, environ)
        except interrupter.exception:
            # It came when the application was through; nobody knows how much of an answer has left.
            alive = False
        while True:
            try:
                interrupter.end()
                return alive
            except interrupter.exception:
                alive = False


def request_timeout():
    # type: () -> type
    """The exception; its users find it in the module `mod_wsgi`, which has it since 6.0."""
    sys.modules['mod_wsgi'].RequestTimeout = RequestTimeout
    return RequestTimeout


def pause_for(seconds):
    # type: (float) -> float
    return min(seconds / LOOKS, LONGEST_PAUSE)
