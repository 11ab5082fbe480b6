"""What mod_wsgi keeps applications from: signal handlers (WSGIRestrictSignal, on unless turned off), and with
WSGIRestrictStdin and WSGIRestrictStdout On the use of those streams (`newInterpreterObject` of wsgi_interp.c).

CPython 2.7 and 3.6 or later, standard library only.
"""
import os
import signal
import sys
import traceback

OWN_FOLDER = os.path.dirname(__file__)


class SignalIntercept(object):
    """`signal.signal` as applications find it: it registers nothing, tells the log who asked, and hands the handler back.

    Children that an application forks are their own masters, as under mod_wsgi.
    """

    def __init__(self, wrapped):
        # type: (object) -> None
        self._wrapped = wrapped
        self._pid = os.getpid()

    def __call__(self, signalnum, handler):
        # type: (int, object) -> object
        if os.getpid() != self._pid:
            return self._wrapped(signalnum, handler)
        sys.stderr.write('Callback registration for signal %d ignored (WSGIRestrictSignal):\n%s'
                         % (signalnum, ''.join(traceback.format_list(stack_of_application()))))
        return handler


def stack_of_application():
    # type: () -> list
    """The frames below the last of ours: those that say who asked."""
    stack = traceback.extract_stack(sys._getframe(2))
    ours = [at for at, frame in enumerate(stack) if os.path.dirname(frame[0]) == OWN_FOLDER]
    return stack[ours[-1] + 1:] if ours else stack


class Restricted(object):
    """A stream that may not be used; every look at it says so."""

    def __init__(self, name):
        # type: (str) -> None
        object.__setattr__(self, '_name', name)

    def __getattribute__(self, attribute):
        # type: (str) -> object
        name = object.__getattribute__(self, '_name')
        if attribute == '__class__':
            return Restricted
        raise IOError('%s access restricted by mod_wsgi' % name)


def restrict(order):
    # type: (dict) -> None
    """Applies what the start order says; in threads of a pool, where scripts are loaded, signal.signal() would raise."""
    if order.get('restrictSignal', True) and not isinstance(signal.signal, SignalIntercept):
        signal.signal = SignalIntercept(signal.signal)
    if order.get('restrictStdin'):
        sys.stdin = Restricted('sys.stdin')
    if order.get('restrictStdout'):
        sys.stdout = Restricted('sys.stdout')
