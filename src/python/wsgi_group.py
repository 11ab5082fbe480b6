"""The applications of one interpreter group behind one WSGI callable, in the environ that mod_wsgi would have built.

`Group(order, control)` runs under the built-in worker, gunicorn, uWSGI and waitress alike: what the sidecar knows of a
request comes in two headers (ARCHITECTURE.md, "The group process"), and scripts are found by SCRIPT_FILENAME and
loaded as mod_wsgi 4.9.4 does (`wsgi_execute_script`, `wsgi_load_source`).

Answers that no application gave carry `x-sidecar-outcome`:

    script-missing     404  the script file is not there
    script-directory   403  the script is a folder
    script-denied      403  the script lies where the group's user may not look
    import-failed      500  the script does not parse, raised, or called sys.exit while it was loaded
    no-callable        404 in embedded mode, 500 in daemon mode: the module has no such callable object
    app-error          500  the application raised before its answer began (the worker says so too)
    bad-request        500  the sidecar's own headers are missing or unreadable

CPython 2.7 and 3.6 or later, standard library only.
"""
import errno
import hashlib
import itertools
import json
import os
import stat
import sys
import threading
import time
import traceback
import types

IS_TEXT_NATIVE = str is not bytes
# The headers that Debian's 4.9.4 was compiled against; mod_wsgi shows these, not the running server's.
APACHE_VERSION = (2, 4, 55)
# How long a daemon trusts its last look at a script; embedded mode looks at every request, as its reload is at once.
LOOK_INTERVAL = 0.01
FIRST_RETRY_DELAY = 1.0
LAST_RETRY_DELAY = 30.0
# Mounts times virtual hosts stay far below; a flood of others may not grow memory.
MOUNTS_KEPT = 4096

scan_json = json.JSONDecoder().scan_once
try:
    from threading import get_ident
except ImportError:
    from thread import get_ident


class Refusal(Exception):
    """An answer of our own: its status line and its `x-sidecar-outcome`."""

    def __init__(self, status, outcome):
        # type: (str, str) -> None
        Exception.__init__(self, outcome)
        self.status = status
        self.outcome = outcome


class Script(object):
    """One script file: its module once it is loaded, and what is known of its last failure."""

    def __init__(self, name):
        # type: (str) -> None
        self.name = name
        self.file_name = file_name_of(name)
        self.module = None
        self.names = {}
        self.modified = None
        self.look_at = 0.0
        self.told = None
        self.failed = None
        self.retry_at = 0.0
        self.retry_delay = 0.0

    def is_resting(self, modified):
        # type: (object) -> bool
        """Whether this very text failed a moment ago, so that running it again would only cost."""
        return self.failed == modified and time.time() < self.retry_at


class Mount(object):
    """One value of `x-sidecar-mount`, parsed."""

    def __init__(self, entries):
        # type: (dict) -> None
        # A header of the client beats SetEnv of the same name, as in ap_add_common_vars.
        self.defaults = dict((key, entries.pop(key)) for key in list(entries)
                             if key.startswith('HTTP_') or key in ('CONTENT_TYPE', 'CONTENT_LENGTH'))
        self.entries = entries
        self.is_reloading = entries['mod_wsgi.script_reloading'] == '1'


class Group(object):
    """The WSGI application of a whole group. Thread-safe; one per process."""

    def __init__(self, order, control=None):
        # type: (dict, object) -> None
        self._control = control
        self._is_daemon = order.get('mode') == 'daemon'
        self._version = tuple(order.get('modWsgiVersion') or (4, 9, 4))
        self._constants = constants_of(order, self._version)
        self._has_float_times = self._version >= (6,)
        self._mounts = {}
        self._scripts = {}
        self._threads = {}
        self._thread_ids = itertools.count(1)
        self._requests = itertools.count(1)
        self._import_lock = threading.Lock()
        install_module(order, self._version)

    def __call__(self, environ, start_response):
        # type: (dict, object) -> object
        try:
            application = self._prepare(environ)
        except Refusal as refusal:
            return answer(start_response, refusal)
        try:
            return application(environ, start_response)
        except (SystemExit, KeyboardInterrupt):
            # mod_wsgi outlives sys.exit() of an application; other servers' workers would end.
            report_exception()
            return answer(start_response, Refusal('500 Internal Server Error', 'app-error'), sys.exc_info())

    def preload(self, imports):
        # type: (list) -> tuple
        """Imports scripts before the process counts as ready; returns the names (imported, failed)."""
        imported, failed = [], []
        for item in imports:
            script = self._script(native(item['script']))
            try:
                self._load(script)
                imported.append(script.name)
            except Refusal:
                failed.append(script.name)
        return imported, failed

    def _prepare(self, environ):
        # type: (dict) -> object
        """Makes the environ what mod_wsgi would have passed, and returns the application."""
        text = environ.pop('HTTP_X_SIDECAR_MOUNT', None)
        mount = self._mounts.get(text) or self._learn_mount(text)
        environ.update(mount.entries)
        for key in mount.defaults:
            environ.setdefault(key, mount.defaults[key])
        now = time.time()
        self._count(environ, now)
        text = environ.pop('HTTP_X_SIDECAR_REQUEST', None)
        # Hop-by-hop of the sidecar's own connection; the client's stands in x-sidecar-request.
        environ.pop('HTTP_CONNECTION', None)
        if text is not None:
            environ.update(parse_entries(text))
        environ.pop('HTTP_X_SIDECAR_EXPECT', None)
        environ.pop('PATH', None)
        if 'HTTPS' in environ:
            take_scheme(environ)
        name = environ.get('mod_wsgi.handler_script') or environ.get('SCRIPT_FILENAME', '')
        script = self._scripts.get(name) or self._script(name)
        if script.module is None:
            self._load(script)
        elif now >= script.look_at:
            self._look(script, mount.is_reloading, now)
        application = script.names.get(environ['mod_wsgi.callable_object'])
        return application if application is not None else self._no_callable(environ, script)

    def _learn_mount(self, text):
        # type: (str) -> Mount
        if text is None:
            report('No header "x-sidecar-mount": requests reach this process through wsgi-sidecar only')
            raise Refusal('500 Internal Server Error', 'bad-request')
        entries = dict(self._constants)
        entries.update(parse_entries(text))
        mount = Mount(entries)
        if len(self._mounts) >= MOUNTS_KEPT:
            self._mounts.clear()
        self._mounts[text] = mount
        return mount

    def _count(self, environ, now):
        # type: (dict, float) -> None
        """What mod_wsgi measures of a request; the front's own values, which are earlier, come later and win."""
        ident = get_ident()
        thread = self._threads.get(ident)
        if thread is None:
            thread = self._threads[ident] = [next(self._thread_ids), 0]
        environ['mod_wsgi.thread_id'] = thread[0]
        if self._has_float_times:
            environ['mod_wsgi.request_start'] = environ['mod_wsgi.application_start'] = now
            return
        stamp = '%d' % (now * 1000000)
        environ['mod_wsgi.request_start'] = environ['mod_wsgi.script_start'] = stamp
        if self._is_daemon:
            environ['mod_wsgi.queue_start'] = environ['mod_wsgi.daemon_start'] = stamp
        environ['mod_wsgi.thread_requests'] = thread[1]
        environ['mod_wsgi.total_requests'] = next(self._requests)
        thread[1] += 1

    def _no_callable(self, environ, script):
        # type: (dict, Script) -> object
        report('Script "%s" has no callable object "%s": define it or name another by WSGICallableObject'
               % (script.file_name, environ['mod_wsgi.callable_object']))
        raise Refusal('500 Internal Server Error' if self._is_daemon else '404 Not Found', 'no-callable')

    def _script(self, name):
        # type: (str) -> Script
        return self._scripts.setdefault(name, Script(name))

    def _look(self, script, is_reloading, now):
        # type: (Script, bool, float) -> None
        """mod_wsgi's reload rule for a loaded script: any other mtime counts, not only a newer one."""
        modified = modified_of(script)
        if self._is_daemon:
            script.look_at = now + LOOK_INTERVAL
        if modified == script.modified or not is_reloading:
            return
        if self._is_daemon:
            # Once for each text: the sidecar's replacement may have failed, and the next text may be right.
            if script.told != modified:
                script.told = modified
                self._tell({'event': 'stale', 'script': script.name})
            return
        self._reload(script, modified)

    def _reload(self, script, modified):
        # type: (Script, object) -> None
        """Loads a changed script in place; a text that fails leaves the one that worked."""
        with self._import_lock:
            if script.modified == modified or script.is_resting(modified):
                return
            try:
                self._execute(script, modified)
            except Refusal:
                pass

    def _load(self, script):
        # type: (Script) -> None
        with self._import_lock:
            if script.module is not None:
                return
            modified = modified_of(script)
            if script.is_resting(modified):
                raise Refusal('500 Internal Server Error', 'import-failed')
            self._execute(script, modified)

    def _execute(self, script, modified):
        # type: (Script, object) -> None
        """Runs the script's text as a module of its own; the caller holds the import lock."""
        started = time.time()
        name = module_name(script.name, self._version)
        previous = sys.modules.get(name)
        try:
            module = run_source(script.file_name, name)
        except:  # noqa: E722 - sys.exit() in a script is a failed import and nothing more
            if previous is not None:
                sys.modules[name] = previous
            self._import_failed(script, modified)
            raise Refusal('500 Internal Server Error', 'import-failed')
        # Microseconds, as mod_wsgi leaves them there.
        module.__mtime__ = modified // 1000 if isinstance(modified, int) else int(modified * 1000000)
        script.module, script.names, script.modified = module, module.__dict__, modified
        script.failed = None
        self._tell({'event': 'imported', 'script': script.name, 'seconds': round(time.time() - started, 6)})

    def _import_failed(self, script, modified):
        # type: (Script, object) -> None
        kind, value, trace = sys.exc_info()
        # The first frame is ours and tells nobody anything.
        lines = traceback.format_exception(kind, value, trace.tb_next and trace.tb_next.tb_next)
        is_same = script.failed == modified
        script.retry_delay = min(script.retry_delay * 2, LAST_RETRY_DELAY) if is_same else FIRST_RETRY_DELAY
        script.retry_at = time.time() + script.retry_delay
        script.failed = modified
        message = traceback.format_exception_only(kind, value)[-1].strip()
        report('Cannot import script "%s": %s\n%s' % (script.file_name, message, ''.join(lines)))
        self._tell({'event': 'import-failed', 'script': script.name, 'message': message,
                    'traceback': ''.join(lines)})

    def _tell(self, event):
        # type: (dict) -> None
        if self._control is not None:
            self._control.send(event)


def constants_of(order, version):
    # type: (dict, tuple) -> dict
    """The environ entries that are the same for every request of the group."""
    threads = order.get('threads', 1)
    entries = {
        'wsgi.version': (1, 0),
        'wsgi.multithread': bool(order.get('multithread', threads > 1)),
        'wsgi.multiprocess': bool(order.get('multiprocess', False)),
        'wsgi.run_once': False,
        'wsgi.input_terminated': True,
        'wsgi.url_scheme': 'http',
        'apache.version': APACHE_VERSION,
        'mod_wsgi.version': version,
        'mod_wsgi.process_group': native(order.get('processGroup', '')),
        'mod_wsgi.application_group': native(order.get('applicationGroup', '')),
        'mod_wsgi.callable_object': 'application',
        'mod_wsgi.handler_script': '',
        'mod_wsgi.request_handler': 'wsgi-script',
        'mod_wsgi.script_reloading': '1' if order.get('scriptReloading', True) else '0',
        'mod_wsgi.script_name': '',
        'mod_wsgi.path_info': '',
        'mod_wsgi.listener_host': '',
        'mod_wsgi.listener_port': '',
    }
    if version < (6,):
        entries.update({'mod_wsgi.enable_sendfile': '0', 'mod_wsgi.ignore_activity': '0'})
        if order.get('mode') == 'daemon':
            entries.update({'mod_wsgi.daemon_connects': '1', 'mod_wsgi.daemon_restarts': '0'})
    return entries


def install_module(order, version):
    # type: (dict, tuple) -> None
    """The module `mod_wsgi`, which applications import to learn where they run."""
    module = types.ModuleType('mod_wsgi')
    module.version = version
    module.process_group = native(order.get('processGroup', ''))
    module.application_group = native(order.get('applicationGroup', ''))
    module.maximum_processes = order.get('processes', 1)
    module.threads_per_process = order.get('threads', 1)
    sys.modules['mod_wsgi'] = module


def parse_entries(text):
    # type: (str) -> dict
    """The environ entries of one of the sidecar's headers; their code points are bytes (PEP 3333)."""
    try:
        entries, end = scan_json(text, 0)
        # A second header of the name would have been joined to this one.
        if type(entries) is not dict or end != len(text):
            raise ValueError('Not one object')
        if IS_TEXT_NATIVE:
            return entries
        return dict((key.encode('latin-1'), entries[key].encode('latin-1')) for key in entries)
    except (StopIteration, ValueError, AttributeError):
        report('Unreadable sidecar header: %r' % text[:200])
        raise Refusal('500 Internal Server Error', 'bad-request')


def take_scheme(environ):
    # type: (dict) -> None
    """HTTPS becomes wsgi.url_scheme and vanishes, whoever set it (`Adapter_environ`)."""
    if environ.pop('HTTPS').lower() in ('on', '1'):
        environ['wsgi.url_scheme'] = 'https'


def modified_of(script):
    # type: (Script) -> object
    """The script's mtime, as exact as this Python tells it; a refusal when there is no such file."""
    try:
        found = os.stat(script.file_name)
    except (OSError, ValueError, TypeError) as error:
        if getattr(error, 'errno', None) == errno.EACCES:
            report('May not look at script "%s": let user %d search its folders' % (script.file_name, os.geteuid()))
            raise Refusal('403 Forbidden', 'script-denied')
        report('Target WSGI script not found: "%s"' % script.file_name)
        raise Refusal('404 Not Found', 'script-missing')
    if stat.S_ISDIR(found.st_mode):
        report('Attempt to invoke directory as WSGI application: "%s"' % script.file_name)
        raise Refusal('403 Forbidden', 'script-directory')
    return getattr(found, 'st_mtime_ns', found.st_mtime)


def module_name(script, version):
    # type: (str, tuple) -> str
    """mod_wsgi's name for a script's module (`wsgi_module_name`); pickles of applications hold it.

    Before 6.0 the path is hashed in lower case.
    """
    path = script if not IS_TEXT_NATIVE else script.encode('latin-1')
    return '_mod_wsgi_' + hashlib.md5(path if version >= (6,) else path.lower()).hexdigest()


def run_source(file_name, name):
    # type: (str, str) -> types.ModuleType
    """Compiles bytes, so that the encoding cookie counts, and executes them as the module `name`."""
    with open(file_name, 'rb') as source:
        code = compile(source.read(), file_name, 'exec', 0, True)
    module = types.ModuleType(name)
    module.__file__ = file_name
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)
    except:  # noqa: E722 - as import does: no half-made module stays behind
        del sys.modules[name]
        raise
    return module


def answer(start_response, refusal, exc_info=None):
    # type: (object, Refusal, tuple) -> list
    """An answer that tells the client nothing but its status; the sidecar puts its own error page in its place."""
    body = (refusal.status + '\n').encode('ascii')
    start_response(refusal.status, [('Content-Type', 'text/plain'), ('x-sidecar-outcome', refusal.outcome)], exc_info)
    return [body]


def native(text):
    # type: (str) -> str
    """A byte string of the start order or of a header as this Python's native string."""
    if IS_TEXT_NATIVE or isinstance(text, bytes):
        return text
    return text.encode('latin-1')


def file_name_of(name):
    # type: (str) -> str
    return os.fsdecode(name.encode('latin-1')) if IS_TEXT_NATIVE else name


def report(text):
    # type: (str) -> None
    """One write to the group's log."""
    sys.stderr.write(text.rstrip('\n') + '\n')
    sys.stderr.flush()


def report_exception():
    # type: () -> None
    report(traceback.format_exc())
