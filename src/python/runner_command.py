"""Runs a program that serves HTTP by itself: `command` of a group, after all that the launcher does before.

The program is told where to listen by what stands in its words: `{fd}` for a descriptor that listens already (which is
also told as systemd does, by LISTEN_FDS), `{socket}` for the path of a Unix socket, `{port}` for a port of 127.0.0.1.

CPython 2.7 and 3.6 or later, standard library only.
"""
import fcntl
import os
import socket

from wsgi_privileges import BootFailure, native, shown

# Where LISTEN_FDS begins to count (sd_listen_fds(3)); the control pipe makes room.
LISTEN_FD = 3


def prepare(order, identity):
    # type: (dict, tuple) -> None
    """Gives the folder of the socket to the user that the program will be; called as the sidecar's user."""
    if order['listens'] == 'socket' and identity is not None:
        os.chown(os.path.dirname(native(order['socket'])), identity[0], identity[1])


def serve(listener, order, control):
    # type: (object, dict, object) -> None
    """Becomes the program; returns never."""
    launched = {'event': 'launched', 'uid': os.geteuid()}
    values = {'{socket}': native(order['socket'])}
    if order['listens'] == 'port':
        launched['port'] = free_port()
        values['{port}'] = str(launched['port'])
    elif order['listens'] == 'descriptor':
        take_listening_place(listener, control)
        values['{fd}'] = str(LISTEN_FD)
        os.environ.update({'LISTEN_FDS': '1', 'LISTEN_PID': str(os.getpid())})
    words = [fill(native(word), values) for word in order['command']]
    control.send(launched)
    try:
        os.execvp(words[0], words)
    except OSError as error:
        raise BootFailure('Cannot run "%s": %s: correct "command" of the group'
                          % (shown(order['command'][0]), error.strerror))


def free_port():
    # type: () -> int
    """A port that nobody listens on; until the program does, it could be taken."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]
    finally:
        probe.close()


def take_listening_place(listener, control):
    # type: (object, object) -> None
    """Puts the listening descriptor where the program looks for it, and lets it be inherited."""
    moved = fcntl.fcntl(control.descriptor, fcntl.F_DUPFD, LISTEN_FD + 1)
    fcntl.fcntl(moved, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    control.descriptor = moved
    os.dup2(listener.fileno(), LISTEN_FD)


def fill(word, values):
    # type: (str, dict) -> str
    for name in values:
        word = word.replace(name, values[name])
    return word
