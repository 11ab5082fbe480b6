"""What a group process becomes before application code runs: its user, its limits, its place in the file system.

The functions are called by launcher.py in the order in which they stand here, as the sidecar's user at first. What
cannot be had is a `BootFailure` that names what to do next. The rules are mod_wsgi's (`wsgi_setup_access`).

CPython 2.7 and 3.6 or later, standard library only.
"""
import grp
import locale
import os
import pwd
import resource
import sys

PR_SET_NAME = 15
HAS_TEXT_ENVIRON = sys.version_info[0] >= 3


class BootFailure(Exception):
    """A step that cannot succeed; the message names what to do next."""


def native(text):
    # type: (str) -> str
    """The file name or user name that a byte string of the order stands for."""
    data = text.encode('latin-1')
    return os.fsdecode(data) if HAS_TEXT_ENVIRON else data


def shown(text):
    # type: (str) -> str
    """A byte string of the order as people read it."""
    return text.encode('latin-1').decode('utf-8', 'replace')


def resolve_user(order):
    # type: (dict) -> tuple
    """(uid, gid, supplementary gids) to become, or None to stay; read before chroot hides the user database.

    Names are Apache's: a user name, or "#" and a number.
    """
    if order.get('user') is None and order.get('group') is None:
        refuse_silent_root(order)
        return None
    entry = user_entry(order.get('user'))
    uid, gid = entry.pw_uid, entry.pw_gid
    if order.get('group') is not None:
        gid = group_id(order['group'])
    if uid == 0 and (order.get('user') is not None or not order.get('allowRoot')):
        raise BootFailure('Refusing to run applications as root: name another user')
    named = order.get('supplementaryGroups')
    if named is not None:
        # mod_wsgi: the group itself is always one of them.
        return uid, gid, sorted(set([gid] + [group_id(name) for name in named]))
    return uid, gid, member_of(entry.pw_name, gid)


def refuse_silent_root(order):
    # type: (dict) -> None
    if os.geteuid() == 0 and not order.get('allowRoot'):
        raise BootFailure('Refusing to run applications as root: set "User" in the Apache configuration '
                          'or "user" of the group, or allow it with "allowRoot: true"')


def user_entry(name):
    # type: (str) -> pwd.struct_passwd
    try:
        if name is None:
            return pwd.getpwuid(os.geteuid())
        if name.startswith('#'):
            return numeric_user(int(name[1:]))
        return pwd.getpwnam(native(name))
    except (KeyError, ValueError):
        raise BootFailure('No user "%s" on this machine: create it or name another one' % shown(name))


def numeric_user(uid):
    # type: (int) -> pwd.struct_passwd
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        return pwd.struct_passwd(('', 'x', uid, os.getegid(), '', '/', ''))


def group_id(name):
    # type: (str) -> int
    try:
        return int(name[1:]) if name.startswith('#') else grp.getgrnam(native(name)).gr_gid
    except (KeyError, ValueError):
        raise BootFailure('No group "%s" on this machine: create it or name another one' % shown(name))


def member_of(user, gid):
    # type: (str, int) -> list
    """What initgroups(3) would set; computed, because it must be known before chroot."""
    return sorted(set([gid] + [entry.gr_gid for entry in grp.getgrall() if user and user in entry.gr_mem]))


def apply_limits(order):
    # type: (dict) -> None
    kinds = {'data': resource.RLIMIT_DATA, 'as': resource.RLIMIT_AS, 'cpu': resource.RLIMIT_CPU}
    for name, value in sorted((order.get('limits') or {}).items()):
        try:
            # The hard limit of CPU time stands off, so that SIGXCPU can be answered before SIGKILL comes (mod_wsgi has the same).
            hard = value + 1 + int(order.get('shutdownTimeout', 5)) if name == 'cpu' else value
            resource.setrlimit(kinds[name], (value, hard))
        except (KeyError, ValueError, OSError, resource.error) as error:
            raise BootFailure('Cannot limit "%s" to %s: %s: choose another limit' % (name, value, error))
    if order.get('nice') is not None:
        try:
            os.nice(order['nice'] - os.nice(0))
        except OSError as error:
            raise BootFailure('Cannot set priority %d: %s: only root may raise it' % (order['nice'], error.strerror))
    if order.get('umask') is not None:
        os.umask(int(order['umask'], 8))


def enter_chroot(order):
    # type: (dict) -> None
    if order.get('chroot') is None:
        return
    path = native(order['chroot'])
    try:
        os.chroot(path)
        os.chdir('/')
    except OSError as error:
        raise BootFailure('Cannot change root to "%s": %s: it takes root and an existing folder'
                          % (shown(order['chroot']), error.strerror))


def drop_privileges(identity):
    # type: (tuple) -> None
    """Becomes the group's user for good. Without root only the user that we are already can be asked for."""
    if identity is None:
        return
    uid, gid, groups = identity
    if os.geteuid() != 0:
        if (uid, gid) != (os.geteuid(), os.getegid()):
            raise BootFailure('Cannot become user %d, group %d: start wsgi-sidecar as root, or drop the user option'
                              % (uid, gid))
        return
    os.setgroups(groups)
    os.setgid(gid)
    os.setuid(uid)
    if uid != 0:
        check_no_way_back(uid, gid)


def check_no_way_back(uid, gid):
    # type: (int, int) -> None
    if os.getresuid() != (uid, uid, uid) or os.getresgid() != (gid, gid, gid):
        raise BootFailure('Privileges were dropped in part only: refusing to run applications')
    for regain in (os.setuid, os.seteuid):
        try:
            regain(0)
        except OSError:
            continue
        raise BootFailure('Root can be taken back after it was dropped: refusing to run applications')


def settle_home(order, switched):
    # type: (dict, bool) -> None
    """HOME, USER and LOGNAME of who we are now, and the working folder: `home`, else the new user's own, else "/"."""
    try:
        entry = pwd.getpwuid(os.geteuid())
        os.environ.update({'HOME': entry.pw_dir, 'USER': entry.pw_name, 'LOGNAME': entry.pw_name})
    except KeyError:
        entry = None
    if order.get('home') is not None:
        try:
            os.chdir(native(order['home']))
        except OSError as error:
            raise BootFailure('Cannot enter home "%s" as user %d: %s: check that the folder exists and who may enter it'
                              % (shown(order['home']), os.geteuid(), error.strerror))
        return
    try:
        os.chdir(entry.pw_dir if switched and entry is not None else '/')
    except OSError:
        os.chdir('/')


def settle_locale(order):
    # type: (dict) -> None
    """`locale`: all categories, where Python itself would set LC_CTYPE alone; one that is not there is told, as mod_wsgi does."""
    if not order.get('locale'):
        return
    try:
        locale.setlocale(locale.LC_ALL, str(order['locale']))
    except (locale.Error, ValueError) as error:
        sys.stderr.write('Cannot set locale "%s": %s: install it, or name another one, such as "C.UTF-8"\n'
                         % (order['locale'], error))


def show_name(order):
    # type: (dict) -> None
    """Names the process for ps(1), by its arguments and by its command; a Python without ctypes goes unnamed."""
    if not order.get('displayName'):
        return
    name = order['displayName'].encode('latin-1')
    try:
        import ctypes
        ctypes.CDLL(None).prctl(PR_SET_NAME, name, 0, 0, 0)
        start, end = argument_area()
        if start < end:
            ctypes.memmove(start, name[:end - start - 1].ljust(end - start, b'\0'), end - start)
    except (ImportError, IOError, OSError, AttributeError, ValueError):
        pass


def argument_area():
    # type: () -> tuple
    """Where the system looks for the arguments of this process (proc(5): arg_start and arg_end of stat)."""
    with open('/proc/self/stat') as stat:
        # The second field is the command, in brackets, and may hold anything.
        fields = stat.read().rpartition(')')[2].split()
    return int(fields[45]), int(fields[46])


def resolve_owner(order):
    # type: (dict) -> None
    """`scriptUser` and `scriptGroup` as numbers, while the user database is still to be seen."""
    if order.get('scriptUser') is not None:
        order['scriptUid'] = user_entry(order['scriptUser']).pw_uid
    if order.get('scriptGroup') is not None:
        order['scriptGid'] = group_id(order['scriptGroup'])
