"""How a module changes `sys.path` and `os.environ`: assignments, slices, methods, `del`; the part of a reader that follows them.

CPython 2.7 and 3.6 or later, standard library only.
"""
import ast

import import_paths
from import_values import native_text


class Writes(object):
    """Base of `Reader`, which gives `analysis`, `values`, `name`, `at_import` and `load()`."""

    def assign_item(self, target, value, node):
        # type: (object, object, object) -> None
        owner = self.values.qualify(target.value)
        if owner == 'os.environ':
            index = target.slice.value if type(target.slice).__name__ == 'Index' else target.slice
            self.write_environ(self.values.evaluate(index), value, 'assignment', node)
        elif owner == 'sys.path' and value is not None:
            path = list(self.analysis.path)
            place = slice_of(target.slice)
            if isinstance(place, slice) and isinstance(value, list):
                path[place] = value
            elif isinstance(place, int) and -len(path) <= place < len(path):
                path[place] = value
            self.change_path(insertion(self.analysis.path, path), path, node)

    def on_Delete(self, node):
        # type: (object) -> None
        for target in node.targets:
            if type(target).__name__ == 'Subscript' and self.values.qualify(target.value) == 'os.environ':
                index = target.slice.value if type(target.slice).__name__ == 'Index' else target.slice
                self.write_environ(self.values.evaluate(index), None, 'deletion', node)

    def argument(self, node, index):
        # type: (object, int) -> object
        return self.values.evaluate(node.args[index], self.analysis.path) if len(node.args) > index else None

    def activate(self, file_name, node):
        # type: (object, object) -> None
        """`activate_this.py` of a virtual environment, which is run by its text."""
        if not isinstance(file_name, str) or not file_name.endswith('/activate_this.py'):
            return
        folder = import_paths.environment_packages(file_name)
        path = import_paths.with_python_path(self.analysis.path, [folder], self.analysis.cwd)
        self.change_path('sys.path.insert', path, node)

    def call_path(self, name, node):
        # type: (str, object) -> None
        path = list(self.analysis.path)
        method = name.rpartition('.')[2]
        value = self.argument(node, 1 if method == 'insert' else 0)
        if value is None:
            if method in ('insert', 'append', 'extend', 'addsitedir'):
                self.analysis.unknown_path(self, node)
            return
        if method == 'addsitedir' and isinstance(value, str):
            import_paths.add_site_folder(path, value)
        elif method == 'append' and isinstance(value, str):
            path.append(value)
        elif method == 'extend' and isinstance(value, list):
            path.extend(value)
        elif method == 'remove' and value in path:
            path.remove(value)
        elif method == 'insert' and isinstance(value, str):
            place = slice_of(node.args[0])
            path.insert(place if isinstance(place, int) else 0, value)
        self.change_path('sys.path.insert' if method == 'insert' else 'sys.path.append', path, node)

    def change_path(self, effect, path, node):
        # type: (str, list, object) -> None
        # Functions of requests change the path too late for what the import has found.
        if self.at_import and path != self.analysis.path:
            self.analysis.path[:] = path
            self.analysis.effect(effect, self, node)

    def call_environ(self, method, node):
        # type: (str, object) -> None
        if method in ('putenv', 'setdefault'):
            self.write_environ(self.argument(node, 0), self.argument(node, 1), method, node)
        elif method in ('pop', 'unsetenv'):
            self.write_environ(self.argument(node, 0), None, 'deletion', node)
        elif method == 'update':
            for argument in node.args:
                if type(argument).__name__ == 'Dict':
                    for key, value in zip(argument.keys, argument.values):
                        if key is not None:
                            self.write_environ(self.values.evaluate(key), self.values.evaluate(value), method, node)
            for keyword in node.keywords:
                if keyword.arg is not None:
                    self.write_environ(keyword.arg, self.values.evaluate(keyword.value), method, node)

    def write_environ(self, key, value, how, node):
        # type: (object, object, str, object) -> None
        if not isinstance(key, str):
            return
        # Functions of libraries are called by whoever knows them; those of a script by its requests.
        if self.at_import or self.name == '':
            self.analysis.write_environ(key, value if isinstance(value, str) else None, how, self, node)
        if key == 'DJANGO_SETTINGS_MODULE' and isinstance(value, str):
            self.load(value, node)


def slice_of(node):
    # type: (object) -> object
    """A subscript as `list[...]` takes it: a number, a slice, or None where it cannot be told."""
    if type(node).__name__ == 'Index':
        node = node.value
    if type(node).__name__ == 'Slice':
        ends = [None if end is None else slice_of(end) for end in (node.lower, node.upper)]
        return slice(*ends)
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, int) and native_text(value) is None else None


def insertion(before, after):
    # type: (list, list) -> str
    """Whether something new stands before what was first."""
    return 'sys.path.insert' if after[:1] != before[:1] else 'sys.path.append'
