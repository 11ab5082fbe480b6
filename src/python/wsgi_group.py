"""The applications of one interpreter group behind one WSGI callable, in the environ that mod_wsgi would have built.

`Group(order, control)` runs under the built-in worker, gunicorn, uWSGI and waitress alike: what the sidecar knows of a
request comes in two headers (ARCHITECTURE.md, "The group process"); wsgi_scripts.py finds the script by SCRIPT_FILENAME.

Answers that no application gave carry `x-sidecar-outcome`:

    script-missing     404  the script file is not there
    script-directory   403  the script is a folder
    script-denied      403  the script lies where the group's user may not look
    script-owner       403  script-user or script-group asks for another owner, or others may write to it
    import-failed      500  the script does not parse, raised, or called sys.exit while it was loaded
    no-callable        404 in embedded mode, 500 in daemon mode: the module has no such callable object
    app-error          500  the application raised before its answer began (the worker says so too)
    interrupted        504  the worker raised mod_wsgi.RequestTimeout in it
    bad-request        500  the sidecar's own headers are missing or unreadable

CPython 2.7 and 3.6 or later, standard library only.
"""
import atexit
import sys
import time

import wsgi_log
from wsgi_events import Watched, times_of
from wsgi_lines import shown
from wsgi_module import Stopping, install_modules
from wsgi_mount import MOUNT_KEY, REQUEST_KEY, Mount, Mounts, inside
from wsgi_ownership import Ownership
from wsgi_requests import Requests, follow
from wsgi_restrict import restrict
from wsgi_scripts import Refusal, Scripts, native, report, report_exception


class Group(object):
    """The WSGI application of a whole group. Thread-safe; one per process."""

    def __init__(self, order, control=None):
        # type: (dict, object) -> None
        self._control = control
        self._is_daemon = order.get('mode') == 'daemon'
        self._version = tuple(order.get('modWsgiVersion') or (4, 9, 4))
        self._has_float_times = self._version >= (6,)
        self._root = native(order.get('chroot') or '')
        # By the value of its header.
        self.find_mount = Mounts(order, self._version).find
        self._scripts = Scripts(self._tell, self._is_daemon, self._version, Ownership(order))
        self._requests = Requests()
        self._end_lines = wsgi_log.install()
        restrict(order)
        self._module = install_modules(order, self._version, self._requests, native)
        self._tell_stopping = Stopping(self._module)
        # Servers that do not say when they stop: late, but told.
        atexit.register(self.stop)

    def __call__(self, environ, start_response):
        # type: (dict, object) -> object
        try:
            application, request = self._prepare(environ)
        except Refusal as refusal:
            self._finish()
            return answer(start_response, refusal)
        request.thread.begun += 1
        if self._module.event_callbacks:
            return self._run_watched(application, environ, start_response, request)
        try:
            result = application(environ, start_response)
        except (SystemExit, KeyboardInterrupt):
            return self._outlive(start_response)
        except:  # noqa: E722 - the server tells; the request is over
            request.finish()
            raise
        return follow(result, request, environ.get('wsgi.file_wrapper'))

    def _run_watched(self, application, environ, start_response, request):
        # type: (object, dict, object, object) -> object
        """The same where someone has subscribed to events."""
        watched = Watched(self._module, request, environ)
        try:
            result = watched.begin(application)(environ, watched.start_response(start_response))
        except:  # noqa: E722 - told, and then treated as without subscribers
            watched.failed()
            watched.finish()
            if isinstance(sys.exc_info()[1], (SystemExit, KeyboardInterrupt)):
                return self._outlive(start_response)
            raise
        return watched.follow(result)

    def _outlive(self, start_response):
        # type: (object) -> list
        """mod_wsgi outlives sys.exit() of an application; other servers' workers would end."""
        report_exception()
        self._finish()
        return answer_anew(start_response, Refusal('500 Internal Server Error', 'app-error'))

    def _finish(self):
        # type: () -> None
        request = self._requests.current()
        if request is not None:
            request.finish()

    def stop(self, reason=''):
        # type: (str) -> None
        """Tells the applications that the process ends, before their exit handlers run. Once is enough."""
        self._tell_stopping(reason)
        self._end_lines()

    def preload(self, imports):
        # type: (list) -> tuple
        """Imports what the order names before the process counts as ready; returns the names (imported, failed)."""
        return self._scripts.preload([inside(self._root, native(each['script'])) for each in imports])

    def has_callable(self, name, callable_object):
        # type: (str, str) -> bool
        """Whether a script that is loaded has it."""
        return getattr(self._scripts.ready(native(name), False, 0.0), native(callable_object), None) is not None

    def _prepare(self, environ):
        # type: (dict) -> tuple
        """Makes the environ what mod_wsgi would have passed; returns (application, Request)."""
        mount = environ.pop(MOUNT_KEY, None)
        if type(mount) is not Mount:
            mount = self.find_mount(mount)
            mount.lay_over(environ)
            environ.pop('HTTP_X_SIDECAR_EXPECT', None)
        # Hop-by-hop of the sidecar's own connection; the client's stands in x-sidecar-request.
        environ.pop('HTTP_CONNECTION', None)
        text = environ.pop(REQUEST_KEY, None)
        if text is not None:
            mount.lay_request_over(environ, text)
        now = time.time()
        request = self._begin(environ, now)
        module = self._scripts.ready(mount.script, mount.is_reloading, now, mount.resource)
        request.module = module
        application = module.__dict__.get(mount.callable_object)
        return application if application is not None else self._no_callable(mount), request

    def _begin(self, environ, now):
        # type: (dict, float) -> Request
        """What mod_wsgi measures of a request; the front's own values, which are earlier, have come before and stay."""
        request, number = self._requests.begin(environ.get('mod_wsgi.request_id', ''), now)
        environ['wsgi.errors'] = request.log
        environ['mod_wsgi.thread_id'] = request.thread.id
        if self._has_float_times:
            environ.setdefault('mod_wsgi.request_start', now)
            environ['mod_wsgi.application_start'] = now
            return request
        stamp = '%d' % (now * 1000000)
        environ.setdefault('mod_wsgi.request_start', stamp)
        environ['mod_wsgi.script_start'] = stamp
        if self._is_daemon:
            environ['mod_wsgi.queue_start'] = environ['mod_wsgi.daemon_start'] = stamp
        environ['mod_wsgi.thread_requests'] = request.thread.begun
        environ['mod_wsgi.total_requests'] = number
        if self._requests.on_finish is not None:
            request.times = times_of(environ)
        return request

    def _no_callable(self, mount):
        # type: (Mount) -> object
        report('Script "%s" has no callable object "%s": define it or name another by WSGICallableObject'
               % (shown(mount.script), mount.callable_object))
        raise Refusal('500 Internal Server Error' if self._is_daemon else '404 Not Found', 'no-callable')

    def _tell(self, event):
        # type: (dict) -> None
        if self._control is not None:
            self._control.send(event)


def answer(start_response, refusal, exc_info=None):
    # type: (object, Refusal, tuple) -> list
    """An answer that tells the client nothing but its status; the sidecar puts its own error page in its place."""
    body = (refusal.status + '\n').encode('ascii')
    start_response(refusal.status, [('Content-Type', 'text/plain'), ('x-sidecar-outcome', refusal.outcome)], exc_info)
    return [body]


def answer_anew(start_response, refusal):
    # type: (object, Refusal) -> list
    """The same in the place of an answer that may have been started; uWSGI chokes on exc_info without need."""
    try:
        return answer(start_response, refusal)
    except Exception:
        return answer(start_response, refusal, sys.exc_info())
