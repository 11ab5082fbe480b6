"""What a script may change for everybody in its process: taken down before and after, and compared.

CPython 2.7 and 3.6 or later, standard library only.
"""
import gc
import locale
import logging
import os
import select
import socket
import subprocess
import sys
import threading
import time

# Functions that gevent, eventlet and the like put others in the place of.
PATCHABLE = ((socket, 'socket'), (socket, 'create_connection'), (socket, 'getaddrinfo'), (threading, 'Thread'),
             (threading, 'Lock'), (threading, 'RLock'), (threading, 'Event'), (threading, 'local'),
             (threading, '_start_new_thread'), (threading, 'get_ident'), (time, 'sleep'), (select, 'select'),
             (select, 'poll'), (select, 'epoll'), (os, 'fork'), (os, 'read'), (os, 'write'), (os, 'waitpid'),
             (subprocess, 'Popen'))
VALUE_LENGTH = 200
# Secrets do not belong into reports.
SECRET = ('PASS', 'SECRET', 'TOKEN', 'KEY', 'CREDENTIAL', 'DSN')

try:
    import builtins
except ImportError:
    import __builtin__ as builtins


def snapshot():
    # type: () -> dict
    """Everything of the process that is compared."""
    mask = os.umask(0o77)
    os.umask(mask)
    root = logging.getLogger()
    return {
        'path': list(sys.path),
        'environ': dict(os.environ),
        'singles': {
            'working-folder': folder(),
            'umask': '%03o' % mask,
            'locale': locale.setlocale(locale.LC_ALL),
            'time-zone': repr(time.tzname),
            'default-encoding': sys.getdefaultencoding(),
            'recursion-limit': str(sys.getrecursionlimit()),
            'socket-timeout': str(socket.getdefaulttimeout()),
            'logging-level': logging.getLevelName(root.level),
            'garbage-collection': 'on' if gc.isenabled() else 'off',
            'stdout': type_name(sys.stdout),
            'stderr': type_name(sys.stderr),
            'excepthook': place_of(sys.excepthook),
            'profile-or-trace': '%s %s' % (place_of(sys.getprofile()), place_of(sys.gettrace())),
        },
        'handlers': [repr(handler) for handler in root.handlers],
        'threads': dict((thread.ident, '%s%s' % (thread.name, '' if thread.daemon else ', which is no daemon'))
                        for thread in threading.enumerate()),
        'hooks': [type_name(hook) for hook in sys.meta_path] + [place_of(hook) for hook in sys.path_hooks],
        'import': builtins.__import__,
        'patches': dict(('%s.%s' % (module.__name__, name), getattr(module, name, None))
                        for module, name in PATCHABLE),
    }


def differences(before, after):
    # type: (dict, dict) -> list
    """What is different, as {'kind', 'detail'}."""
    found = []

    def add(kind, detail):
        # type: (str, str) -> None
        found.append({'kind': kind, 'detail': detail})

    for entry in after['path']:
        if entry not in before['path']:
            add('sys.path', 'adds %s at place %d' % (entry, after['path'].index(entry)))
    for entry in before['path']:
        if entry not in after['path']:
            add('sys.path', 'removes %s' % (entry,))
    compare_environ(before['environ'], after['environ'], add)
    for kind in sorted(after['singles']):
        old, new = before['singles'][kind], after['singles'][kind]
        if old != new:
            add(kind, '%s becomes %s' % (old, new))
    for handler in after['handlers']:
        if handler not in before['handlers']:
            add('logging-handler', 'adds %s to the root logger' % handler)
    for ident in after['threads']:
        if ident not in before['threads']:
            add('thread', 'starts %s' % after['threads'][ident])
    for hook in after['hooks']:
        if hook not in before['hooks']:
            add('import-hook', 'adds %s' % hook)
    if after['import'] is not before['import']:
        add('import-hook', 'replaces __import__ by %s' % place_of(after['import']))
    for name in sorted(after['patches']):
        if after['patches'][name] is not before['patches'][name]:
            add('patch', 'replaces %s by %s' % (name, place_of(after['patches'][name])))
    return found


def compare_environ(before, after, add):
    # type: (dict, dict, object) -> None
    for name in sorted(set(before) | set(after)):
        if name not in after:
            add('os.environ', 'removes %s' % name)
        elif before.get(name) != after[name]:
            is_secret = any(part in name.upper() for part in SECRET)
            add('os.environ', 'sets %s=%s' % (name, '(hidden)' if is_secret else after[name][:VALUE_LENGTH]))


def folder():
    # type: () -> str
    try:
        return os.getcwd()
    except OSError:
        return '(gone)'


def type_name(thing):
    # type: (object) -> str
    kind = thing if isinstance(thing, type) else type(thing)
    return '%s.%s' % (kind.__module__, kind.__name__)


def place_of(thing):
    # type: (object) -> str
    if thing is None:
        return 'none'
    return '%s.%s' % (getattr(thing, '__module__', '?'), getattr(thing, '__name__', type(thing).__name__))
