"""The modules `mod_wsgi` and `apache`, which applications import to learn where they run (`newInterpreterObject`).

A package of that name that the applications can import is taken as it is, and what mod_wsgi knows is laid over it.

CPython 2.7 and 3.6 or later, standard library only.
"""
import sys
import traceback
import types

from wsgi_events import publish
from wsgi_file import FileWrapper
from wsgi_metrics import Sample, process_metrics

# The headers that Debian's 4.9.4 was compiled against; mod_wsgi shows these, not the running server's.
APACHE_VERSION = (2, 4, 55)


class RequestTimeout(BaseException):
    """What mod_wsgi 6 raises in a request that takes too long; no `except Exception` catches it."""


RequestTimeout.__module__ = 'mod_wsgi'


def install_modules(order, version, requests, to_native):
    # type: (dict, tuple, object, object) -> types.ModuleType
    """Makes both modules importable; returns `mod_wsgi`."""
    is_daemon = order.get('mode') == 'daemon'
    module = base_module('mod_wsgi', True)
    threads = order.get('threads', 1)
    sample = Sample(requests, threads, is_daemon)
    module.version = version
    module.FileWrapper = FileWrapper
    module.process_group = to_native(order.get('processGroup', ''))
    module.application_group = to_native(order.get('applicationGroup', ''))
    module.maximum_processes = order.get('processes', 1)
    module.threads_per_process = threads
    module.event_callbacks = []
    module.shutdown_callbacks = []
    module.active_requests = requests.active
    module.subscribe_events = lambda callback: module.event_callbacks.append(callback)
    module.subscribe_shutdown = lambda callback: module.shutdown_callbacks.append(callback)
    module.process_metrics = lambda: process_metrics(requests)
    module.request_metrics = sample.take
    # Apache's scoreboard; there is none.
    module.server_metrics = lambda: None
    module.request_data = lambda: request_data(requests)
    if version >= (6,):
        module.RequestTimeout = RequestTimeout
        module.start_recording_metrics = lambda: sample.take() and None
    install_apache(is_daemon, module)
    return module


def install_apache(is_daemon, mod_wsgi):
    # type: (bool, types.ModuleType) -> None
    apache = base_module('apache', not is_daemon)
    apache.version = APACHE_VERSION
    apache.maximum_processes = mod_wsgi.maximum_processes
    apache.threads_per_process = mod_wsgi.threads_per_process
    apache.description = 'wsgi-sidecar'
    apache.mpm_name = 'wsgi-sidecar'
    apache.build_date = ''


def base_module(name, may_import):
    # type: (str, bool) -> types.ModuleType
    """The module that the applications have under this name, or an empty one."""
    if may_import and name not in sys.modules:
        try:
            __import__(name)
        except ImportError:
            sys.modules.pop(name, None)
        except Exception:
            sys.modules.pop(name, None)
            sys.stderr.write('Cannot import module "%s" of the applications\n%s' % (name, traceback.format_exc()))
    module = sys.modules.get(name)
    if module is None:
        module = sys.modules[name] = types.ModuleType(name)
    return module


def request_data(requests):
    # type: (object) -> dict
    """What the application keeps for the request of this thread."""
    request = requests.current()
    if request is None:
        raise RuntimeError('no active request for thread')
    return request.data


class Stopping(object):
    """Tells subscribers once that the process ends."""

    def __init__(self, module):
        # type: (types.ModuleType) -> None
        self._module = module
        self._is_told = False

    def __call__(self, reason=''):
        # type: (str) -> None
        if not self._is_told:
            self._is_told = True
            publish(self._module, 'process_stopping', {'shutdown_reason': reason})
