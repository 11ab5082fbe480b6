"""The body of a request as `wsgi.input` (PEP 3333): by its length or in chunks (RFC 9112), never held whole.

CPython 2.7 and 3.6 or later, standard library only.
"""
import re

# One recv of body; also the block that wsgi.input keeps.
BLOCK_SIZE = 65536
# What forgetting a block costs beside its bytes: a body of tiny chunks is given up sooner.
BLOCK_COST = 64
# Framing of a chunked body is read in small steps: a chunk-size line, a trailer section.
CHUNK_LINE_LIMIT = 4096
TRAILER_LIMIT = 16384

CHUNK_SIZE = re.compile(br'([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\Z')


class ClientGone(IOError):
    """The sidecar closed the connection, because its client left."""


class EmptyBody(object):
    """The `wsgi.input` of a request without a body; one object for all, as nothing in it can change."""

    __slots__ = ()

    def read(self, size=-1):
        # type: (int) -> bytes
        return b''

    def readline(self, size=-1):
        # type: (int) -> bytes
        return b''

    def readlines(self, hint=-1):
        # type: (int) -> list
        return []

    def __iter__(self):
        # type: () -> object
        return iter(())


class Body(object):
    """A request body as a file to read; it holds one block at most, so any length passes in little memory."""

    __slots__ = ('connection', 'awaits_continue', 'is_read', '_block', '_at')

    def __init__(self, connection):
        # type: (object) -> None
        self.connection = connection
        # The client sends nothing before it is told to: RFC 9110, 10.1.1.
        self.awaits_continue = False
        self.is_read = False
        self._block = b''
        self._at = 0

    def _receive(self, size):
        # type: (int) -> bytes
        """The next bytes of the body, `size` at most; none at its end."""
        raise NotImplementedError

    def _next(self, size):
        # type: (int) -> bytes
        self.is_read = True
        if self.awaits_continue:
            self.awaits_continue = False
            self.connection.send_continue()
        return self._receive(size)

    def _rest(self):
        # type: () -> bytes
        """Takes what is left of the held block."""
        rest = self._block[self._at:] if self._at else self._block
        self._block, self._at = b'', 0
        return rest

    def _fill(self):
        # type: () -> bool
        """Holds the next block when the last is used up; false at the end of the body."""
        if self._at < len(self._block):
            return True
        self._block, self._at = self._next(BLOCK_SIZE), 0
        return bool(self._block)

    def read(self, size=-1):
        # type: (int) -> bytes
        """`size` bytes, fewer only at the end of the body; all of it without a size."""
        if size is None or size < 0:
            return self._read_all()
        end = self._at + size
        if end <= len(self._block):
            data = self._block[self._at:end]
            self._at = end
            return data
        parts = [self._rest()]
        wanted = size - len(parts[0])
        while wanted:
            block = self._next(max(wanted, BLOCK_SIZE))
            if not block:
                break
            if len(block) > wanted:
                self._block, self._at = block, wanted
                block = block[:wanted]
            parts.append(block)
            wanted -= len(block)
        return b''.join(parts)

    def _read_all(self):
        # type: () -> bytes
        parts = [self._rest()]
        while True:
            block = self._next(BLOCK_SIZE)
            if not block:
                return b''.join(parts)
            parts.append(block)

    def readline(self, size=-1):
        # type: (int) -> bytes
        limit = float('inf') if size is None or size < 0 else size
        parts = []
        while limit > 0 and self._fill():
            end = self._block.find(b'\n', self._at) + 1 or len(self._block)
            if end - self._at > limit:
                end = self._at + limit
            part = self._block[self._at:end]
            self._at = end
            parts.append(part)
            limit -= len(part)
            if part.endswith(b'\n'):
                break
        return b''.join(parts)

    def readlines(self, hint=-1):
        # type: (int) -> list
        lines, size = [], 0
        for line in self:
            lines.append(line)
            size += len(line)
            if hint is not None and 0 < hint <= size:
                break
        return lines

    def __iter__(self):
        # type: () -> object
        return iter(self.readline, b'')

    def drain(self, limit):
        # type: (int) -> bool
        """Reads and forgets the rest, `limit` bytes at most; true when the body has come to its end."""
        self._rest()
        while limit > 0:
            block = self._receive(BLOCK_SIZE)
            if not block:
                return True
            limit -= len(block) + BLOCK_COST
        return False


class LengthBody(Body):
    """A body of Content-Length bytes."""

    __slots__ = ('remaining',)

    def __init__(self, connection, length):
        # type: (object, int) -> None
        Body.__init__(self, connection)
        self.remaining = length

    def _receive(self, size):
        # type: (int) -> bytes
        if not self.remaining:
            return b''
        block = self.connection.receive(min(size, self.remaining))
        self.remaining -= len(block)
        return block

    def drain(self, limit):
        # type: (int) -> bool
        return self.remaining <= limit and Body.drain(self, limit * 2)


class ChunkedBody(Body):
    """A body in chunks (RFC 9112, 7.1); its trailer section is read and forgotten."""

    __slots__ = ('_raw', '_position', '_chunk', '_is_first', '_is_over')

    def __init__(self, connection):
        # type: (object) -> None
        Body.__init__(self, connection)
        self._raw = b''
        self._position = 0
        # Bytes that the current chunk still has.
        self._chunk = 0
        self._is_first = True
        self._is_over = False

    def _receive(self, size):
        # type: (int) -> bytes
        if not self._chunk and not self._is_over:
            self._begin_chunk()
        if self._is_over:
            return b''
        size = min(size, self._chunk)
        if self._position == len(self._raw):
            # Straight from the socket: the body of a large chunk is copied once.
            self._raw, self._position = b'', 0
            block = self.connection.receive(size)
        else:
            block = self._raw[self._position:self._position + size]
            self._position += len(block)
        self._chunk -= len(block)
        return block

    def _begin_chunk(self):
        # type: () -> None
        if not self._is_first and self._line(2) != b'':
            raise self._broken()
        self._is_first = False
        match = CHUNK_SIZE.match(self._line(CHUNK_LINE_LIMIT))
        if match is None:
            raise self._broken()
        self._chunk = int(match.group(1), 16)
        if not self._chunk:
            self._read_trailers()

    def _read_trailers(self):
        # type: () -> None
        left = TRAILER_LIMIT
        while True:
            line = self._line(left)
            if not line:
                break
            left -= len(line) + 2
        self._is_over = True
        self.connection.give_back(self._raw[self._position:])
        self._raw, self._position = b'', 0

    def _line(self, limit):
        # type: (int) -> bytes
        """The next line of the framing without its end, which must be CR LF."""
        while True:
            end = self._raw.find(b'\n', self._position)
            if end >= 0 or len(self._raw) - self._position > limit:
                break
            self._raw = self._raw[self._position:] + self.connection.receive(BLOCK_SIZE)
            self._position = 0
        if end <= self._position or end - self._position >= limit or self._raw[end - 1:end] != b'\r':
            raise self._broken()
        line = self._raw[self._position:end - 1]
        self._position = end + 1
        return line

    def _broken(self):
        # type: () -> IOError
        self.connection.is_broken = True
        return IOError('Request body is not chunked as it says')
