"""A fixed number of threads that serve any number of connections, in one of two ways:

* *eager*: all free threads wait on one epoll, which wakes one for each ready connection. Requests that wait for
  databases overlap.
* *inline*: one thread, the leader, waits and serves one ready connection after the other; the rest are parked. The
  interpreter lock never changes hands, which gives short requests twice the throughput and a fraction of the tail
  latency of contending threads. A monitor looks every TICK: when the leader is stuck in a request, there is little to
  do, or nobody contends, the way is eager again.

The way is found by trying: eager is the start, inline is tried when requests come fast and side by side, and given up
when they turn out to be slow, each time for longer. Requests that come one after the other are served eagerly: no
thread contends with another, and the monitor sleeps, whose looks would be a third of all wake-ups.

Connections are watched edge-triggered. A thread that is told of a connection sets `again`, then tries its lock; the
holder of the lock looks at `again` after letting go. So no news is lost, and no connection is served by two threads.

CPython 2.7 and 3.6 or later on Linux, standard library only.
"""
import collections
import errno
import fcntl
import select
import socket
import threading
import time

from wsgi_clock import stopwatch
from wsgi_response import report_exception

# Seconds between two looks of the monitor: what a request behind a stuck leader waits at most twice.
TICK = 0.001
# Ticks without a request after which the monitor may sleep.
IDLE_TICKS = 5
# Ticks without requests on more than one connection after which inline gains nothing.
CALM_TICKS = 50
# A request that takes longer than this is worth a thread switch.
BRISK = 0.0002
# Below this rate (requests a second) nothing is gained inline.
LIVELY = 2000.0
# Requests between two tries of inline mode: doubled when one fails, the first again when one lasts so many requests.
FIRST_PATIENCE = 32
LAST_PATIENCE = 4096
LASTING = 400
SAMPLE_MASK = 15
EVENTS_AT_ONCE = 32
EDGES = select.EPOLLIN | select.EPOLLET


class ThreadPool(object):
    """Serves the connections that come to `listener`, until stopped."""

    def __init__(self, listener, connect, threads):
        # type: (socket.socket, object, int) -> None
        self.is_stopping = False
        self._listener = listener
        # Makes a Connection of an accepted socket.
        self._connect = connect
        self._threads = threads
        self._connections = {}
        # Ready descriptors that a leader has been told of and nobody has looked at.
        self._ready = collections.deque()
        # Held by the leader; the others are parked before it.
        self._gate = threading.Lock()
        self._turning = threading.Lock()
        self._leader = None
        self._is_eager = True
        self._wake_monitor = threading.Lock()
        self._wake_monitor.acquire()
        # Counts requests; two threads may count one together, which does no harm.
        self._begun = 0
        # The leader that is inside a request in inline mode.
        self._busy = None
        # Whether a leader has served more than one connection since the monitor looked.
        self._is_mixed = False
        self._average = 0.0
        self._patience = FIRST_PATIENCE
        self._try_at = FIRST_PATIENCE
        self._tried_at = stopwatch()
        self._inline_since = 0
        self._epoll = select.epoll()
        fcntl.fcntl(self._epoll.fileno(), fcntl.F_SETFD, fcntl.FD_CLOEXEC)

    def start(self):
        # type: () -> None
        self._listener.setblocking(False)
        self._epoll.register(self._listener.fileno(), select.EPOLLIN)
        for number in range(self._threads):
            start_thread(self._work, 'wsgi-%d' % (number + 1))
        if self._threads > 1:
            start_thread(self._monitor, 'wsgi-monitor')

    def stop_accepting(self):
        # type: () -> None
        self.is_stopping = True
        self._epoll.unregister(self._listener.fileno())
        self._listener.close()

    def is_idle(self):
        # type: () -> bool
        """Whether no request is being served or known to wait."""
        return not self._ready and not any(each.lock.locked() for each in list(self._connections.values()))

    def _work(self):
        # type: () -> None
        """The life of one thread."""
        me = object()
        while True:
            try:
                if self._leader is me:
                    self._lead(me)
                elif self._is_eager:
                    self._take_one(me)
                else:
                    # Parked until the gate opens, which is when the way is eager again.
                    with self._gate:
                        pass
            except Exception:
                report_exception()

    def _take_one(self, me):
        # type: (object) -> None
        for descriptor in self._wait(1):
            self._look_at(descriptor, me)

    def _lead(self, me):
        # type: (object) -> None
        """Serves ready connections one after the other while this thread leads."""
        ready = self._ready
        last = None
        while self._leader is me:
            try:
                descriptor = ready.popleft()
            except IndexError:
                ready.extend(self._wait(EVENTS_AT_ONCE))
            else:
                if descriptor != last:
                    last = descriptor
                    self._is_mixed = True
                self._look_at(descriptor, me)
        self._hand_back()

    def _hand_back(self):
        # type: () -> None
        """Has epoll tell the others of the connections that a leader was told of and could not look at."""
        while True:
            try:
                descriptor = self._ready.popleft()
            except IndexError:
                return
            # The listener is level-triggered: it is told of again anyhow.
            if descriptor in self._connections:
                self._tell_again(descriptor)

    def _tell_again(self, descriptor):
        # type: (int) -> None
        """Has epoll tell somebody of a connection where something has come."""
        try:
            self._epoll.modify(descriptor, EDGES)
        except (IOError, OSError):
            # Closed meanwhile.
            pass

    def _wait(self, limit):
        # type: (int) -> list
        try:
            return [descriptor for descriptor, _ in self._epoll.poll(-1, limit)]
        except (IOError, OSError) as error:
            if error.errno != errno.EINTR:
                raise
            return []

    def _look_at(self, descriptor, me):
        # type: (int, object) -> None
        connection = self._connections.get(descriptor)
        if connection is None:
            self._accept()
            return
        connection.again = True
        if connection.lock.acquire(False):
            self._attend(descriptor, connection, me)

    def _accept(self):
        # type: () -> None
        """Takes all new connections; a descriptor that is neither is one that was closed meanwhile."""
        while not self.is_stopping:
            try:
                accepted, _ = self._listener.accept()
            except socket.error as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    # The listener stays ready: without a pause this thread would spin until descriptors come back.
                    time.sleep(0.05)
                return
            accepted.setblocking(True)
            descriptor = accepted.fileno()
            fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
            self._connections[descriptor] = self._connect(accepted)
            self._epoll.register(descriptor, EDGES)

    def _attend(self, descriptor, connection, me):
        # type: (int, object, object) -> None
        """Serves a connection, whose lock this thread holds, until nothing more has come."""
        while True:
            connection.again = False
            environ = connection.next_request()
            if environ is not None:
                if not self._serve(connection, environ, me):
                    self._forget(descriptor, connection)
                    return
                if connection.buffer or (connection.again and self._may_go_on(me)):
                    continue
            elif connection.is_broken:
                self._forget(descriptor, connection)
                return
            connection.lock.release()
            if not connection.again:
                return
            if not self._may_go_on(me):
                self._tell_again(descriptor)
                return
            if not connection.lock.acquire(False):
                return

    def _may_go_on(self, me):
        # type: (object) -> bool
        """Whether this thread is to serve what comes next. Beside a leader it would wait at each step for the interpreter
        lock, and its connection with it, as long as requests come.
        """
        return self._is_eager or self._leader is me

    def _forget(self, descriptor, connection):
        # type: (int, object) -> None
        del self._connections[descriptor]
        connection.close()

    def _serve(self, connection, environ, me):
        # type: (object, dict, object) -> bool
        begun = self._begun = self._begun + 1
        if begun >= self._try_at and self._is_eager:
            self._try_inline(begun, me)
        if self._leader is not me:
            return connection.respond(environ)
        self._busy = me
        if begun & SAMPLE_MASK:
            alive = connection.respond(environ)
        else:
            started = stopwatch()
            alive = connection.respond(environ)
            self._weigh(stopwatch() - started, me)
        if self._busy is me:
            self._busy = None
        return alive

    def _try_inline(self, begun, me):
        # type: (int, object) -> None
        """Makes this thread the leader when enough requests came in the time since the last try."""
        now = stopwatch()
        rate = self._patience / max(now - self._tried_at, 1e-6)
        self._tried_at = now
        self._try_at = begun + self._patience
        if rate < LIVELY or not self._is_contended() or not self._gate.acquire(False):
            return
        self._average = 0.0
        self._inline_since = begun
        with self._turning:
            self._leader = me
            self._is_eager = False
        try:
            self._wake_monitor.release()
        except Exception:
            # It is awake still, from the last time.
            pass

    def _is_contended(self):
        # type: () -> bool
        """Whether another connection is being served beside the caller's."""
        return sum(each.lock.locked() for each in list(self._connections.values())) > 1

    def _weigh(self, seconds, me):
        # type: (float, object) -> None
        # One long one may be this thread's own misfortune on a busy machine; two are a habit.
        self._average += (min(seconds, 4 * BRISK) - self._average) / 4
        if self._average > BRISK:
            self._turn_eager(me, True)

    def _turn_eager(self, leader, has_failed):
        # type: (object, bool) -> None
        with self._turning:
            if self._leader is not leader or leader is None:
                return
            self._leader = None
            if self._begun - self._inline_since > LASTING:
                self._patience = FIRST_PATIENCE
            elif has_failed:
                self._patience = min(self._patience * 2, LAST_PATIENCE)
            self._tried_at = stopwatch()
            self._try_at = self._begun + self._patience
            self._is_eager = True
        self._gate.release()
        self._hand_back()

    def _monitor(self):
        # type: () -> None
        """Ends inline serving when the leader is stuck, when no requests come, or when they come one after the other."""
        while True:
            self._wake_monitor.acquire()
            seen, idle, calm = -1, 0, 0
            while not self._is_eager:
                time.sleep(TICK)
                begun, leader = self._begun, self._leader
                idle = idle + 1 if begun == seen else 0
                calm = 0 if self._is_mixed else calm + 1
                seen, self._is_mixed = begun, False
                is_stuck = idle and self._busy is leader
                if is_stuck or idle > IDLE_TICKS or calm > CALM_TICKS:
                    self._turn_eager(leader, is_stuck)


def start_thread(work, name):
    # type: (object, str) -> None
    thread = threading.Thread(target=work, name=name)
    thread.daemon = True
    thread.start()
