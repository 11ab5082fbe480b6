"""One module's text, read in the order in which Python would run it: imports, changes of `sys.path`, writes to
`os.environ`, and calls that change the interpreter or the process. Nothing is run.

Both branches of a condition count. What stands in a function counts only where the module calls it while it is imported;
the imports and the environ writes of a script's other functions count as its requests' own.

CPython 2.7 and 3.6 or later, standard library only.
"""
import ast

from import_values import Values
from import_writes import Writes, insertion

# Calls that change what others see. What each means is told by the sidecar.
EFFECTS = frozenset([
    'logging.basicConfig', 'logging.config.dictConfig', 'logging.config.fileConfig', 'logging.disable',
    'logging.captureWarnings', 'locale.setlocale', 'time.tzset', 'os.chdir', 'os.umask', 'os.nice', 'os.setuid',
    'os.setgid', 'signal.signal', 'signal.alarm', 'socket.setdefaulttimeout', 'warnings.simplefilter',
    'warnings.filterwarnings', 'mercurial.demandimport.enable', 'gevent.monkey.patch_all', 'eventlet.monkey_patch',
    'resource.setrlimit', 'threading.stack_size', 'sys.setrecursionlimit', 'sys.setdefaultencoding', 'sys.setswitchinterval',
    'random.seed', 'decimal.setcontext', 'gc.disable', 'multiprocessing.set_start_method', 'faulthandler.enable'])
MAX_LOOP = 50
MAX_CALL_DEPTH = 4
# Settings of Django that name modules.
MODULE_SETTINGS = ('INSTALLED_APPS', 'MIDDLEWARE', 'MIDDLEWARE_CLASSES', 'ROOT_URLCONF')
FUNCTIONS = ('FunctionDef', 'AsyncFunctionDef')


class Reader(Writes):
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

    def note_setting(self, name, value, node):
        # type: (str, object, object) -> None
        """What a module of Django's settings makes Django import."""
        if name in MODULE_SETTINGS and self.name.rpartition('.')[2].startswith(('settings', 'local_settings')):
            for module in value if isinstance(value, list) else [value]:
                self.analysis.load_named(module, self, node)
