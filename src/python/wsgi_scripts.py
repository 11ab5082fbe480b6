"""The scripts of a group: found, loaded, looked at again and loaded anew as mod_wsgi 4.9.4 does.

One script is one module, whatever number of mounts lead to it (`wsgi_execute_script`, `wsgi_load_source`). A script that
fails to load harms its own requests alone, and its text is run again only after a delay that grows.

CPython 2.7 and 3.6 or later, standard library only.
"""
import errno
import hashlib
import os
import stat
import sys
import threading
import traceback
import types

from wsgi_clock import monotonic, stopwatch

try:
    from importlib.machinery import SourceFileLoader
    from importlib.util import spec_from_file_location
except ImportError:
    SourceFileLoader = None

from wsgi_lines import shown

IS_TEXT_NATIVE = str is not bytes
# How long a daemon trusts its last look at a script; embedded mode looks at every request, as its reload is at once.
LOOK_INTERVAL = 0.01
FIRST_RETRY_DELAY = 1.0
LAST_RETRY_DELAY = 30.0


class Refusal(Exception):
    """An answer of our own: its status line and its `x-sidecar-outcome`."""

    def __init__(self, status, outcome):
        # type: (str, str) -> None
        Exception.__init__(self, outcome)
        self.status = status
        self.outcome = outcome


class Script(object):
    """One script file: its module while it is loaded, and what is known of its last failure."""

    def __init__(self, name):
        # type: (str) -> None
        self.name = name
        self.file_name = file_name_of(name)
        self.module = None
        self.modified = None
        # The time of day of the last look and of the next; it may be set to one before both.
        self.looked_at = 0.0
        self.look_at = 0.0
        self.told = None
        self.failed = None
        self.retry_at = 0.0
        self.retry_delay = 0.0

    def is_resting(self, modified):
        # type: (object) -> bool
        """Whether this very text failed a moment ago, so that running it again would only cost."""
        return self.failed == modified and monotonic() < self.retry_at


class Scripts(object):
    """All scripts that this process has been asked for. Thread-safe."""

    def __init__(self, tell, is_daemon, version, ownership):
        # type: (object, bool, tuple, Ownership) -> None
        # Sends one event to the sidecar.
        self._tell = tell
        self._is_daemon = is_daemon
        self._version = version
        self._ownership = ownership
        self._scripts = {}
        # As mod_wsgi: while one script is loaded, no other is.
        self._import_lock = threading.Lock()

    def ready(self, name, is_reloading, now, resource=None):
        # type: (str, bool, float, str) -> types.ModuleType
        """The script's module, loaded and as new as it has to be; or a refusal. `resource` is the file that the
        request names. Whoever runs functions of it holds it: Python 2 empties a module that nobody holds."""
        script = self._scripts.get(name) or self._script(name)
        module = script.module
        if module is None:
            return self._load(script)
        if not script.looked_at <= now < script.look_at:
            return self._look(script, module, is_reloading, now, resource or name)
        return module

    def preload(self, names):
        # type: (list) -> tuple
        """Loads scripts before anyone asks for them; returns the names (imported, failed)."""
        imported, failed = [], []
        for name in names:
            try:
                self._load(self._script(name))
                imported.append(name)
            except Refusal:
                failed.append(name)
        return imported, failed

    def _script(self, name):
        # type: (str) -> Script
        return self._scripts.setdefault(name, Script(name))

    def _look(self, script, module, is_reloading, now, resource):
        # type: (Script, types.ModuleType, bool, float, str) -> types.ModuleType
        """mod_wsgi's reload rule for a loaded script: any other mtime counts, not only a newer one; so does a script
        that took its `__mtime__` away, or whose own reload_required() says so (`wsgi_reload_required`)."""
        modified = modified_of(script, self._ownership)
        names = module.__dict__
        if self._is_daemon and 'reload_required' not in names:
            script.looked_at, script.look_at = now, now + LOOK_INTERVAL
        if not is_reloading:
            return module
        if modified != script.modified:
            reason = modified
        elif '__mtime__' not in names or ('reload_required' in names and self._is_asked(script, names, resource)):
            # Again at the next request, but not more often than each second.
            reason = int(now)
        else:
            return module
        if not self._is_daemon:
            return self._load(script, module)
        # Once for each text: the sidecar's replacement may have failed, and the next text may be right.
        if script.told != reason:
            script.told = reason
            self._tell({'event': 'stale', 'script': script.name})
        return module

    def _is_asked(self, script, names, resource):
        # type: (Script, dict, str) -> bool
        try:
            return bool(names['reload_required'](file_name_of(resource)))
        except:  # noqa: E722 - told as for the application; from 6.0 on it counts as a yes
            report('Exception occurred processing WSGI script "%s"' % shown(script.name))
            report_exception()
            return self._version >= (6,)

    def _load(self, script, outdated=None):
        # type: (Script, types.ModuleType) -> types.ModuleType
        """Loads a script in place of the outdated module, which is gone whatever becomes of the new one; a refusal
        when it fails."""
        with self._import_lock:
            if script.module is not outdated and script.module is not None:
                return script.module
            script.module = None
            try:
                modified = modified_of(script, self._ownership)
            except Refusal:
                # Names that are no scripts are not kept: clients may ask for any number of them.
                self._scripts.pop(script.name, None)
                raise
            if script.is_resting(modified):
                raise Refusal('500 Internal Server Error', 'import-failed')
            return self._execute(script, modified)

    def _execute(self, script, modified):
        # type: (Script, object) -> types.ModuleType
        """Runs the script's text as a module of its own; the caller holds the import lock."""
        started = stopwatch()
        name = module_name(script.name, self._version)
        sys.modules.pop(name, None)
        try:
            module = run_source(script.file_name, name)
        except:  # noqa: E722 - sys.exit() in a script is a failed import and nothing more
            self._import_failed(script, modified)
            raise Refusal('500 Internal Server Error', 'import-failed')
        # Microseconds, as mod_wsgi leaves them there.
        module.__mtime__ = modified // 1000 if isinstance(modified, int) else int(modified * 1000000)
        script.module, script.modified, script.failed = module, modified, None
        self._tell({'event': 'imported', 'script': script.name, 'seconds': round(stopwatch() - started, 6)})
        return module

    def _import_failed(self, script, modified):
        # type: (Script, object) -> None
        kind, value, trace = sys.exc_info()
        # The first frame is ours and tells nobody anything.
        lines = traceback.format_exception(kind, value, trace.tb_next and trace.tb_next.tb_next)
        is_same = script.failed == modified
        script.retry_delay = min(script.retry_delay * 2, LAST_RETRY_DELAY) if is_same else FIRST_RETRY_DELAY
        script.retry_at = monotonic() + script.retry_delay
        script.failed = modified
        message = traceback.format_exception_only(kind, value)[-1].strip()
        report('Cannot import script "%s": %s\n%s' % (shown(script.name), message, ''.join(lines)))
        self._tell({'event': 'import-failed', 'script': script.name, 'message': message,
                    'traceback': ''.join(lines)})


def modified_of(script, ownership):
    # type: (Script, Ownership) -> object
    """The script's mtime, as exact as this Python tells it; a refusal when there is no such file."""
    try:
        found = os.stat(script.file_name)
    except (OSError, ValueError, TypeError) as error:
        if getattr(error, 'errno', None) == errno.EACCES:
            report('May not look at script "%s": let user %d search its folders' % (shown(script.name), os.geteuid()))
            raise Refusal('403 Forbidden', 'script-denied')
        report('Target WSGI script not found: "%s"' % shown(script.name))
        raise Refusal('404 Not Found', 'script-missing')
    if stat.S_ISDIR(found.st_mode):
        report('Attempt to invoke directory as WSGI application: "%s"' % shown(script.name))
        raise Refusal('403 Forbidden', 'script-directory')
    problem = ownership.problem_of(script.file_name, found) if ownership.is_asked else None
    if problem is not None:
        report(problem)
        raise Refusal('403 Forbidden', 'script-owner')
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
    if SourceFileLoader is not None:
        # As PyImport_ExecCodeModuleEx leaves them: for importlib.reload, pkgutil.get_data and inspect.
        module.__loader__ = SourceFileLoader(name, file_name)
        module.__spec__ = spec_from_file_location(name, file_name, loader=module.__loader__)
        module.__cached__ = None
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)
    except:  # noqa: E722 - as import does: no half-made module stays behind
        sys.modules.pop(name, None)
        raise
    return module


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
