"""What scripts import and do while they are imported, told from their text by the interpreter that runs them.

One order (a JSON object) comes on stdin behind the line that brought this program; the answer is one JSON object on stdout.
All strings are byte strings as latin-1 code points. Application code is parsed by `ast`, never imported.

CPython 2.7 and 3.6 or later, standard library only.
"""
import ast
import errno
import json
import os
import sys
import warnings

import import_paths
from import_paths import native, shown
from import_reader import Reader
from wsgi_clock import monotonic

MAX_MODULES = 2000
MAX_FILE_BYTES = 4 * 1024 * 1024


class OutOfTime(Exception):
    """The order's time is over; what has been found is told."""


class Analysis(object):
    """One script and all application modules behind it."""

    def __init__(self, script, path, cwd, deadline):
        # type: (str, list, str, float) -> None
        self.script = script
        self.path = list(path)
        self.cwd = cwd
        self.deadline = deadline
        self.modules = {}
        self.found = {}
        self.environ = []
        self.effects = []
        self.errors = []
        self.unknown_paths = []
        self.cut = False

    def run(self):
        # type: () -> dict
        try:
            self.read_file('', self.script, '')
        except OutOfTime:
            self.cut = True
        return {'script': shown(self.script), 'modules': sorted(self.modules.values(), key=lambda one: one['name']),
                'environ': self.environ, 'effects': self.effects, 'errors': self.errors,
                'unknownPaths': self.unknown_paths, 'cut': self.cut}

    def check_time(self):
        # type: () -> None
        if monotonic() > self.deadline:
            raise OutOfTime()

    def read_file(self, name, file_name, package):
        # type: (str, str, str) -> None
        tree = self.parse(file_name)
        if tree is None:
            return
        try:
            Reader(self, name, file_name, package).read(tree)
        except RuntimeError:  # RecursionError of Python 3: code that a machine wrote.
            self.cut = True

    def parse(self, file_name):
        # type: (str) -> object
        try:
            with open(file_name, 'rb') as stream:
                data = stream.read(MAX_FILE_BYTES)
            return compile(data, file_name, 'exec', ast.PyCF_ONLY_AST, True)
        except (IOError, OSError) as error:
            kind = 'missing' if error.errno in (errno.ENOENT, errno.ENOTDIR) else 'unreadable'
            self.error(kind, file_name, 0, os.strerror(error.errno or 0))
        except SyntaxError as error:
            self.error('syntax', file_name, error.lineno or 0, error.msg)
        except (ValueError, TypeError, RuntimeError, MemoryError) as error:
            self.error('syntax', file_name, 0, str(error))
        return None

    def error(self, kind, file_name, line, message):
        # type: (str, str, int, object) -> None
        text = str(message).encode('utf-8', 'replace') if str is not bytes else str(message)
        self.errors.append({'kind': kind, 'file': shown(file_name), 'line': line, 'message': text.decode('latin-1')})

    def load(self, name, reader, node):
        # type: (str, object, object) -> object
        """An import of a dotted name, each of its packages first; Python 2 looks in the importer's own package before."""
        if sys.version_info[0] == 2 and reader.package and not getattr(node, 'level', 0):
            if 'absolute_import' not in reader.values.aliases:
                beside = self.load_absolute(reader.package + '.' + name, reader, node, False)
                if beside is not None:
                    return beside
        return self.load_absolute(name, reader, node, True)

    def load_absolute(self, name, reader, node, is_last_try):
        # type: (str, object, object, bool) -> object
        found = None
        parts = name.split('.')
        for count in range(1, len(parts) + 1):
            dotted = '.'.join(parts[:count])
            found = self.find(dotted, self.path if count == 1 else found.folders)
            if found is None:
                if is_last_try:
                    self.record(dotted, None, reader, node)
                return None
            self.enter(dotted, found, reader, node)
        return found

    def load_submodule(self, name, reader, node):
        # type: (str, object, object) -> None
        """A name of `from package import name`, which need not be a module."""
        package = self.found.get(name.rpartition('.')[0])
        found = None if package is None else self.find(name, package.folders)
        if found is not None:
            self.enter(name, found, reader, node)

    def load_named(self, text, reader, node):
        # type: (str, object, object) -> None
        """A dotted text of which the last parts may name what is in a module: `shop.apps.ShopConfig`."""
        parts = text.split('.')
        found = None
        for count in range(1, len(parts) + 1):
            dotted = '.'.join(parts[:count])
            found = self.find(dotted, self.path if count == 1 else found.folders)
            if found is None:
                return
            self.enter(dotted, found, reader, node)

    def find(self, name, folders):
        # type: (str, list) -> object
        """As `sys.modules`: what a name led to once, it leads to always."""
        if self.found.get(name) is None:
            self.found[name] = import_paths.find(name, folders)
        return self.found[name]

    def enter(self, name, found, reader, node):
        # type: (str, object, object, object) -> None
        """Records a module at its first import, and reads it where it is the application's own."""
        if name in self.modules and self.modules[name]['kind'] != 'missing':
            return
        origin = self.record(name, found, reader, node)
        if origin != 'application' or found.kind not in ('source', 'package') or found.file_name is None:
            return
        if len(self.modules) > MAX_MODULES:
            self.cut = True
        elif found.file_name.endswith('.py'):
            self.read_file(name, found.file_name, name if found.kind == 'package' else name.rpartition('.')[0])

    def record(self, name, found, reader, node):
        # type: (str, object, object, object) -> str
        if found is None:
            if name not in self.modules:
                self.modules[name] = dict(self.place(reader, node), name=name, kind='missing', origin='application',
                                          guarded=reader.guarded)
            return 'application'
        origin = import_paths.origin_of(found)
        if origin != 'standard':
            self.modules[name] = dict(self.place(reader, node), name=name, kind=found.kind, origin=origin,
                                      guarded=reader.guarded)
            place = found.place()
            if place is not None:
                self.modules[name].update(path=shown(os.path.abspath(place)), real=shown(os.path.realpath(place)))
        return origin

    def place(self, reader, node):
        # type: (object, object) -> dict
        return {'file': shown(reader.file_name), 'line': getattr(node, 'lineno', 0)}

    def effect(self, name, reader, node):
        # type: (str, object, object) -> None
        self.effects.append(dict(self.place(reader, node), effect=name))

    def unknown_path(self, reader, node):
        # type: (object, object) -> None
        self.unknown_paths.append(self.place(reader, node))

    def write_environ(self, key, value, how, reader, node):
        # type: (str, object, str, object, object) -> None
        entry = dict(self.place(reader, node), key=shown(key), how=how, atImport=reader.at_import)
        if value is not None:
            entry['value'] = shown(value)
        self.environ.append(entry)


def main(order):
    # type: (dict) -> None
    warnings.simplefilter('ignore')
    sys.setrecursionlimit(5000)
    cwd = native(order.get('cwd') or '/')
    path = import_paths.with_python_path(
        import_paths.base_path(), [native(entry) for entry in order.get('pythonPath') or []], cwd)
    deadline = monotonic() + order.get('seconds', 30)
    scripts = [Analysis(native(script), path, cwd, deadline).run() for script in order['scripts']]
    answer = {'python': '%d.%d.%d' % sys.version_info[:3], 'path': [shown(entry) for entry in path], 'scripts': scripts}
    sys.stdout.write(json.dumps(answer) + '\n')
    sys.stdout.flush()
