"""A fixed number of threads that serve any number of connections: one leads, the others follow.

The leader waits on epoll for all idle connections. What it does with a request depends on how long requests take:

* *eager*: it hands leadership to a waiting thread before it runs the application, so that requests that wait for
  databases overlap. Costs two thread switches a request.
* *inline*: it serves one ready connection after the other by itself. The interpreter lock never changes hands, which
  gives short requests several times the throughput and a fraction of the tail latency of contending threads. A
  monitor looks every TICK: when the leader is stuck in one request, leadership is taken from it and the mode is eager
  again.

The mode is found by trying: eager is the start, inline is tried when requests come fast, and given up when they turn
out to be slow, each time for longer.

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

from wsgi_response import report_exception

clock = getattr(time, 'monotonic', time.time)

# Seconds between two looks of the monitor: what a request behind a stuck leader waits at most twice.
TICK = 0.002
# A request that takes longer than this is worth a thread switch.
BRISK = 0.0002
# Below this rate (requests a second) nothing is gained inline.
LIVELY = 2000.0
# Requests between two tries of inline mode: doubled when one fails, the first again when one lasts.
FIRST_PATIENCE = 32
LAST_PATIENCE = 4096
LASTING = 1.0
SAMPLE_MASK = 15
EVENTS_AT_ONCE = 32


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
        # Ready descriptors that the leader has been told of and has not looked at.
        self._ready = collections.deque()
        # Held by the leader; the followers wait for it.
        self._baton = threading.Lock()
        self._leadership = threading.Lock()
        self._leader = None
        self._is_eager = threads > 1
        self._wake_monitor = threading.Lock()
        self._wake_monitor.acquire()
        # Counts requests; two threads may count one together, which does no harm.
        self._begun = 0
        # The leader that is inside a request in inline mode.
        self._busy = None
        self._average = 0.0
        self._patience = FIRST_PATIENCE
        self._try_at = FIRST_PATIENCE
        self._tried_at = clock()
        self._epoll = select.epoll()

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
            self._baton.acquire()
            self._leader = me
            while self._leader is me:
                try:
                    self._lead(me)
                except Exception:
                    report_exception()

    def _lead(self, me):
        # type: (object) -> None
        """Serves ready connections while this thread leads; leaves no ready one behind."""
        ready = self._ready
        while self._leader is me:
            if ready:
                self._look_at(ready.popleft(), me)
                continue
            found = self._wait()
            if self._leader is me:
                ready.extend(found)
                continue
            # Deposed in the very moment of waiting: who leads now was not told of these.
            for descriptor in found:
                self._look_at(descriptor, me)

    def _wait(self):
        # type: () -> list
        try:
            return [descriptor for descriptor, _ in self._epoll.poll(-1, EVENTS_AT_ONCE)]
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
            self._epoll.register(descriptor, select.EPOLLIN | select.EPOLLET)

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
                if connection.buffer or connection.again:
                    continue
            elif connection.is_broken:
                self._forget(descriptor, connection)
                return
            connection.lock.release()
            if not connection.again or not connection.lock.acquire(False):
                return

    def _forget(self, descriptor, connection):
        # type: (int, object) -> None
        del self._connections[descriptor]
        connection.close()

    def _serve(self, connection, environ, me):
        # type: (object, dict, object) -> bool
        begun = self._begun = self._begun + 1
        if self._is_eager:
            if begun < self._try_at or not self._try_inline(begun, me):
                self._give_way(me)
                return connection.respond(environ)
        self._busy = me
        if begun & SAMPLE_MASK:
            alive = connection.respond(environ)
        else:
            started = clock()
            alive = connection.respond(environ)
            self._weigh(clock() - started)
        if self._busy is me:
            self._busy = None
        return alive

    def _give_way(self, me):
        # type: (object) -> None
        with self._leadership:
            if self._leader is not me:
                return
            self._leader = None
        self._baton.release()

    def _try_inline(self, begun, me):
        # type: (int, object) -> bool
        """Turns inline when enough requests came in the time since the last try."""
        now = clock()
        rate = self._patience / max(now - self._tried_at, 1e-6)
        self._tried_at = now
        self._try_at = begun + self._patience
        if rate < LIVELY or self._leader is not me or self._threads == 1:
            return False
        self._average = 0.0
        self._is_eager = False
        try:
            self._wake_monitor.release()
        except Exception:
            # It is awake still, from the last time.
            pass
        return True

    def _weigh(self, seconds):
        # type: (float) -> None
        self._average += (seconds - self._average) / 4
        if self._average > BRISK and self._threads > 1:
            self._turn_eager(True)

    def _turn_eager(self, has_failed):
        # type: (bool) -> None
        now = clock()
        if now - self._tried_at > LASTING:
            self._patience = FIRST_PATIENCE
        elif has_failed:
            self._patience = min(self._patience * 2, LAST_PATIENCE)
        self._tried_at = now
        self._try_at = self._begun + self._patience
        self._is_eager = True

    def _monitor(self):
        # type: () -> None
        """Ends inline mode when the leader is stuck, or when no requests come."""
        while True:
            self._wake_monitor.acquire()
            seen = -1
            while not self._is_eager:
                time.sleep(TICK)
                begun = self._begun
                if begun == seen and not self._is_eager:
                    self._depose(self._leader)
                seen = begun

    def _depose(self, leader):
        # type: (object) -> None
        is_stuck = leader is not None and self._busy is leader
        self._turn_eager(is_stuck)
        if is_stuck:
            self._give_way(leader)


def start_thread(work, name):
    # type: (object, str) -> None
    thread = threading.Thread(target=work, name=name)
    thread.daemon = True
    thread.start()
