"""The smallest application: what is left is the server's own cost."""

BODY = b"Hello from a WSGI application\n"


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]
