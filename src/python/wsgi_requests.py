"""The requests that a process serves: which thread has which, since when, and when each is over.

mod_wsgi keeps the same (`wsgi_start_request`, `wsgi_end_request`), and applications see it in the module `mod_wsgi`:
`active_requests`, `request_data()`, `process_metrics()`. A request is over when its answer has been closed, whatever
server runs the group; an answer that is a list needs no application any more the moment it is returned.

CPython 2.7 and 3.6 or later, standard library only.
"""
import itertools
import time

from wsgi_lines import get_ident
from wsgi_log import RequestLog, current


class Thread(object):
    """A thread that serves requests."""

    __slots__ = ('id', 'begun', 'finished', 'busy', 'request')

    def __init__(self, number):
        # type: (int) -> None
        self.id = number
        # Requests that its applications were called for.
        self.begun = 0
        self.finished = 0
        # Seconds spent in requests that are over.
        self.busy = 0.0
        self.request = None


class Request(object):
    """A request from its beginning to the close of its answer."""

    __slots__ = ('id', 'data', 'log', 'started', 'thread', 'times', 'module', '_requests')

    def __init__(self, request_id, thread, started, requests):
        # type: (str, Thread, float, Requests) -> None
        self.id = request_id
        # Of the application, by mod_wsgi.request_data().
        self.data = {}
        self.log = RequestLog(request_id)
        self.started = started
        self.thread = thread
        # (request_start, queue_start, daemon_start) in seconds, once someone measures.
        self.times = None
        # The module of its script, which another may have taken the place of meanwhile.
        self.module = None
        self._requests = requests

    def finish(self):
        # type: () -> None
        """Ends it; called twice, once is enough."""
        thread = self.thread
        if thread.request is not self:
            return
        thread.request = None
        now = time.time()
        thread.busy += max(now - self.started, 0.0)
        thread.finished += 1
        requests = self._requests
        requests.active.pop(self.id, None)
        self.log.end()
        if requests.on_finish is not None:
            requests.on_finish(self, now)


class Requests(object):
    """All of a process. Thread-safe."""

    def __init__(self):
        # type: () -> None
        self.started = time.time()
        self.threads = {}
        # By request id, the data that the application keeps.
        self.active = {}
        # Called with each finished request and the time, when set.
        self.on_finish = None
        self._thread_ids = itertools.count(1)
        self._numbers = itertools.count()

    def begin(self, request_id, now):
        # type: (str, float) -> tuple
        """(Request, how many there were before it in the process); ends what its thread had left open."""
        ident = get_ident()
        thread = self.threads.get(ident)
        if thread is None:
            thread = self.threads[ident] = Thread(next(self._thread_ids))
        elif thread.request is not None:
            thread.request.finish()
        request = thread.request = Request(request_id, thread, now, self)
        current.log = request.log
        self.active[request_id] = request.data
        return request, next(self._numbers)

    def current(self):
        # type: () -> Request
        """The request of the calling thread, or None."""
        thread = self.threads.get(get_ident())
        return None if thread is None else thread.request

    def busy_seconds(self, now):
        # type: (float) -> float
        """Seconds that all threads together have spent in requests, those in flight included."""
        total = 0.0
        for thread in list(self.threads.values()):
            request = thread.request
            total += thread.busy + (max(now - request.started, 0.0) if request is not None else 0.0)
        return total


class Answer(object):
    """What an application returned, with its request's end tied to its close()."""

    __slots__ = ('_result', '_request')

    def __init__(self, result, request):
        # type: (object, Request) -> None
        self._result = result
        self._request = request

    def __iter__(self):
        # type: () -> object
        return iter(self._result)

    def close(self):
        # type: () -> None
        close_and_finish(getattr(self._result, 'close', None), self._request)


def follow(result, request, file_wrapper):
    # type: (object, Request, type) -> object
    """The answer to hand on, so that the request ends with it."""
    kind = type(result)
    if kind is list or kind is tuple:
        request.finish()
        return result
    if isinstance(file_wrapper, type) and isinstance(result, file_wrapper):
        # Servers know their own file wrapper by its type; the end is hung on it. What takes none ends with the next request.
        close = getattr(result, 'close', None)
        try:
            result.close = lambda: close_and_finish(close, request)
        except (AttributeError, TypeError):
            pass
        return result
    return Answer(result, request)


def close_and_finish(close, request):
    # type: (object, Request) -> None
    try:
        if close is not None:
            close()
    finally:
        request.finish()
