"""Says what its own config.py is called, as seen from this interpreter."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import config  # noqa: E402


def application(environ, start_response):
    lines = [
        "SITE_NAME = " + config.SITE_NAME,
        "script = " + os.path.basename(__file__),
        "application group = " + (environ["mod_wsgi.application_group"] or "%{GLOBAL}"),
        "process group = " + (environ["mod_wsgi.process_group"] or "%{GLOBAL}"),
        "pid = " + str(os.getpid()),
    ]
    body = ("\n".join(lines) + "\n").encode("utf-8")
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]
