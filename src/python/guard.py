"""Leaves no orphan: kills every process group of a sidecar as soon as that sidecar is gone.

One per sidecar, in a session of its own. Reads `+PGID` and `-PGID` lines on stdin; end of file means that the
sidecar has ended, by whatever cause. A worker in a C call or stopped by SIGSTOP does not see the end of its own
stdin, but SIGKILL reaches it. Standard library only, CPython 2.7 and 3.6 or later; it imports little, because it
stands beside every sidecar for all its life.
"""
import os
import signal


def guard(descriptor):
    # type: (int) -> dict
    """Follows the list until end of file; returns the process groups that are left, with the output of each."""
    alive = {}
    pending = b''
    while True:
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:
            return alive
        if not chunk:
            return alive
        lines = (pending + chunk).split(b'\n')
        pending = lines.pop()
        for line in lines:
            follow(alive, line)


def follow(alive, line):
    # type: (dict, bytes) -> None
    sign, digits = line[:1], line[1:]
    # Group 1 and 0 would be init and ourselves.
    if not digits.isdigit() or int(digits) <= 1:
        return
    if sign == b'+':
        alive[int(digits)] = outputs_of(int(digits))
    elif sign == b'-':
        alive.pop(int(digits), None)


def outputs_of(pid):
    # type: (object) -> set
    """What the kernel calls the standard output and error of a process, where they are its own."""
    links = set()
    for descriptor in (1, 2):
        try:
            links.add(os.readlink('/proc/%s/fd/%d' % (pid, descriptor)))
        except OSError:
            pass
    return set(link for link in links if link.startswith(('socket:[', 'pipe:[')))


def kill_holders(outputs):
    # type: (set) -> None
    """Kills who has left its process group (setsid) but still holds the output of a group process."""
    for name in os.listdir('/proc'):
        if not name.isdigit() or int(name) == os.getpid() or not outputs & outputs_of(name):
            continue
        try:
            os.kill(int(name), signal.SIGKILL)
        except OSError:
            pass


def main():
    # type: () -> None
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(name, signal.SIG_IGN)
    os.write(1, b'ready\n')
    left = guard(0)
    for group in left:
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:
            pass
    outputs = set().union(*left.values())
    if outputs:
        kill_holders(outputs)


if __name__ == '__main__':
    main()
