"""One module's text, read in the order in which Python would run it: imports, changes of `sys.path`, writes to
`os.environ`, and calls that change the interpreter or the process. Nothing is run.

Both branches of a condition count. What stands in a function counts only where the module calls it while it is imported;
the imports and the environ writes of a script's other functions count as its requests' own.

CPython 2.7 and 3.6 or later, standard library only.
"""
import ast

import import_paths
from import_values import Values, native_text

# Calls that change what others see. What each means is told by the sidecar.
EFFECTS = frozenset([
    'logging.basicConfig', 'logging.config.dictConfig', 'logging.config.fileConfig', 'logging.disable',
    'logging.captureWarnings', 'locale.setlocale', 'time.tzset', 'os.chdir', 'os.umask', 'os.nice', 'os.setuid',
    'os.setgid', 'signal.signal', 'signal.alarm', 'socket.setdefaulttimeout', 'warnings.simplefilter',
    'warnings.filterwarnings', 'mercurial.demandimport.enable', 'gevent.monkey.patch_all', 'eventlet.monkey_patch',
    'resource.setrlimit', 'threading.stack_size', 'sys.setrecursionlimit', 'sys.setdefaultencoding', 'sys.setswitchinterval',
    'random.seed', 'decimal.setcontext', 'gc.disable', 'multiprocessing.set_start_method', 'faulthandler.enable'])
ENVIRON_METHODS = ('setdefault', 'update', 'pop', 'popitem', 'clear')
MAX_LOOP = 50
MAX_CALL_DEPTH = 4
# Settings of Django that name modules.
MODULE_SETTINGS = ('INSTALLED_APPS', 'MIDDLEWARE', 'MIDDLEWARE_CLASSES', 'ROOT_URLCONF')
FUNCTIONS = ('FunctionDef', 'AsyncFunctionDef')


class Reader(object):
    """Reads one module for an analysis, which resolves its imports and gathers what it does."""

    def __init__(self, analysis, name, file_name, package):
        # type: (object, str, str, str) -> None
        self.analysis = analysis
        self.name = name
        self.file_name = file_name
        self.package = package
        self.values = Values(file_name, analysis.cwd)
        self.functions = {}
        self.depth = 0
        # False while functions are read that the import itself does not run.
        self.at_import = True
        self.guarded = False

    def read(self, tree):
        # type: (object) -> None
        self.statements(tree.body)
        self.at_import = False
        for node in list(self.functions.values()):
            self.statements(node.body)

    def statements(self, nodes):
        # type: (list) -> None
        for node in nodes:
            self.analysis.check_time()
            reader = getattr(self, 'on_' + type(node).__name__, self.on_other)
            reader(node)

    def on_other(self, node):
        # type: (object) -> None
        """Expressions first, then the blocks of a statement, in their order."""
        for _field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                self.expression(value)
            elif isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                self.statements(value)
            elif isinstance(value, list):
                for item in value:
                    if isinstance(item, ast.expr):
                        self.expression(item)
                    elif isinstance(item, ast.AST):
                        self.on_other(item)

    def on_Import(self, node):
        # type: (object) -> None
        for alias in node.names:
            if alias.asname:
                self.values.aliases[alias.asname] = alias.name
            else:
                top = alias.name.partition('.')[0]
                self.values.aliases[top] = top
            self.load(alias.name, node)

    def on_ImportFrom(self, node):
        # type: (object) -> None
        base = self.base_of(node)
        if base is None:
            return
        found = self.load(base, node)
        for alias in node.names:
            self.values.aliases[alias.asname or alias.name] = base + '.' + alias.name
            if alias.name != '*' and found is not None and found.folders:
                self.analysis.load_submodule(base + '.' + alias.name, self, node)

    def base_of(self, node):
        # type: (object) -> object
        """The absolute name behind `from`."""
        if not node.level:
            return node.module
        parts = self.package.split('.') if self.package else []
        if node.level > len(parts):
            return None
        parts = parts[:len(parts) - node.level + 1]
        return '.'.join(parts + ([node.module] if node.module else []))

    def load(self, name, node):
        # type: (str, object) -> object
        return self.analysis.load(name, self, node)

    def on_If(self, node):
        # type: (object) -> None
        test = ast.dump(node.test)
        self.expression(node.test)
        if 'TYPE_CHECKING' not in test and '__main__' not in test:
            self.statements(node.body)
        self.statements(node.orelse)

    def on_Try(self, node):
        # type: (object) -> None
        was_guarded = self.guarded
        self.guarded = was_guarded or bool(node.handlers)
        self.statements(node.body)
        self.guarded = was_guarded
        for handler in node.handlers:
            self.statements(handler.body)
        self.statements(node.orelse)
        self.statements(getattr(node, 'finalbody', []))

    on_TryExcept = on_Try
    on_TryStar = on_Try

    def on_TryFinally(self, node):
        # type: (object) -> None
        self.statements(node.body)
        self.statements(node.finalbody)

    def on_For(self, node):
        # type: (object) -> None
        """A loop over a list that can be told is run for each of its elements."""
        self.expression(node.iter)
        values = self.values.evaluate(node.iter, self.analysis.path)
        if isinstance(values, list) and type(node.target).__name__ == 'Name':
            for value in values[:MAX_LOOP]:
                self.values.names[node.target.id] = value
                self.statements(node.body)
        else:
            self.statements(node.body)
        self.statements(node.orelse)

    def on_FunctionDef(self, node):
        # type: (object) -> None
        for decorator in node.decorator_list:
            self.expression(decorator)
        if self.at_import:
            self.functions[node.name] = node

    on_AsyncFunctionDef = on_FunctionDef

    def on_ClassDef(self, node):
        # type: (object) -> None
        for decorator in node.decorator_list:
            self.expression(decorator)
        methods = [child for child in node.body if type(child).__name__ in FUNCTIONS]
        self.statements([child for child in node.body if child not in methods])
        for method in methods:
            self.functions[node.name + '.' + method.name] = method

    def on_Assign(self, node):
        # type: (object) -> None
        self.expression(node.value)
        value = self.values.evaluate(node.value, self.analysis.path)
        for target in node.targets:
            self.assign(target, value, node)

    def on_AnnAssign(self, node):
        # type: (object) -> None
        if node.value is not None:
            self.expression(node.value)
            self.assign(node.target, self.values.evaluate(node.value, self.analysis.path), node)

    def on_AugAssign(self, node):
        # type: (object) -> None
        self.expression(node.value)
        value = self.values.evaluate(node.value, self.analysis.path)
        if self.values.qualify(node.target) == 'sys.path' and isinstance(value, list):
            self.change_path('sys.path.append', self.analysis.path + value, node)
        elif type(node.target).__name__ == 'Subscript':
            self.assign(node.target, None, node)

    def assign(self, target, value, node):
        # type: (object, object, object) -> None
        kind = type(target).__name__
        if kind == 'Name':
            self.values.aliases.pop(target.id, None)
            qualified = self.values.qualify(getattr(node, 'value', None))
            if value is not None:
                self.values.names[target.id] = value
                self.note_setting(target.id, value, node)
            else:
                self.values.names.pop(target.id, None)
                if qualified is not None:
                    self.values.aliases[target.id] = qualified
        elif self.values.qualify(target) == 'sys.path' and isinstance(value, list):
            self.change_path(insertion(self.analysis.path, value), value, node)
        elif kind == 'Subscript':
            self.assign_item(target, value, node)

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

    def expression(self, node):
        # type: (object) -> None
        """Every call in an expression, the inner ones first."""
        if type(node).__name__ == 'Lambda':
            return
        for child in ast.iter_child_nodes(node):
            self.expression(child)
        if type(node).__name__ == 'Call':
            self.call(node)

    def call(self, node):
        # type: (object) -> None
        name = self.values.qualify(node.func)
        if name is None:
            return
        if name in EFFECTS and self.at_import:
            self.analysis.effect(name, self, node)
        elif name in ('__import__', 'importlib.import_module', 'import_module'):
            target = self.argument(node, 0)
            if isinstance(target, str) and target and not target.startswith('.'):
                self.load(target, node)
        elif name.startswith('sys.path.') or name == 'site.addsitedir':
            self.call_path(name, node)
        elif name.startswith('os.environ.') or name in ('os.putenv', 'os.unsetenv'):
            self.call_environ(name.rpartition('.')[2], node)
        elif name in ('open', 'execfile', 'runpy.run_path'):
            self.activate(self.argument(node, 0), node)
        elif name in self.functions and self.at_import and self.depth < MAX_CALL_DEPTH:
            self.depth += 1
            self.statements(self.functions[name].body)
            self.depth -= 1

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

    def note_setting(self, name, value, node):
        # type: (str, object, object) -> None
        """What a module of Django's settings makes Django import."""
        if name in MODULE_SETTINGS and self.name.rpartition('.')[2].startswith(('settings', 'local_settings')):
            for module in value if isinstance(value, list) else [value]:
                self.analysis.load_named(module, self, node)


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
