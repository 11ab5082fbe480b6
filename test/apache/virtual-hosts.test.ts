/**
 * Our virtual hosts equal those of the real Apache (`-D DUMP_VHOSTS`): addresses, order, names, aliases, places. For the recorded
 * scenarios, Debian's own configuration and those that packages bring; of the latter also the tree and the files read.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoadedConfiguration, loadConfiguration } from '../../src/apache/load.ts';
import { nodeFileReader } from '../../src/apache/node-file-reader.ts';
import { packageRoot } from '../../src/package-root.ts';
import { buildSite } from '../../src/site/build.ts';
import { moduleNames } from '../../src/site/modules.ts';
import { makeCertificate } from '../support/certificate.ts';
import { packagedConfigurations, unpackedPackage } from './packaged-configuration.ts';
import { askApache, missingApache } from './real-apache.ts';
import { expectSameReading } from './same-tree.ts';

/** A chain of virtual hosts: its address, and the hosts in the order in which they are asked. */
type DumpedChain = { readonly address: string; readonly hosts: readonly string[] };

const reason = missingApache();
const debian = '/etc/apache2/apache2.conf';
const vectors = join(packageRoot(), 'test', 'vectors');
const modulesFolder = '/usr/lib/apache2/modules';

/** `address`, then `name (file:line)` of each host with its aliases; of a chain of one Apache prints no aliases. */
function parseVirtualHosts(dump: string): DumpedChain[] {
  const chains: { address: string; hosts: string[] }[] = [];
  for (const line of dump.split('\n')) {
    const single = /^(\S+:\S+)\s+(\S+ \(.*:\d+\))$/.exec(line);
    const several = /^(\S+:\S+)\s+is a NameVirtualHost$/.exec(line);
    const host = /^\s+port (\S+) namevhost (\S* \(.*:\d+\))$/.exec(line);
    const alias = /^\s+(?:wild )?alias (.*)$/.exec(line);
    const hosts = chains.at(-1)?.hosts ?? [];
    if (single !== null) chains.push({ address: single[1] ?? '', hosts: [single[2] ?? ''] });
    else if (several !== null) chains.push({ address: several[1] ?? '', hosts: [] });
    else if (host !== null) hosts.push(host[2] ?? '');
    else if (alias !== null) hosts.push(`${hosts.pop()} ${alias[1]}`);
  }
  return sorted(chains);
}

function sorted(chains: readonly DumpedChain[]): DumpedChain[] {
  return [...chains].sort((left, right) => (left.address < right.address ? -1 : 1));
}

function ourVirtualHosts(loaded: LoadedConfiguration, hostName: string): DumpedChain[] {
  const { serverRoot, modules } = loaded;
  const environment = Object.fromEntries(loaded.environment);
  const { site } = buildSite(loaded.tree, {
    environment,
    serverRoot,
    hostName,
    modules: moduleNames(modules),
  });
  return sorted(
    [...site.addresses.chains].map(([address, { candidates }]) => ({
      address: address.replace(/:0$/, ':*'),
      hosts: candidates.map(({ host }) => {
        const { serverName, position, aliases } = host;
        const isWild = (alias: string): boolean => /[*?]/.test(alias);
        const names = [...aliases.filter((alias) => !isWild(alias)), ...aliases.filter(isWild)];
        const place = `${serverName} (${position.file}:${position.line})`;
        return candidates.length === 1 ? place : [place, ...names].join(' ');
      }),
    })),
  );
}

describe.skipIf(reason !== undefined)('the virtual hosts beside those of the real Apache', () => {
  let root = '';

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'sv-'));
    for (const name of ['run', 'htdocs', 'logs']) mkdirSync(join(root, name));
    await makeCertificate(join(root, 'run'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  function write(name: string, text: string): string {
    const file = join(root, name);
    writeFileSync(file, text, 'latin1');
    return file;
  }

  function expectSameHosts(file: string, environment: NodeJS.ProcessEnv): LoadedConfiguration {
    const loaded = loadConfiguration({ file, reader: nodeFileReader, environment, defines: [] });
    const { stdout, stderr, status } = askApache(file, ['DUMP_VHOSTS'], { environment });
    expect(status, stderr).toBe(0);
    // Where no ServerName stands Apache asks the machine, and says what it made of the answer.
    const hostName = /domain name, using (\S+?)\. Set/.exec(stderr)?.[1] ?? '';
    expect(ourVirtualHosts(loaded, hostName)).toEqual(parseVirtualHosts(stdout));
    return loaded;
  }

  it.each(readdirSync(vectors).filter((name) => existsSync(join(vectors, name, 'apache.conf'))))(
    'are the same for the vectors of %s',
    (scenario) => {
      const text = readFileSync(join(vectors, scenario, 'apache.conf'), 'latin1');
      const file = write(`${scenario}.conf`, text.replaceAll('@ROOT@', root));
      const { stdout } = askApache(file, ['DUMP_VHOSTS']);
      expectSameHosts(file, process.env);
      if (/<VirtualHost/i.test(text)) expect(parseVirtualHosts(stdout)).not.toEqual([]);
    },
  );

  it.skipIf(!existsSync(debian))("are the same for Debian's own configuration", () => {
    const loaded = loadConfiguration({ file: debian, reader: nodeFileReader, environment: {}, defines: [] });
    expectSameHosts(debian, Object.fromEntries(loaded.environment));
  });

  const cases = packagedConfigurations.flatMap(({ name, files }) => files.map((file) => ({ name, file })));

  it.for(cases)(
    'are the same for $file of $name, and so are tree and files',
    ({ name, file: path }, context) => {
      const folder = unpackedPackage(name);
      if (folder === undefined) return context.skip(`${name} cannot be downloaded`);
      // Apache wants the folders of logs and the certificates to exist.
      const text = readFileSync(join(folder, path), 'latin1')
        .replaceAll(/\/var\/log\/[\w-]+/g, `${root}/logs`)
        .replaceAll(
          /^(\s*SSLCertificate(Key)?File\s).*$/gm,
          (_, directive, isKey) => `${directive}${root}/run/${isKey === undefined ? 'cert' : 'key'}.pem`,
        );
      const file = write('packaged.conf', packagedText(root, write('package.conf', text)));
      const environment = { ...process.env, APACHE_LOG_DIR: join(root, 'logs') };
      const loaded = expectSameHosts(file, environment);
      expect(loaded.tree.length).toBeGreaterThan(5);
      expectSameReading(file, loaded, environment);
    },
  );
});

/** Every module that such configurations use, the least that Apache wants, and the file. */
function packagedText(root: string, file: string): string {
  const names =
    'mpm_event authz_core authz_host authn_core auth_basic authn_file authz_user alias wsgi env dir mime setenvif headers expires rewrite proxy proxy_http proxy_uwsgi macro socache_shmcb ssl deflate filter cgid';
  const loads = names
    .split(' ')
    .filter((name) => existsSync(`${modulesFolder}/mod_${name}.so`))
    .map((name) => `LoadModule ${name}_module ${modulesFolder}/mod_${name}.so`);
  const own = [
    `ServerRoot ${root}`,
    `PidFile ${root}/pid`,
    `ErrorLog ${root}/log`,
    'Listen 80',
    'ServerName x',
  ];
  const ssl = [`SSLCertificateFile ${root}/run/cert.pem`, `SSLCertificateKeyFile ${root}/run/key.pem`];
  return [...loads, ...own, ...ssl, `Include ${file}`, ''].join('\n');
}
