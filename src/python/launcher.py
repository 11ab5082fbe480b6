"""Starts one group process: everything that must happen before application code may run.

Reads the start order (ARCHITECTURE.md, "The group process") from the first line of stdin while it still is the
sidecar's user, does every privileged step in the order of `Boot.run`, drops privileges for good, and calls
`wsgi_worker.serve()` in the same process. A step that fails is told over the control pipe (fd 3) with what to do
next, and the process ends with status 78 (EX_CONFIG), so that the sidecar does not restart it blindly.

CPython 2.7 and 3.6 or later, standard library only.
"""
import errno
import fcntl
import io
import json
import os
import site
import socket
import stat
import sys
import threading
import traceback
import types

# Python 2 would write what it compiles beside the sources; what applications import is theirs to say (`load_sources`).
WRITES_NO_BYTECODE = sys.dont_write_bytecode
sys.dont_write_bytecode = WRITES_NO_BYTECODE or sys.version_info[0] == 2

from wsgi_privileges import (BootFailure, apply_limits, drop_privileges, enter_chroot, native, resolve_owner, resolve_user,
                             settle_home, settle_locale, show_name, shown)

CONTROL_FD = 3
EXIT_BOOT_FAILED = 78
# sun_path of Linux holds 108 bytes, the last of them NUL.
SOCKET_PATH_LIMIT = 107
# The modules whose `serve` makes this process a server, by the name of the runner.
RUNNERS = {'builtin': 'wsgi_worker', 'gunicorn': 'runner_gunicorn', 'gunicorn-sync': 'runner_gunicorn',
           'uwsgi': 'runner_uwsgi', 'waitress': 'runner_waitress', 'command': 'runner_command',
           'preflight': 'wsgi_preflight'}
OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))
HAS_TEXT_ENVIRON = sys.version_info[0] >= 3


class Control(object):
    """The control pipe to the sidecar: one ASCII JSON object a line, from any thread."""

    def __init__(self, descriptor, lifeline):
        # type: (int, int) -> None
        self.descriptor = descriptor
        self._lock = threading.Lock()
        self.lifeline = lifeline

    def send(self, event):
        # type: (dict) -> None
        """Sends one event; when the sidecar is gone there is nobody to tell, and the lifeline ends the process."""
        # Python 2 has byte strings here; like all byte strings of the protocol they travel as latin-1 code points.
        text = json.dumps(event) if HAS_TEXT_ENVIRON else json.dumps(event, encoding='latin-1')
        data = (text + '\n').encode('ascii')
        with self._lock:
            try:
                while data:
                    data = data[os.write(self.descriptor, data):]
            except OSError:
                pass


def keep_from_children(descriptor):
    # type: (int) -> None
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFD)
    fcntl.fcntl(descriptor, fcntl.F_SETFD, flags | fcntl.FD_CLOEXEC)


def close_inherited():
    # type: () -> None
    """Closes what whoever started the sidecar had left open; what Python opened itself is close-on-exec."""
    for name in os.listdir('/proc/self/fd'):
        try:
            if int(name) > CONTROL_FD and not fcntl.fcntl(int(name), fcntl.F_GETFD) & fcntl.FD_CLOEXEC:
                os.close(int(name))
        except (IOError, OSError):
            pass


def take_over_descriptors():
    # type: () -> Control
    """Moves the lifeline off fd 0, so that applications and their children find /dev/null there, and hides fd 3."""
    close_inherited()
    lifeline = fcntl.fcntl(0, fcntl.F_DUPFD, CONTROL_FD + 1)
    keep_from_children(lifeline)
    keep_from_children(CONTROL_FD)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    if null != 0:
        os.close(null)
    return Control(CONTROL_FD, lifeline)


def use_line_buffers():
    # type: () -> None
    """Makes `print` write whole lines at once: a pipe would hold them back until the process is gone."""
    if HAS_TEXT_ENVIRON:
        for name, descriptor in (('stdout', 1), ('stderr', 2)):
            stream = io.open(descriptor, 'w', 1, encoding='utf-8', errors='backslashreplace', closefd=False)
            setattr(sys, name, stream)
            setattr(sys, '__%s__' % name, stream)
    else:
        sys.stdout = os.fdopen(1, 'w', 1)


def read_order(lifeline):
    # type: (int) -> dict
    """The first line of stdin; the sidecar writes nothing after it."""
    data = b''
    while not data.endswith(b'\n'):
        chunk = os.read(lifeline, 65536)
        if not chunk:
            os._exit(EXIT_BOOT_FAILED)
        data += chunk
    return json.loads(data.decode('ascii'))


def load_sources(order):
    # type: (dict) -> types.ModuleType
    """Imports what serves from beside this file, which the dropped user may not be able to read later."""
    try:
        import wsgi_group  # noqa: F401
        worker = __import__(RUNNERS[order.get('runner', 'builtin')])
        if 'interruptAfter' in order:
            import ctypes  # noqa: F401
        if 'dispatchScript' in order:
            import wsgi_dispatch  # noqa: F401
    except ImportError as error:
        raise BootFailure('Cannot load the worker from "%s": %s: reinstall wsgi-sidecar' % (OWN_FOLDER, error))
    finally:
        sys.dont_write_bytecode = WRITES_NO_BYTECODE
    return worker


def remove_stale_socket(path, name):
    # type: (str, str) -> None
    try:
        found = os.lstat(path)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return
        raise BootFailure('Cannot look at socket "%s": %s: check the runtime folder' % (name, error.strerror))
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
        raise BootFailure('Something that is not our socket stands at "%s": remove it by hand' % name)
    if is_listened_to(path):
        raise BootFailure('Another process listens on "%s": give each sidecar a runtime folder of its own' % name)
    os.unlink(path)


def is_listened_to(path):
    # type: (str) -> bool
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.connect(path)
    except (OSError, socket.error) as error:
        return error.errno != errno.ECONNREFUSED
    finally:
        probe.close()
    return True


def bind(order):
    # type: (dict) -> socket.socket
    """Binds and listens as the sidecar's user: the socket lies in a folder that the dropped user cannot enter."""
    path = native(order['socket'])
    name = shown(order['socket'])
    size = len(order['socket'])
    if size > SOCKET_PATH_LIMIT:
        raise BootFailure('Socket path "%s" has %d bytes, %d are possible: choose a shorter runtime folder'
                          % (name, size, SOCKET_PATH_LIMIT))
    remove_stale_socket(path, name)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    keep_from_children(listener.fileno())
    previous = os.umask(0o177)
    try:
        listener.bind(path)
        listener.listen(order.get('backlog', 100))
    except (OSError, socket.error) as error:
        raise BootFailure('Cannot listen on "%s": %s: check the runtime folder' % (name, error.strerror))
    finally:
        os.umask(previous)
    return listener


def extend_path(order, switched):
    # type: (dict, bool) -> None
    """Adds `pythonPath` as mod_wsgi does: site.addsitedir, so that .pth files count, and what is new comes first.

    Before all stands a home that was asked for (`newInterpreterObject`).
    """
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != OWN_FOLDER]
    is_virtual = getattr(sys, 'base_prefix', sys.prefix) != sys.prefix or hasattr(sys, 'real_prefix')
    if switched and not is_virtual:
        # Root's own site folder was kept out by -s; the user's own belongs in.
        site.ENABLE_USER_SITE, site.USER_SITE, site.USER_BASE = True, None, None
        site.addusersitepackages(set(sys.path))
    before = list(sys.path)
    for entry in order.get('pythonPath') or []:
        site.addsitedir(native(entry))
    added = [entry for entry in sys.path if entry not in before]
    sys.path[:] = added + before
    if order.get('isHomeOnPath'):
        sys.path.insert(0, native(order['home']))


class Boot(object):
    """The start of one group process, step by step; `run` reads as the table of contents."""

    def __init__(self, control):
        # type: (Control) -> None
        self._control = control
        self.step = 'order'

    def enter(self, step):
        # type: (str) -> None
        self.step = step
        self._control.send({'event': 'step', 'step': step})

    def run(self):
        # type: () -> None
        order = read_order(self._control.lifeline)
        self.enter('sources')
        worker = load_sources(order)
        self.enter('socket')
        # A program that is told where to listen binds by itself.
        listener = None if order.get('listens') in ('socket', 'port') else bind(order)
        self.enter('identity')
        identity = resolve_user(order)
        resolve_owner(order)
        if hasattr(worker, 'prepare'):
            worker.prepare(order, identity)
        self.enter('limits')
        show_name(order)
        settle_locale(order)
        apply_limits(order)
        self.enter('chroot')
        enter_chroot(order)
        self.enter('privileges')
        drop_privileges(identity)
        self.enter('home')
        switched = identity is not None and identity[0] != 0
        settle_home(order, switched)
        self.enter('python-path')
        extend_path(order, switched)
        self.enter('worker')
        worker.serve(listener, order, self._control)


def main():
    # type: () -> None
    control = take_over_descriptors()
    use_line_buffers()
    # What mod_wsgi shows; the launcher's own arguments are nobody's business.
    sys.argv[:] = ['mod_wsgi']
    boot = Boot(control)
    try:
        boot.run()
    except SystemExit:
        raise
    except BaseException as error:
        control.send({'event': 'boot-failed', 'step': boot.step, 'message': describe(error),
                      'traceback': traceback.format_exc()})
        sys.stderr.flush()
        os._exit(EXIT_BOOT_FAILED)


def describe(error):
    # type: (BaseException) -> str
    if isinstance(error, BootFailure):
        return error.args[0]
    return '%s: %s' % (type(error).__name__, error)


if __name__ == '__main__':
    main()
