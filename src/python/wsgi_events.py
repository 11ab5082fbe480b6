"""Events that applications subscribe to by `mod_wsgi.subscribe_events` and `mod_wsgi.subscribe_shutdown`
(`wsgi_publish_event`, `Adapter_run` of mod_wsgi 4.9.4).

A request is watched only where someone subscribed: then its input and output are counted too.

CPython 2.7 and 3.6 or later, standard library only.
"""
import resource
import sys
import time
import traceback

from wsgi_requests import close_and_finish

# Python 2 does not know it.
RUSAGE_THREAD = getattr(resource, 'RUSAGE_THREAD', None)


def publish(module, name, event):
    # type: (object, str, dict) -> None
    """Calls the subscribers; a dictionary that one returns is laid over the event."""
    call_all(name, module.event_callbacks, event)
    if name == 'process_stopping':
        call_all(name, module.shutdown_callbacks, event)


def call_all(name, callbacks, event):
    # type: (str, list, dict) -> None
    for callback in list(callbacks):
        try:
            said = callback(name, **event)
        except:  # noqa: E722 - a subscriber harms itself alone
            sys.stderr.write('Exception occurred within event callback\n%s' % traceback.format_exc())
            continue
        if isinstance(said, dict):
            event.update(said)


class Watched(object):
    """One request with subscribers, from the application's call to its end."""

    def __init__(self, module, request, environ):
        # type: (object, object, dict) -> None
        self._module = module
        self._request = request
        self._cpu = thread_times()
        self._input = environ['wsgi.input'] = CountedInput(environ.get('wsgi.input'))
        self._environ = environ
        self._started = time.time()
        self._output = [0, 0]
        self._output_seconds = 0.0

    def begin(self, application):
        # type: (object) -> object
        """Tells of the request; returns the application to call, which a subscriber may have wrapped."""
        environ, request = self._environ, self._request
        event = {
            'request_id': request.id,
            'thread_id': request.thread.id,
            'daemon_connects': int(environ.get('mod_wsgi.daemon_connects', 0)),
            'daemon_restarts': int(environ.get('mod_wsgi.daemon_restarts', 0)),
            'application_object': application,
            'request_environ': environ,
            'application_start': self._started,
            'request_data': request.data,
        }
        for name, seconds in zip(('request_start', 'queue_start', 'daemon_start'), times_of(environ)):
            event[name] = seconds
        publish(self._module, 'request_started', event)
        return event.get('application_object', application)

    def start_response(self, wrapped):
        # type: (object) -> object
        """`start_response` that tells of the response and counts what is written."""
        def start_response(status, headers, exc_info=None):
            # type: (str, list, tuple) -> object
            write = wrapped(status, headers, exc_info) if exc_info is not None else wrapped(status, headers)
            event = {'request_id': self._request.id, 'response_status': status, 'response_headers': headers,
                     'exception_info': exc_info, 'request_data': self._request.data}
            publish(self._module, 'response_started', event)
            return lambda block: self._timed(write, block)
        return start_response

    def follow(self, result):
        # type: (object) -> object
        """The answer, each block counted; its end is told when it is closed."""
        return WatchedAnswer(result, self)

    def failed(self):
        # type: () -> None
        """Tells of the exception that is being handled."""
        event = {'request_id': self._request.id, 'exception_info': sys.exc_info(),
                 'request_data': self._request.data}
        publish(self._module, 'request_exception', event)

    def finish(self):
        # type: () -> None
        now = time.time()
        seconds = max(now - self._started, 0.0)
        event = {
            'request_id': self._request.id,
            'input_reads': self._input.reads,
            'input_length': self._input.length,
            'input_time': self._input.seconds,
            'output_writes': self._output[0],
            'output_length': self._output[1],
            'output_time': self._output_seconds,
            'application_finish': now,
            'application_time': seconds,
            'request_data': self._request.data,
        }
        cpu = thread_times()
        if cpu is not None and self._cpu is not None:
            event['cpu_user_time'] = min(max(cpu[0] - self._cpu[0], 0.0), seconds)
            event['cpu_system_time'] = min(max(cpu[1] - self._cpu[1], 0.0), seconds)
        publish(self._module, 'request_finished', event)
        self._request.finish()

    def _timed(self, write, block):
        # type: (object, bytes) -> object
        self._count(block)
        started = time.time()
        try:
            return write(block)
        finally:
            self._output_seconds += max(time.time() - started, 0.0)

    def _count(self, block):
        # type: (bytes) -> None
        self._output[0] += 1
        self._output[1] += len(block)

    def counted(self, result):
        # type: (object) -> object
        """The blocks of an answer; an exception among them is told of."""
        try:
            for block in result:
                if isinstance(block, bytes):
                    self._count(block)
                # The server sends before it asks for more.
                started = time.time()
                yield block
                self._output_seconds += max(time.time() - started, 0.0)
        except GeneratorExit:
            raise
        except:  # noqa: E722 - told and raised anew
            self.failed()
            raise


class WatchedAnswer(object):
    """The answer of a watched request."""

    def __init__(self, result, watched):
        # type: (object, Watched) -> None
        self._result = result
        self._watched = watched

    def __iter__(self):
        # type: () -> object
        return self._watched.counted(self._result)

    def close(self):
        # type: () -> None
        try:
            close_and_finish(getattr(self._result, 'close', None), self._watched)
        except:  # noqa: E722 - told and raised anew
            self._watched.failed()
            raise


class CountedInput(object):
    """`wsgi.input` that counts what is read, and how long that took."""

    def __init__(self, wrapped):
        # type: (object) -> None
        self._wrapped = wrapped
        self.reads = 0
        self.length = 0
        self.seconds = 0.0

    def read(self, *size):
        # type: (int) -> bytes
        return self._timed(self._wrapped.read, size)

    def readline(self, *size):
        # type: (int) -> bytes
        return self._timed(self._wrapped.readline, size)

    def readlines(self, *hint):
        # type: (int) -> list
        return self._timed(self._wrapped.readlines, hint)

    def __iter__(self):
        # type: () -> object
        return iter(self.readline, b'')

    def __getattr__(self, name):
        # type: (str) -> object
        return getattr(self._wrapped, name)

    def _timed(self, read, arguments):
        # type: (object, tuple) -> object
        started = time.time()
        data = read(*arguments)
        self.seconds += max(time.time() - started, 0.0)
        self.reads += 1
        self.length += len(data) if isinstance(data, bytes) else sum(map(len, data))
        return data


def times_of(environ):
    # type: (dict) -> tuple
    """(request_start, queue_start, daemon_start) in seconds; the last two are 0.0 in embedded mode."""
    return tuple(seconds_of(environ.get('mod_wsgi.' + name, 0)) for name in
                 ('request_start', 'queue_start', 'daemon_start'))


def seconds_of(stamp):
    # type: (object) -> float
    """Microseconds as text up to mod_wsgi 5, seconds from 6 on."""
    return float(stamp) if isinstance(stamp, (int, float)) else int(stamp) / 1000000.0


def thread_times():
    # type: () -> tuple
    """(user, system) seconds of the calling thread, where the system tells."""
    if RUSAGE_THREAD is None:
        return None
    usage = resource.getrusage(RUSAGE_THREAD)
    return usage.ru_utime, usage.ru_stime
