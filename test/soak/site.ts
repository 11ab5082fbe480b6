/** The four groups that are soaked: one application, four ways of WSGIDaemonProcess to run it. */
import type { TemporaryFolder } from '../support/temporary-folder.ts';

export type SoakGroup = {
  readonly name: string;
  /** Options of its WSGIDaemonProcess. */
  readonly daemon: string;
};

export const groups: readonly SoakGroup[] = [
  { name: 'single', daemon: 'processes=1 threads=8' },
  { name: 'several', daemon: 'processes=2 threads=4' },
  { name: 'recycled', daemon: 'processes=2 threads=4 maximum-requests=200' },
  { name: 'restless', daemon: 'processes=1 threads=6 restart-interval=20' },
];

/** A good script of a version that its answers name. */
export function goodScript(version: number): string {
  return `import hashlib, os, time
VERSION = "${version}"
time.sleep(0.1)

def read(stream):
    size, digest = 0, hashlib.sha256()
    piece = stream.read(65536)
    while piece:
        size += len(piece)
        digest.update(piece)
        piece = stream.read(65536)
    return size, digest.hexdigest()

def parts(number):
    for index in range(20):
        time.sleep(0.01)
        yield ("%s %d\\n" % (number, index)).encode()

def application(environ, start_response):
    kind = environ["PATH_INFO"][1:]
    number = environ["QUERY_STRING"]
    headers = [("Content-Type", "text/plain"), ("X-Version", VERSION), ("X-Pid", str(os.getpid()))]
    if kind == "streamed":
        start_response("200 OK", headers)
        return parts(number)
    text = number
    if kind == "upload":
        text = "%s %d %s" % ((number,) + read(environ["wsgi.input"]))
    if kind == "slow":
        time.sleep(0.2 + int(number) % 7 * 0.1)
    body = text.encode()
    start_response("200 OK", headers + [("Content-Length", str(len(body)))])
    return [body]
`;
}

/** What must never serve. */
export const brokenScript = 'import no_such_module_anywhere\n';

export function scriptOf(folder: TemporaryFolder, group: string): string {
  return `${folder.path}/${group}.wsgi`;
}

export function socketPathIn(folder: TemporaryFolder): string {
  return `${folder.path}/front.sock`;
}

/** Writes Apache's configuration and the first version of each script; returns the configuration's path. */
export function writeSite(folder: TemporaryFolder, port: number): string {
  for (const { name } of groups) folder.write(`${name}.wsgi`, goodScript(1));
  const lines = groups.flatMap(({ name, daemon }) => [
    `WSGIDaemonProcess ${name} ${daemon}`,
    `WSGIScriptAlias /${name} ${scriptOf(folder, name)} process-group=${name} application-group=%{GLOBAL}`,
  ]);
  const server = ['User www-data', 'Group www-data', `Listen 127.0.0.1:${port}`, 'ServerName soak.test'];
  return folder.write('apache.conf', `${[...server, ...lines].join('\n')}\n`);
}

/** The settings; `generation` is what a changed configuration changes: threads of one group, a variable of another. */
export function settingsText(
  folder: TemporaryFolder,
  { port, adminPort, generation }: { port: number; adminPort: number; generation: number },
): string {
  return JSON.stringify({
    apache: `${folder.path}/apache.conf`,
    listen: [
      { bind: `127.0.0.1:${port}` },
      { bind: `unix:${socketPathIn(folder)}`, as: `127.0.0.1:${port}` },
    ],
    admin: { listen: `127.0.0.1:${adminPort}` },
    preload: true,
    runtimeDir: `${folder.path}/run`,
    python: '/usr/bin/python3',
    log: { format: 'json', access: true, query: true },
    groups: {
      several: { environment: { GENERATION: String(generation) } },
      single: { threads: 8 + (generation % 3) },
    },
  });
}
