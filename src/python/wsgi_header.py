"""Status and headers of an answer: checked as mod_wsgi 4.9.4 and Apache check them, and kept as bytes.

Applications say the same things again and again; what has been checked once is looked up.

CPython 2.7 and 3.6 or later, standard library only.
"""
import re

IS_TEXT_NATIVE = str is not bytes
LINES_KEPT = 1024
LINE_KEPT_LENGTH = 256

STATUS = re.compile(r'[2-5][0-9][0-9] [^\x00-\x1f\x7f]*\Z')
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
CONTROL = re.compile(r'[\x00-\x08\x0a-\x1f\x7f]')
DECIMAL = re.compile(r'[0-9]{1,18}\Z')
# The connection is ours, not the application's (PEP 3333, "Other HTTP Features").
HOP_BY_HOP = frozenset(('connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding',
                        'upgrade'))
NO_LENGTH = -1

known_statuses = {}
known_headers = {}


def learn_status(status):
    # type: (str) -> bytes
    """The status line for an application's status; ValueError and TypeError as `wsgi_validate_status_line`."""
    if not isinstance(status, str):
        raise TypeError('expected native string for status, value of type %s found' % type(status).__name__)
    if not STATUS.match(status):
        raise ValueError('status %r is not three digits from 200 on, a space and a reason phrase' % status)
    line = 'HTTP/1.1 %s\r\n' % status
    data = encode(line)
    if len(known_statuses) < LINES_KEPT:
        known_statuses[status] = data
    return data


def learn_header(header):
    # type: (tuple) -> tuple
    """(header line, the length it announces or NO_LENGTH); errors as `wsgi_convert_headers_to_bytes`."""
    if not isinstance(header, tuple):
        raise TypeError('list of tuple values expected for headers, value of type %s found' % type(header).__name__)
    if len(header) != 2:
        raise ValueError('tuple of length 2 expected for header, length is %d' % len(header))
    name, value = header
    for part in header:
        if not isinstance(part, str):
            raise TypeError('expected native string in header %r, value of type %s found'
                            % (name, type(part).__name__))
    if not HEADER_NAME.match(name):
        raise ValueError('header name %r is not a token' % name)
    if CONTROL.search(value):
        raise ValueError('control character present in value of header %r' % name)
    lower = name.lower()
    length = NO_LENGTH
    if lower == 'content-length':
        if not DECIMAL.match(value):
            raise ValueError('invalid content length %r' % value)
        length = int(value)
    line = b'' if lower in HOP_BY_HOP else encode('%s: %s\r\n' % header)
    if len(line) < LINE_KEPT_LENGTH:
        if len(known_headers) >= LINES_KEPT:
            known_headers.clear()
        known_headers[header] = (line, length)
    return line, length


def encode(text):
    # type: (str) -> bytes
    """Native string to bytes; a UnicodeEncodeError is a ValueError, as mod_wsgi wants it."""
    return text.encode('latin-1') if IS_TEXT_NATIVE else text
