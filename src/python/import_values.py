"""The value of an expression, as far as a file name can be told from the text: literals, `__file__`, os.path and pathlib.

A value is a native string, a list of strings, or None where it cannot be told.

CPython 2.7 and 3.6 or later, standard library only.
"""
import os
import sys

IS_TEXT_NATIVE = str is not bytes
CONSTANTS = {'os.sep': os.sep, 'os.path.sep': os.sep, 'os.pardir': os.pardir, 'os.path.pardir': os.pardir,
             'os.curdir': os.curdir, 'sys.prefix': sys.prefix, 'sys.exec_prefix': sys.exec_prefix}
SAME_PATH = ('str', 'list', 'tuple', 'pathlib.Path', 'pathlib.PurePath', 'pathlib.PosixPath', 'path.Path',
             'os.fspath', 'os.path.normcase')


class Values(object):
    """The names of one module that stand for text, and what dotted names mean there."""

    def __init__(self, file_name, cwd):
        # type: (str, str) -> None
        self.file_name = file_name
        self.cwd = cwd
        self.names = {'__file__': file_name}
        # Local name -> dotted name: `np` -> `numpy`, `environ` -> `os.environ`.
        self.aliases = {}

    def qualify(self, node):
        # type: (object) -> object
        """The dotted name of `a.b.c` with imports resolved; None for anything else."""
        parts = []
        while type(node).__name__ == 'Attribute':
            parts.append(node.attr)
            node = node.value
        if type(node).__name__ != 'Name':
            return None
        parts.append(self.aliases.get(node.id, node.id))
        return '.'.join(reversed(parts))

    def evaluate(self, node, path=None):
        # type: (object, object) -> object
        """The value; `path` is what `sys.path` stands for."""
        reader = getattr(self, 'of_' + type(node).__name__, None)
        try:
            return None if reader is None else reader(node, path)
        except (TypeError, ValueError, IndexError, KeyError, AttributeError):
            return None

    def of_Constant(self, node, _path):
        # type: (object, object) -> object
        return native_text(node.value)

    def of_Str(self, node, _path):
        # type: (object, object) -> object
        return native_text(node.s)

    def of_Name(self, node, _path):
        # type: (object, object) -> object
        if node.id in self.names:
            return self.names[node.id]
        return CONSTANTS.get(self.aliases.get(node.id))

    def of_List(self, node, path):
        # type: (object, object) -> object
        """Elements that cannot be told are left out."""
        values = [self.evaluate(element, path) for element in node.elts]
        return [value for value in values if isinstance(value, str)]

    of_Tuple = of_List

    def of_JoinedStr(self, node, path):
        # type: (object, object) -> object
        return ''.join([self.evaluate(getattr(part, 'value', part) if type(part).__name__ == 'FormattedValue'
                                      else part, path) for part in node.values])

    def of_BinOp(self, node, path):
        # type: (object, object) -> object
        left = self.evaluate(node.left, path)
        operator = type(node.op).__name__
        if operator == 'Mod' and isinstance(left, str):
            right = self.evaluate(node.right, path)
            return left % (tuple(right) if isinstance(right, list) else right) if right is not None else None
        right = self.evaluate(node.right, path)
        if operator == 'Add':
            # A list is better known by half than not at all.
            if isinstance(left, list) or isinstance(right, list):
                return as_list(left) + as_list(right)
            return left + right
        return os.path.join(left, right) if operator == 'Div' else None

    def of_Attribute(self, node, path):
        # type: (object, object) -> object
        name = self.qualify(node)
        if name == 'sys.path':
            return None if path is None else list(path)
        if name in CONSTANTS:
            return CONSTANTS[name]
        value = self.evaluate(node.value, path)
        if node.attr == 'parent' and isinstance(value, str):
            return os.path.dirname(value)
        return os.path.basename(value) if node.attr == 'name' and isinstance(value, str) else None

    def of_Subscript(self, node, path):
        # type: (object, object) -> object
        index = number_of(node.slice)
        if type(node.value).__name__ == 'Attribute' and node.value.attr == 'parents':
            value = self.evaluate(node.value.value, path)
            for _ in range(index + 1):
                value = os.path.dirname(value)
            return value
        value = self.evaluate(node.value, path)
        if type(node.slice).__name__ == 'Slice':
            whole = node.slice.lower is None and node.slice.upper is None and node.slice.step is None
            return value if whole and isinstance(value, list) else None
        return value[index] if isinstance(value, (list, tuple)) else None

    def of_Call(self, node, path):
        # type: (object, object) -> object
        name = self.qualify(node.func)
        arguments = [self.evaluate(argument, path) for argument in node.args]
        if name is not None and name.startswith('os.path.'):
            return self.of_path_call(name[len('os.path.'):], arguments)
        if name in SAME_PATH and len(arguments) == 1:
            return arguments[0]
        if name in ('pathlib.Path', 'pathlib.PurePath'):
            return os.path.join(*arguments)
        if name in ('os.getcwd', 'os.getcwdu', 'pathlib.Path.cwd'):
            return self.cwd
        return self.of_method(node, arguments, path)

    def of_path_call(self, function, arguments):
        # type: (str, list) -> object
        if function in ('abspath', 'realpath') and arguments[0] is not None:
            return getattr(os.path, function)(os.path.join(self.cwd, arguments[0]))
        if function in ('dirname', 'basename', 'normpath', 'join', 'expanduser', 'split'):
            value = getattr(os.path, function)(*arguments)
            return list(value) if isinstance(value, tuple) else value
        return None

    def of_method(self, node, arguments, path):
        # type: (object, list, object) -> object
        """Methods of paths and texts."""
        if type(node.func).__name__ != 'Attribute':
            return None
        value = self.evaluate(node.func.value, path)
        method = node.func.attr
        if not isinstance(value, str):
            return None
        if method in ('resolve', 'absolute', 'abspath', 'realpath'):
            return os.path.abspath(os.path.join(self.cwd, value))
        if method == 'joinpath':
            return os.path.join(value, *arguments)
        if method in ('as_posix', '__str__', 'expanduser'):
            return value
        if method in ('format', 'replace', 'rstrip', 'rsplit', 'strip') and None not in arguments:
            return getattr(value, method)(*arguments)
        return None


def as_list(value):
    # type: (object) -> list
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def native_text(value):
    # type: (object) -> object
    if isinstance(value, str):
        return value
    if not IS_TEXT_NATIVE and isinstance(value, type(u'')):
        return value.encode('utf-8')
    return None


def number_of(node):
    # type: (object) -> int
    """The whole number that a subscript is; -1, -2 among them."""
    if type(node).__name__ == 'Index':
        node = node.value
    if type(node).__name__ == 'UnaryOp' and type(node.op).__name__ == 'USub':
        return -number_of(node.operand)
    value = getattr(node, 'n', None) if type(node).__name__ == 'Num' else getattr(node, 'value', None)
    return value if isinstance(value, int) else -10 ** 6
