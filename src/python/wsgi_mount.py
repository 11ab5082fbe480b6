"""What the sidecar says of a request, in two headers (ARCHITECTURE.md, "Request to a worker"), as entries of its environ.

What is the same for many requests of a mount comes in `x-sidecar-mount` and is understood once; the rest comes in
`x-sidecar-request`. Other servers get both as JSON. The built-in worker is told a mount once on each connection, with a
number that stands for it from then on, and most of the rest by position.

CPython 2.7 and 3.6 or later, standard library only.
"""
import json
import sys

from wsgi_file import FileWrapper
from wsgi_module import APACHE_VERSION
from wsgi_scripts import IS_TEXT_NATIVE, Refusal, native, report

MOUNT_KEY = 'HTTP_X_SIDECAR_MOUNT'
REQUEST_KEY = 'HTTP_X_SIDECAR_REQUEST'
# Mounts times virtual hosts stay far below; a flood of others may not grow memory.
MOUNTS_KEPT = 4096
# What `chroot` cuts.
IN_FILE_SYSTEM = ('SCRIPT_FILENAME', 'DOCUMENT_ROOT', 'mod_wsgi.handler_script')
# A request's own, whatever SetEnv says (`ap_add_cgi_vars`); the others of that kind are all in `x-sidecar-request`.
OF_REQUEST = ('REQUEST_METHOD', 'QUERY_STRING', 'SERVER_PROTOCOL')
# What the built-in worker is told by position: id, start, address, port, connection, script name, path info, target.
POSITIONS = 8

scan_json = json.JSONDecoder().scan_once


class Mount(object):
    """One value of `x-sidecar-mount`, understood."""

    __slots__ = ('entries', 'script', 'resource', 'callable_object', 'is_reloading', '_defaults', '_environ', '_places')

    def __init__(self, entries, root):
        # type: (dict, str) -> None
        # Where a path below the script lies: its script under a mount at `/`, else the documents (`ap_add_cgi_vars`).
        self._places = entries.get('SCRIPT_FILENAME', ''), entries.get('DOCUMENT_ROOT', '')
        for key in IN_FILE_SYSTEM:
            if key in entries:
                entries[key] = inside(root, entries[key])
        for key in OF_REQUEST:
            entries.pop(key, None)
        clean(entries)
        # A header of the client beats SetEnv of the same name, as in ap_add_common_vars.
        self._defaults = dict((key, entries.pop(key)) for key in list(entries)
                              if key.startswith('HTTP_') or key in ('CONTENT_TYPE', 'CONTENT_LENGTH'))
        self.entries = entries
        self.resource = entries.get('SCRIPT_FILENAME', '')
        self.script = entries['mod_wsgi.handler_script'] or self.resource
        self.callable_object = entries['mod_wsgi.callable_object']
        self.is_reloading = entries['mod_wsgi.script_reloading'] == '1'
        self._environ = base_environ()
        self._environ.update(self._defaults)
        self._environ.update(entries)
        self._environ[MOUNT_KEY] = self

    def environ_of(self, fields):
        # type: (dict) -> dict
        """The environ of a request that has these fields; the mount stands in it in the place of its header."""
        environ = self._environ.copy()
        environ.update(fields)
        return environ

    def lay_over(self, environ):
        # type: (dict) -> None
        """Completes an environ that another server made."""
        environ.update(self.entries)
        for key in self._defaults:
            environ.setdefault(key, self._defaults[key])

    def lay_request_over(self, environ, text):
        # type: (dict, str) -> None
        """Completes an environ by one value of `x-sidecar-request`."""
        if text[:1] == '{':
            lay_entries_over(environ, text)
            return
        parts = text.split('|', POSITIONS)
        rare = parts.pop() if len(parts) > POSITIONS else None
        try:
            request_id, start, address, port, connection, script, info, target = parts
        except ValueError:
            raise unreadable(text)
        environ['mod_wsgi.request_id'] = request_id
        environ['mod_wsgi.request_start'] = start
        environ['REMOTE_ADDR'] = address
        environ['REMOTE_PORT'] = port
        environ['SCRIPT_NAME'] = environ['mod_wsgi.script_name'] = script
        environ['PATH_INFO'] = environ['mod_wsgi.path_info'] = info
        environ['REQUEST_URI'] = target
        if info:
            environ['PATH_TRANSLATED'] = self._places[script != ''] + info
        if connection:
            environ['HTTP_CONNECTION'] = connection
        if rare is not None:
            lay_entries_over(environ, rare)


class Mounts(object):
    """The mounts of a group. Thread-safe."""

    def __init__(self, order, version):
        # type: (dict, tuple) -> None
        self._constants = constants_of(order, version)
        self._may_reload = order.get('scriptReloading', True)
        self._root = native(order.get('chroot') or '')
        self._known = {}

    def find(self, text):
        # type: (str) -> Mount
        """The mount of a value; a refusal where it cannot be read."""
        return self._known.get(text) or self._learn(text)

    def _learn(self, text):
        # type: (str) -> Mount
        if text is None:
            report('No header "x-sidecar-mount": requests reach this process through wsgi-sidecar only')
            raise Refusal('500 Internal Server Error', 'bad-request')
        entries = dict(self._constants)
        entries.update(parse_entries(text))
        if not self._may_reload:
            entries['mod_wsgi.script_reloading'] = '0'
        mount = Mount(entries, self._root)
        if len(self._known) >= MOUNTS_KEPT:
            self._known.clear()
        self._known[text] = mount
        return mount


class ToldMounts(object):
    """The mounts that one connection of the built-in worker was told, by their numbers."""

    __slots__ = ('_find', '_by_number')

    def __init__(self, find):
        # type: (object) -> None
        self._find = find
        self._by_number = {}

    def environ_of(self, fields):
        # type: (dict) -> dict
        """The environ of a request with these fields; the fields themselves where they name no mount that is known."""
        said = fields.get(MOUNT_KEY)
        mount = self._by_number.get(said) or self._learn(said)
        if mount is None:
            return fields
        del fields[MOUNT_KEY]
        return mount.environ_of(fields)

    def _learn(self, said):
        # type: (str) -> Mount
        if said is None:
            return None
        start = said.find('{')
        try:
            mount = self._find(said[start:])
        except Refusal:
            # Told to the client by whoever serves the request.
            return None
        if start > 0:
            self._by_number[said[:start].rstrip(' ')] = mount
        return mount


def base_environ():
    # type: () -> dict
    """What the environ of every request begins with."""
    return {
        'GATEWAY_INTERFACE': 'CGI/1.1',
        'SERVER_SOFTWARE': 'wsgi-sidecar',
        'SERVER_NAME': 'localhost',
        'SERVER_PORT': '80',
        'SCRIPT_NAME': '',
        'wsgi.errors': sys.stderr,
        'wsgi.file_wrapper': FileWrapper,
        'wsgi.input_terminated': True,
    }


def inside(root, path):
    # type: (str, str) -> str
    """A path as it is below the folder that `chroot` made the root (`wsgi_hook_daemon_handler`)."""
    return path[len(root):] if root and path.startswith(root + '/') else path


def constants_of(order, version):
    # type: (dict, tuple) -> dict
    """The environ entries that are the same for every request of the group."""
    threads = order.get('threads', 1)
    entries = {
        'wsgi.version': (1, 0),
        'wsgi.multithread': bool(order.get('multithread', threads > 1)),
        'wsgi.multiprocess': bool(order.get('multiprocess', False)),
        'wsgi.run_once': False,
        'wsgi.input_terminated': True,
        'wsgi.url_scheme': 'http',
        'apache.version': APACHE_VERSION,
        'mod_wsgi.version': version,
        'mod_wsgi.process_group': native(order.get('processGroup', '')),
        'mod_wsgi.application_group': native(order.get('applicationGroup', '')),
        'mod_wsgi.callable_object': 'application',
        'mod_wsgi.handler_script': '',
        'mod_wsgi.request_handler': 'wsgi-script',
        'mod_wsgi.script_reloading': '1' if order.get('scriptReloading', True) else '0',
        'mod_wsgi.script_name': '',
        'mod_wsgi.path_info': '',
        'mod_wsgi.listener_host': '',
        'mod_wsgi.listener_port': '',
    }
    if version < (6,):
        entries.update({'mod_wsgi.enable_sendfile': '0', 'mod_wsgi.ignore_activity': '0'})
        if order.get('mode') == 'daemon':
            entries.update({'mod_wsgi.daemon_connects': '1', 'mod_wsgi.daemon_restarts': '0'})
    return entries


def parse_entries(text):
    # type: (str) -> dict
    """The environ entries of one of the sidecar's headers; their code points are bytes (PEP 3333)."""
    try:
        entries, end = scan_json(text, 0)
        # A second header of the name would have been joined to this one.
        if type(entries) is not dict or end != len(text):
            raise ValueError('Not one object')
        if IS_TEXT_NATIVE:
            return entries
        return dict((key.encode('latin-1'), entries[key].encode('latin-1')) for key in entries)
    except (StopIteration, ValueError, AttributeError):
        raise unreadable(text)


def unreadable(text):
    # type: (str) -> Refusal
    report('Unreadable sidecar header: %r' % text[:200])
    return Refusal('500 Internal Server Error', 'bad-request')


def lay_entries_over(environ, text):
    # type: (dict, str) -> None
    """Completes an environ by a JSON object; its entry without a name lists those to take away."""
    entries = parse_entries(text)
    names = entries.pop('', '')
    environ.update(entries)
    if names:
        for name in names.split(' '):
            environ.pop(name, None)
    clean(environ)


def clean(environ):
    # type: (dict) -> None
    """Takes away what mod_wsgi keeps from applications (`Adapter_environ`)."""
    environ.pop('PATH', None)
    if 'HTTPS' in environ:
        take_scheme(environ)


def take_scheme(environ):
    # type: (dict) -> None
    """HTTPS becomes wsgi.url_scheme and vanishes, whoever set it (`Adapter_environ`)."""
    if environ.pop('HTTPS').lower() in ('on', '1'):
        environ['wsgi.url_scheme'] = 'https'
