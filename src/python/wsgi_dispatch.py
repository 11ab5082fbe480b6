"""A WSGIDispatchScript in a process of its own: asked for the names of one request's group, it answers with what the script says.

Takes the place of wsgi_group.Group where the start order names a `dispatchScript`. A question is a POST whose body is the
environ as a JSON object of byte strings (code points 0 to 255); the answer is a JSON object with `kind`:

    names       with processGroup, applicationGroup, callableObject: those that the script did not leave alone
    not-loaded  the script is missing or cannot be loaded: mod_wsgi logs it and passes it over
    failed      a function raised, or returned something that is no name: 500

CPython 2.7 and 3.6 or later, standard library only.
"""
import json
import sys
import time

import wsgi_log
from wsgi_lines import shown
from wsgi_module import APACHE_VERSION, install_modules
from wsgi_ownership import Ownership
from wsgi_requests import Requests
from wsgi_restrict import restrict
from wsgi_scripts import IS_TEXT_NATIVE, Refusal, Scripts, native, report, report_exception

# In the order in which mod_wsgi calls them (`wsgi_execute_dispatch`).
FUNCTIONS = (('processGroup', 'process_group'), ('applicationGroup', 'application_group'),
             ('callableObject', 'callable_object'))


class Dispatcher(object):
    """The WSGI application of the process. Thread-safe, as far as the script is."""

    def __init__(self, order, control=None):
        # type: (dict, object) -> None
        self._name = native(order['dispatchScript'])
        self._version = tuple(order.get('modWsgiVersion') or (4, 9, 4))
        self._is_reloading = order.get('scriptReloading', True)
        # As in Apache's own processes: a changed script is loaded in place.
        tell = control.send if control is not None else lambda event: None
        self._scripts = Scripts(tell, False, self._version, Ownership(order))
        self.stop = lambda reason='': end_lines()
        end_lines = wsgi_log.install()
        restrict(order)
        install_modules(order, self._version, Requests(), native)

    def __call__(self, environ, start_response):
        # type: (dict, object) -> list
        body = json.dumps(self._answer(read_question(environ))).encode('ascii')
        start_response('200 OK', [('Content-Type', 'application/json'), ('Content-Length', str(len(body)))])
        return [body]

    def find_mount(self, text):
        # type: (str) -> None
        """Questions are of no mount."""
        return None

    def preload(self, imports):
        # type: (list) -> tuple
        """Loads the script before the first question; returns the names (imported, failed)."""
        return self._scripts.preload([native(each['script']) for each in imports])

    def _answer(self, question):
        # type: (dict) -> dict
        try:
            module = self._scripts.ready(self._name, self._is_reloading, time.time())
        except Refusal:
            return {'kind': 'not-loaded'}
        question.update({'apache.version': APACHE_VERSION, 'mod_wsgi.version': self._version,
                         'wsgi.errors': sys.stderr})
        try:
            return ask(module.__dict__, question)
        except:  # noqa: E722 - sys.exit() in a script is a failed question and nothing more
            report('Exception occurred processing dispatch script "%s"' % shown(self._name))
            report_exception()
            return {'kind': 'failed'}


def read_question(environ):
    # type: (dict) -> dict
    """The environ that the script is to see, in this Python's native strings."""
    body = environ['wsgi.input'].read(int(environ['CONTENT_LENGTH']))
    entries = json.loads(body.decode('utf-8'))
    return dict((native(name), native(value)) for name, value in entries.items())


def ask(names, environ):
    # type: (dict, dict) -> dict
    """Calls the functions that the script has, all with one environ, as mod_wsgi does."""
    answer = {'kind': 'names'}
    for key, function in FUNCTIONS:
        if function not in names:
            continue
        said = names[function](environ)
        if said is not None:
            answer[key] = name_of(said, function)
    return answer


def name_of(said, function):
    # type: (object, str) -> str
    """A name as latin-1 text; raises for what mod_wsgi takes for none."""
    if IS_TEXT_NATIVE and isinstance(said, str):
        said = said.encode('latin-1')
    if not isinstance(said, bytes):
        raise TypeError('%s() has to return a string or None, not %s' % (function, type(said).__name__))
    # mod_wsgi hands it on as a C string.
    return said.split(b'\0')[0].decode('latin-1')
