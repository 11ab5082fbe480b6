"""Where imports lead, told without importing anything: `sys.path` as mod_wsgi makes it, `.pth` files, and the finders.

The interpreter's own start has made `sys.path` (its venv, its site-packages and their `.pth` files); what is added here is
read, never run: a `.pth` line that begins with `import` is left out.

CPython 2.7 and 3.6 or later, standard library only.
"""
import os
import pkgutil
import sys

HAS_TEXT_PATHS = sys.version_info[0] >= 3
INSTALLED_FOLDERS = ('site-packages', 'dist-packages')
STANDARD_FOLDER = os.path.realpath(os.path.dirname(os.__file__))


class Found(object):
    """What a module name leads to."""

    def __init__(self, kind, file_name=None, folders=()):
        # type: (str, object, object) -> None
        # source | package | extension | namespace | builtin | other
        self.kind = kind
        self.file_name = file_name
        # Where its submodules are looked for.
        self.folders = list(folders)

    def place(self):
        # type: () -> object
        """The file, or the first folder of a namespace package."""
        return self.file_name or (self.folders[0] if self.folders else None)


def native(text):
    # type: (str) -> str
    """The file name that a byte string of the order stands for."""
    data = text.encode('latin-1')
    return os.fsdecode(data) if HAS_TEXT_PATHS else data


def shown(path):
    # type: (str) -> str
    """A file name as a byte string of the answer, which is ASCII JSON."""
    data = os.fsencode(path) if HAS_TEXT_PATHS else path
    return data.decode('latin-1')


def base_path():
    # type: () -> list
    """`sys.path` as an interpreter without a script has it: no current folder."""
    return [entry for entry in sys.path if entry]


def with_python_path(path, entries, cwd):
    # type: (list, list, str) -> list
    """As `WSGIPythonPath` and `python-path=`: `site.addsitedir` for each, and all that is new moved to the front."""
    longer = list(path)
    for entry in entries:
        add_site_folder(longer, os.path.join(cwd, entry))
    new = [entry for entry in longer if entry not in path]
    return new + list(path)


def add_site_folder(path, folder):
    # type: (list, str) -> None
    """`site.addsitedir`: the folder and what its `.pth` files name, at the end."""
    folder = os.path.abspath(folder)
    if folder not in path:
        path.append(folder)
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        if name.endswith('.pth') and not name.startswith('.'):
            add_path_file(path, folder, name)


def add_path_file(path, folder, name):
    # type: (list, str, str) -> None
    try:
        with open(os.path.join(folder, name), 'rb') as stream:
            lines = stream.read().splitlines()
    except (IOError, OSError):
        return
    for line in lines:
        text = os.fsdecode(line) if HAS_TEXT_PATHS else line
        text = text.rstrip()
        if not text or text.startswith(('#', 'import ', 'import\t')):
            continue
        entry = os.path.abspath(os.path.join(folder, text))
        if entry not in path and os.path.exists(entry):
            path.append(entry)


def environment_packages(activator):
    # type: (str) -> str
    """The site-packages that `bin/activate_this.py` of a virtual environment brings in."""
    root = os.path.dirname(os.path.dirname(activator))
    return os.path.join(root, 'lib', 'python%d.%d' % sys.version_info[:2], 'site-packages')


def find(name, path):
    # type: (str, list) -> object
    """The module of a dotted name, whose last part is looked for in `path`; None where there is none."""
    if name in sys.builtin_module_names:
        return Found('builtin')
    try:
        return find_by_spec(name, path) if HAS_TEXT_PATHS else find_by_importer(name, path)
    except Exception:  # A finder of a third party, a broken archive: that place has no such module.
        return None


def find_by_spec(name, path):
    # type: (str, list) -> object
    import importlib.machinery
    for finder in sys.meta_path:
        # Finders of editable installs map names to files; the rest would go by the analyser's own sys.path.
        if not getattr(finder, '__module__', '').startswith('__editable__'):
            continue
        spec = finder.find_spec(name, None)
        if spec is not None:
            return of_spec(spec)
    spec = importlib.machinery.PathFinder.find_spec(name, path)
    return None if spec is None else of_spec(spec)


def of_spec(spec):
    # type: (object) -> object
    folders = spec.submodule_search_locations
    # A namespace's own list would ask for its parent in sys.modules.
    folders = [] if folders is None else list(getattr(folders, '_path', folders))
    if spec.origin is None or spec.origin == 'namespace':
        return Found('namespace', None, folders)
    kind = kind_of(spec.origin)
    return Found('package' if spec.submodule_search_locations is not None else kind, spec.origin, folders)


def kind_of(file_name):
    # type: (str) -> str
    if file_name.endswith('.py'):
        return 'source'
    return 'extension' if file_name.endswith(('.so', '.pyd')) else 'other'


def find_by_importer(name, path):
    # type: (str, list) -> object
    for entry in path:
        importer = pkgutil.get_importer(entry)
        loader = None
        if importer is not None:
            loader = importer.find_module(name if hasattr(importer, 'archive') else name.rpartition('.')[2])
        if loader is None:
            continue
        file_name = loader.get_filename() if hasattr(loader, 'get_filename') else None
        if file_name is not None and os.path.isdir(file_name):
            file_name = os.path.join(file_name, '__init__.py')
        if file_name is not None and os.path.basename(file_name).startswith('__init__.'):
            return Found('package', source_of(file_name), [os.path.dirname(file_name)])
        return Found('other' if file_name is None else kind_of(source_of(file_name)), source_of(file_name))
    return None


def source_of(file_name):
    # type: (object) -> object
    """Python 2 names the compiled file, or the package's folder."""
    if file_name and file_name.endswith(('.pyc', '.pyo')) and os.path.exists(file_name[:-1]):
        return file_name[:-1]
    return file_name


def origin_of(found):
    # type: (Found) -> str
    """Whose a module is: `standard` of Python itself, `installed` by a package manager, or the `application`'s own."""
    place = found.place()
    if place is None:
        return 'standard'
    parts = os.path.abspath(place).split(os.sep)
    if any(folder in parts for folder in INSTALLED_FOLDERS) or has_distributions(place, found):
        return 'installed'
    return 'standard' if os.path.realpath(place).startswith(STANDARD_FOLDER + os.sep) else 'application'


def has_distributions(place, found):
    # type: (str, Found) -> bool
    """Whether pip put it there: `pip install --target` leaves `.dist-info` beside the package."""
    folder = os.path.dirname(place)
    if found.kind == 'package':
        folder = os.path.dirname(folder)
    try:
        return any(name.endswith('.dist-info') for name in os.listdir(folder))
    except OSError:
        return False
