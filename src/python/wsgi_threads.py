"""A fixed number of threads that serve any number of connections, all side by side or one for all (wsgi_way.py).

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
from wsgi_way import Way

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
        self._way = Way(self._is_contended, self._hand_back)
        # Bound here, because every request comes by.
        self._serve, self._may_go_on = self._way.serve, self._way.may_go_on
        self._epoll = select.epoll()
        fcntl.fcntl(self._epoll.fileno(), fcntl.F_SETFD, fcntl.FD_CLOEXEC)

    def start(self):
        # type: () -> None
        self._listener.setblocking(False)
        self._epoll.register(self._listener.fileno(), select.EPOLLIN)
        for number in range(self._threads):
            start_thread(self._work, 'wsgi-%d' % (number + 1))
        if self._threads > 1:
            start_thread(self._way.monitor, 'wsgi-monitor')

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
        way = self._way
        while True:
            try:
                if way.leader is me:
                    self._lead(me)
                elif way.is_eager:
                    self._take_one(me)
                else:
                    # Parked until the gate opens, which is when the way is eager again.
                    with way.gate:
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
        ready, way = self._ready, self._way
        last = None
        while way.leader is me:
            try:
                descriptor = ready.popleft()
            except IndexError:
                ready.extend(self._wait(EVENTS_AT_ONCE))
            else:
                if descriptor != last:
                    last = descriptor
                    way.is_mixed = True
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

    def _forget(self, descriptor, connection):
        # type: (int, object) -> None
        del self._connections[descriptor]
        connection.close()

    def _is_contended(self):
        # type: () -> bool
        """Whether another connection is being served beside the caller's."""
        return sum(each.lock.locked() for each in list(self._connections.values())) > 1


def start_thread(work, name):
    # type: (object, str) -> None
    thread = threading.Thread(target=work, name=name)
    thread.daemon = True
    thread.start()
