"""`script-user` and `script-group`: whose scripts a process may run (mod_wsgi: `wsgi_execute_remote`).

Owner or group must be the one named, of the script and of its folder, and nobody else may be able to write to either.

CPython 2.7 and 3.6 or later, standard library only.
"""
import os
import stat


class Ownership(object):
    """The rule of one group; without a name in the order every script is right."""

    def __init__(self, order):
        # type: (dict) -> None
        self._uid = order.get('scriptUid')
        self._gid = order.get('scriptGid')
        self.is_asked = self._uid is not None or self._gid is not None

    def problem_of(self, file_name, found):
        # type: (str, os.stat_result) -> str
        """What is wrong with a script or its folder, or None."""
        problem = self._problem('Script "%s"' % file_name, found)
        if problem is not None:
            return problem
        folder = os.path.dirname(file_name)
        try:
            return self._problem('Folder "%s" of the script' % folder, os.stat(folder))
        except OSError as error:
            return 'Cannot look at folder "%s" of the script: %s' % (folder, error.strerror)

    def _problem(self, what, found):
        # type: (str, os.stat_result) -> str
        if self._gid is not None and found.st_gid != self._gid:
            return '%s belongs to group %d, and "script-group" asks for %d' % (what, found.st_gid, self._gid)
        if self._uid is not None and found.st_uid != self._uid:
            return '%s belongs to user %d, and "script-user" asks for %d' % (what, found.st_uid, self._uid)
        if self._uid is not None and found.st_mode & stat.S_IWGRP:
            return '%s is writable to its group: take that away, or drop "script-user"' % what
        if found.st_mode & stat.S_IWOTH:
            return '%s is writable to everybody: take that away' % what
        return None
