"""Why and when a worker ends: a signal, its limit of CPU time, or the end of the sidecar, in the order in which they come.

CPython 2.7 and 3.6 or later, standard library only.
"""
import errno
import fcntl
import os
import select
import signal

# mod_wsgi's `shutdown_reason`; the requests are left graceful-timeout. Other reasons come by the lifeline, before SIGTERM.
CPU_TIME_LIMIT = 'cpu_time_limit'
SIGNALS = {signal.SIGTERM: 'SIGTERM', signal.SIGXCPU: CPU_TIME_LIMIT}


class StopQueue(object):
    """The reasons to stop that have come and nobody has taken."""

    def __init__(self, set_signal, lifeline):
        # type: (object, int) -> None
        self._lifeline = lifeline
        self._pid = os.getpid()
        self._reasons = []
        self._said = b''
        self._read, self._write = os.pipe()
        for descriptor in (self._read, self._write):
            # Python 2 lets the applications' children have them.
            fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
            fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_NONBLOCK)
        # The interpreter writes there the moment a signal comes. A handler in Python alone would be too late: it runs when the
        # main thread's poll() returns, which nothing interrupts when another thread got the signal, or just before it began.
        # By then the signal is noted, so that the handler runs before the main thread looks for reasons again.
        signal.set_wakeup_fd(self._write)
        for number in SIGNALS:
            set_signal(number, self._on_signal)
        # Ctrl-C in a terminal is the sidecar's to answer.
        set_signal(signal.SIGINT, signal.SIG_IGN)
        if hasattr(os, 'register_at_fork'):
            os.register_at_fork(after_in_child=lambda: let_child_go(set_signal))

    def wait(self, seconds=None):
        # type: (float) -> object
        """The next reason; blocks the main thread for it, or for so long, and then returns None."""
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        poll.register(self._lifeline, select.POLLIN)
        while not self._reasons:
            try:
                ready = [descriptor for descriptor, _ in poll.poll(None if seconds is None else seconds * 1000)]
            except (OSError, select.error) as error:
                if error.args[0] != errno.EINTR:
                    raise
                continue
            if self._read in ready:
                drain(self._read)
            elif self._lifeline in ready and not self._listen():
                return 'lifeline'
            elif not ready:
                return None
        return self._reasons.pop(0)

    def told(self):
        # type: () -> str
        """The reason that the sidecar gives to applications; mostly none."""
        if select.select([self._lifeline], [], [], 0)[0]:
            self._listen()
        return str(self._said.decode('ascii', 'replace').strip())

    def _listen(self):
        # type: () -> bytes
        data = os.read(self._lifeline, 4096)
        self._said += data
        return data

    def _on_signal(self, number, frame):
        # type: (int, object) -> None
        if os.getpid() != self._pid:
            # A child that an application has forked; older Pythons tell nobody of forks.
            os._exit(255)
        self._reasons.append(SIGNALS[number])


def let_child_go(set_signal):
    # type: (object) -> None
    """Signals of a child that an application forks are its own: as in any program they end it, and wake nobody else."""
    signal.set_wakeup_fd(-1)
    for number in list(SIGNALS) + [signal.SIGINT]:
        set_signal(number, signal.SIG_DFL)


def drain(descriptor):
    # type: (int) -> None
    try:
        while os.read(descriptor, 4096):
            pass
    except OSError:
        pass
