"""Runs a group under uWSGI: one process without a master, on the listening socket that the launcher bound.

`serve()` runs in the launcher and becomes uWSGI; wsgi_inside_uwsgi.py goes on in there. The group's user may not be
able to read this folder, so the sources travel in a file without a name that both have open.

Python 3 alone, of the version that uWSGI's plugin was made for, whatever interpreter runs the launcher.
"""
import fcntl
import io
import json
import os
import sys
import tempfile

from wsgi_privileges import BootFailure

OWN_FOLDER = os.path.dirname(os.path.abspath(__file__))
# uWSGI's own limits are in the way of slow clients; the sidecar has its own.
NO_TIMEOUT = '86400'
# The most that uWSGI can take for the head of a request.
HEAD_LIMIT = '65535'
EVALUATED = '''
import importlib.abc, importlib.util, io, json, sys

class Sources(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, texts):
        self.texts = texts
    def find_spec(self, name, path, target=None):
        return importlib.util.spec_from_loader(name, self, origin=name + ".py") if name in self.texts else None
    def exec_module(self, module):
        module.__file__ = bundle["folder"] + "/" + module.__name__ + ".py"
        exec(compile(self.texts[module.__name__], module.__file__, "exec"), module.__dict__)

bundle = json.load(io.open(%d, encoding="ascii"))
sys.meta_path.insert(0, Sources(bundle["sources"]))
import wsgi_inside_uwsgi
application = wsgi_inside_uwsgi.application_of(bundle["order"])
'''


def load_sources():
    # type: () -> dict
    """The texts of this folder's modules by name, read while this still is the sidecar's user."""
    texts = {}
    for name in os.listdir(OWN_FOLDER):
        if name.endswith('.py'):
            with io.open(os.path.join(OWN_FOLDER, name), encoding='utf-8') as source:
                texts[name[:-3]] = source.read()
    return texts


SOURCES = load_sources()


def serve(listener, order, control):
    # type: (object, dict, object) -> None
    """Becomes uWSGI; returns never."""
    bundle = tempfile.TemporaryFile()
    bundle.write(json.dumps({'folder': OWN_FOLDER, 'sources': SOURCES, 'order': order}).encode('ascii'))
    bundle.seek(0)
    for descriptor in (listener.fileno(), bundle.fileno(), control.descriptor):
        give_to_children(descriptor)
    words = command_line(listener.fileno(), bundle.fileno(), order)
    try:
        os.execvp(words[0], words)
    except OSError as error:
        raise BootFailure('Cannot run "%s": %s: install Debian\'s packages "uwsgi" and "uwsgi-plugin-python3", or '
                          'choose another "runner"' % (words[0], error.strerror))


def command_line(listener, bundle, order):
    # type: (int, int, dict) -> list
    words = ['uwsgi', '--plugin', 'python3', '--http-socket', 'fd://%d' % listener,
             '--threads', str(order.get('threads', 1)), '--enable-threads', '--single-interpreter', '--need-app',
             '--die-on-term', '--close-on-exec', '--close-on-exec2', '--buffer-size', HEAD_LIMIT,
             '--socket-timeout', NO_TIMEOUT, '--disable-logging', '--ignore-sigpipe', '--ignore-write-errors',
             '--eval', EVALUATED % bundle]
    if order.get('stackSize'):
        words[1:1] = ['--threads-stacksize', str(-(-order['stackSize'] // 1024))]
    if getattr(sys, 'base_prefix', sys.prefix) != sys.prefix:
        words[1:1] = ['--home', sys.prefix]
    return words


def give_to_children(descriptor):
    # type: (int) -> None
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFD)
    fcntl.fcntl(descriptor, fcntl.F_SETFD, flags & ~fcntl.FD_CLOEXEC)
