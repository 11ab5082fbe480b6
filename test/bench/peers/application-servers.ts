/** gunicorn with one process of 15 threads, and uWSGI likewise: application servers behind Apache and nginx. */
import { basename, dirname } from 'node:path';
import type { Setting } from './peer.ts';

/** Starts gunicorn and returns the path of its Unix socket. */
export function startGunicorn({ stage, cores, serves }: Setting, name: string): string {
  const socket = stage.path(`${name}.sock`);
  const options = ['-k', 'gthread', '-w', '1', '--threads', '15', '--keep-alive', '65', '--umask', '0'];
  stage.start({
    name,
    cores,
    // Debian's own Python: every peer runs the application under the same interpreter.
    command: [
      '/usr/bin/gunicorn',
      ...options,
      '--bind',
      `unix:${socket}`,
      '--chdir',
      dirname(serves),
      `${basename(serves, '.py')}:application`,
    ],
  });
  return socket;
}

/** Starts uWSGI and returns the path of its socket, which speaks the uwsgi protocol. */
export function startUwsgi({ stage, cores, serves }: Setting, name: string): string {
  const socket = stage.path(`${name}.sock`);
  stage.start({
    name,
    cores,
    command: [
      'uwsgi',
      '--plugin=python3',
      `--socket=${socket}`,
      '--chmod-socket=666',
      `--wsgi-file=${serves}`,
      '--need-app',
      '--master',
      '--processes=1',
      '--threads=15',
      '--listen=128',
      '--disable-logging',
      '--die-on-term',
    ],
  });
  return socket;
}
