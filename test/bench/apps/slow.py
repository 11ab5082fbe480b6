"""An application that waits for something, as one with a database does; its threads are soon all taken."""
import time

BODY = b"Hello from a WSGI application\n"
WAIT_SECONDS = 0.05


def application(environ, start_response):
    time.sleep(WAIT_SECONDS)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]
