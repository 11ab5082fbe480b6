/** Which Debian packages the suites need: the only table of them. What is not named here runs with Node and Python 3 alone. */

export type Suite = {
  /** Folder or file under `test/`, without `.test.ts`: what `npm test -- NAME` would run alone. */
  readonly name: string;
  readonly packages: readonly string[];
  /** Files that a package brings and that a slim image leaves out (`path-exclude` of `/usr/share/doc`). */
  readonly files?: readonly string[];
  /** Whether it takes a port below 1024 or another user's files. */
  readonly needsRoot?: boolean;
  /** Whether only some of its tests need the packages: it runs all the same, and they skip themselves. */
  readonly isPartial?: boolean;
};

/** The servers that a group can run under besides the built-in worker. */
const RUNNERS = ['gunicorn', 'uwsgi', 'uwsgi-plugin-python3', 'python3-waitress'];
const APACHE = ['apache2', 'libapache2-mod-wsgi-py3'];

export const SUITES: readonly Suite[] = [
  { name: 'apache/differential', packages: [...APACHE, 'graphite-web', 'openssl'] },
  { name: 'apache/virtual-hosts', packages: [...APACHE, 'openssl'] },
  { name: 'cli/verify', packages: [...APACHE, 'graphite-web'] },
  {
    name: 'integration/real-applications',
    packages: [...APACHE, 'apache2-utils', 'graphite-web', 'mercurial', 'radicale'],
    files: ['/usr/share/doc/mercurial-common/examples/hgweb.wsgi'],
    needsRoot: true,
  },
  { name: 'integration/access-parity', packages: [...APACHE, 'openssl'] },
  { name: 'integration/broken-applications', packages: APACHE },
  { name: 'integration/daemon-options', packages: APACHE },
  { name: 'integration/environ', packages: APACHE },
  { name: 'integration/environ-list', packages: APACHE },
  { name: 'integration/mod-wsgi-behaviour', packages: APACHE },
  { name: 'integration/parity', packages: APACHE },
  { name: 'integration/parity-lines', packages: APACHE },
  { name: 'integration/parity-options', packages: APACHE },
  { name: 'integration/process-end', packages: APACHE },
  { name: 'integration/record-vectors', packages: [...APACHE, 'openssl'] },
  { name: 'integration/script-reload', packages: APACHE },
  { name: 'integration/socket-activation', packages: ['systemd'] },
  { name: 'integration/story', packages: APACHE },
  { name: 'integration/upgrade', packages: ['systemd'] },
  { name: 'integration/runners', packages: RUNNERS },
  { name: 'integration/runner-environ', packages: RUNNERS },
  { name: 'metrics/alerts', packages: ['prometheus'] },
  { name: 'sidecar/declared-options', packages: APACHE, isPartial: true },
  { name: 'site/random-words', packages: APACHE, isPartial: true },
  { name: 'site/word-report', packages: APACHE, isPartial: true },
  { name: 'supervisor/notify', packages: ['systemd'] },
  { name: 'threats/local-users', packages: RUNNERS },
  { name: 'metrics/metrics', packages: ['prometheus'], isPartial: true },
];

/** The suites of `npm run conformance`. */
export const CONFORMANCE_SUITES: readonly Suite[] = [
  { name: 'conformance/garden/garden', packages: ['apache2', 'nginx', 'haproxy'] },
  { name: 'conformance/slow/slow', packages: ['slowhttptest'] },
];

/** What one suite lacks. Packages and files may be installed, root may not. */
export type Lack = {
  readonly suite: Suite;
  readonly missing: readonly string[];
  readonly lacksRoot?: boolean;
};

/** How a machine is asked. */
export type Machine = {
  readonly isInstalled: (name: string) => boolean;
  readonly fileExists: (path: string) => boolean;
  readonly isRoot: boolean;
};

/** The suites among `suites` that cannot run on the machine. */
export function lacking(suites: readonly Suite[], machine: Machine): readonly Lack[] {
  return suites
    .map((suite) => ({
      suite,
      missing: [
        ...suite.packages.filter((name) => !machine.isInstalled(name)),
        ...(suite.files ?? []).filter((path) => !machine.fileExists(path)),
      ],
      lacksRoot: suite.needsRoot === true && !machine.isRoot,
    }))
    .filter(({ missing, lacksRoot }) => missing.length > 0 || lacksRoot);
}

/** Whether `npm test -- FILTER…` would run the suite: as vitest does, a filter is a part of the file's path. */
export function isSelected(suite: Suite, filters: readonly string[]): boolean {
  const path = `test/${suite.name}.`;
  return filters.length === 0 || filters.some((filter) => path.includes(filter));
}
