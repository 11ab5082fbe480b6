"""POST reads a body to its end and says how many bytes there were; GET /N sends N bytes in blocks of 64 KiB."""

BLOCK = b"\0" * 65536


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "GET":
        return download(int(environ["PATH_INFO"].rpartition("/")[2] or 0), start_response)
    body = str(drain(environ["wsgi.input"])).encode("ascii")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def download(length, start_response):
    start_response(
        "200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(length))]
    )
    return blocks(length)


def blocks(length):
    while length > 0:
        yield BLOCK if length >= len(BLOCK) else BLOCK[:length]
        length -= len(BLOCK)


def drain(stream):
    received = 0
    while True:
        data = stream.read(len(BLOCK))
        if not data:
            return received
        received += len(data)
