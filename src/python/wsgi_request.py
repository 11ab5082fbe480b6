"""The head of a request as the sidecar sends it, as a WSGI environ (RFC 9112, PEP 3333).

The only client is the sidecar, over a Unix socket; what it sends is still checked, because a mistake in framing
would let one client's request run into another's.

CPython 2.7 and 3.6 or later, standard library only.
"""
import re

from wsgi_body import ChunkedBody, LengthBody

try:
    from urllib.parse import unquote
except ImportError:
    from urllib import unquote

IS_TEXT_NATIVE = str is not bytes
# Header lines that come again and again ("host: ...", "accept: ...") are understood once.
LINES_KEPT = 2048
LINE_KEPT_LENGTH = 120

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
CONTROL = re.compile(r'[\x00-\x08\x0a-\x1f\x7f]')
DECIMAL = re.compile(r'[0-9]{1,18}\Z')

# The environ keys of names that mod_wsgi does not pass on: no key, no entry.
DROPPED = ''

OWN_KEYS = frozenset(('HTTP_X_SIDECAR_MOUNT', 'HTTP_X_SIDECAR_REQUEST'))

# Not kept: what proves who someone is should not outlive the request.
SECRET_KEYS = frozenset(('HTTP_AUTHORIZATION', 'HTTP_COOKIE', 'HTTP_PROXY_AUTHORIZATION'))

known_lines = {}
known_names = {
    'content-type': 'CONTENT_TYPE',
    'content-length': 'CONTENT_LENGTH',
    # Clients could set HTTP_PROXY for applications that read the environment (CVE-2016-5385).
    'proxy': DROPPED,
}


class BadRequest(Exception):
    """A request that cannot be taken; the message is the status line to answer."""


def parse_head(head):
    # type: (str) -> dict
    """What a request head (without its empty line) says, as entries of an environ."""
    lines = head.split('\r\n')
    environ = {}
    parse_request_line(lines[0], environ)
    del lines[0]
    kept = known_lines
    for line in lines:
        try:
            key, value = kept[line] if len(line) < LINE_KEPT_LENGTH else parse_header(line)
        except KeyError:
            key, value = parse_header(line)
        if key in environ:
            # As Apache merges repeated headers (apr_table_compress).
            value = environ[key] + ', ' + value
        environ[key] = value
    if DROPPED in environ:
        del environ[DROPPED]
    return environ


def parse_request_line(line, environ):
    # type: (str, dict) -> None
    try:
        method, target, version = line.split(' ')
    except ValueError:
        raise BadRequest('400 Bad Request')
    if version != 'HTTP/1.1' and version != 'HTTP/1.0':
        raise BadRequest('505 HTTP Version Not Supported')
    path, _, query = target.partition('?')
    environ['REQUEST_METHOD'] = method
    environ['REQUEST_URI'] = target
    environ['QUERY_STRING'] = query
    environ['SERVER_PROTOCOL'] = version
    if '%' in path:
        path = unquote(path, 'latin-1') if IS_TEXT_NATIVE else unquote(path)
    environ['PATH_INFO'] = path


def parse_header(line):
    # type: (str) -> tuple
    """The environ entry of a header line; kept when it is short enough to be seen again."""
    name, colon, value = line.partition(':')
    key = known_names.get(name)
    if key is None:
        key = learn_name(name)
    value = value.strip(' \t')
    # Our own two are long, and hold what has been looked at before.
    if not colon or (key not in OWN_KEYS and CONTROL.search(value)):
        raise BadRequest('400 Bad Request')
    entry = (key, value)
    if len(line) < LINE_KEPT_LENGTH and key not in SECRET_KEYS:
        if len(known_lines) >= LINES_KEPT:
            known_lines.clear()
        known_lines[line] = entry
    return entry


def learn_name(name):
    # type: (str) -> str
    """The environ key of a header name; none for names that Apache keeps from applications."""
    if not HEADER_NAME.match(name):
        raise BadRequest('400 Bad Request')
    lower = name.lower()
    if lower in known_names:
        key = known_names[lower]
    elif re.match(r'[a-z0-9-]+\Z', lower):
        key = 'HTTP_' + lower.upper().replace('-', '_')
    else:
        # X_User and X-User would meet in one key.
        key = DROPPED
    if len(known_names) < LINES_KEPT:
        known_names[name] = key
    return key


def body_of(environ, connection):
    # type: (dict, object) -> object
    """The body that the head announces, ready as `wsgi.input`; None when there is none."""
    length = environ.get('CONTENT_LENGTH')
    coding = environ.get('HTTP_TRANSFER_ENCODING')
    if coding is not None:
        if length is not None:
            raise BadRequest('400 Bad Request')
        if coding.lower() != 'chunked':
            raise BadRequest('501 Not Implemented')
        return ChunkedBody(connection)
    if length is None:
        return None
    if not DECIMAL.match(length):
        raise BadRequest('400 Bad Request')
    return LengthBody(connection, int(length)) if int(length) else None
