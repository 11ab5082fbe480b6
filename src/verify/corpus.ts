/** Requests made from a configuration: hosts and ports for every virtual host, paths around every mount and section. */
import type { HostChain } from '../site/address-index.ts';
import { findChain } from '../site/address-index.ts';
import type { Site, VirtualHost } from '../site/model.ts';
import type { Door } from './doors.ts';
import { type ListFolder, pathsOfHost } from './mount-paths.ts';

/** A request to ask. Byte strings. */
export type VerifyRequest = {
  readonly door: Door;
  /** HTTP/1.`minorVersion`. */
  readonly minorVersion: 0 | 1;
  /** The value of Host; undefined is none. */
  readonly host: string | undefined;
  readonly target: string;
};

/** A name that no configuration has. */
const unknownName = 'unknown.invalid';

/** A port that no configuration declares, hopefully. */
const undeclaredPort = 54_321;

/** The requests of all doors, without repeats. */
export function makeCorpus(site: Site, doors: readonly Door[], list: ListFolder): readonly VerifyRequest[] {
  const requests = new Map<string, VerifyRequest>();
  for (const door of doors) {
    const chain = findChain(site.addresses, door.address, door.port);
    for (const request of requestsOfDoor(site, door, chain, list)) {
      requests.set(
        JSON.stringify([request.door, request.minorVersion, request.host, request.target]),
        request,
      );
    }
  }
  return [...requests.values()];
}

function requestsOfDoor(
  site: Site,
  door: Door,
  chain: HostChain | undefined,
  list: ListFolder,
): readonly VerifyRequest[] {
  const hosts = chain === undefined ? [site.main] : [...new Set(chain.candidates.map(({ host }) => host))];
  const first = hosts[0] ?? site.main;
  const [firstPath = '/'] = pathsOfHost(first, list);
  const ask = (host: string | undefined, target: string, minorVersion: 0 | 1 = 1): VerifyRequest => ({
    door,
    host,
    target,
    minorVersion,
  });
  return [
    ask(undefined, firstPath, 0),
    ask(unknownName, firstPath),
    ask(`${unknownName}:${undeclaredPort}`, firstPath),
    ...hosts.flatMap((host) => {
      const paths = pathsOfHost(host, list);
      const names = namesOf(host);
      const [name = unknownName] = names;
      return [
        ...names.flatMap((each) => portsOf(host, door).map((port) => ask(`${each}${port}`, paths[0] ?? '/'))),
        ...paths.flatMap((path) => [ask(name, path), ask(`${name}:${door.port}`, path)]),
      ];
    }),
  ];
}

/** ServerName and aliases; a wildcard stands for some name. */
function namesOf({ serverName, aliases }: VirtualHost): readonly string[] {
  const samples = aliases.map((alias) => alias.replaceAll('*', 'any').replaceAll('?', 'x'));
  return [...new Set([serverName, serverName.toUpperCase(), ...samples])].filter((name) =>
    /^[\w.-]+$/.test(name),
  );
}

function portsOf({ declaredPorts }: VirtualHost, { port }: Door): readonly string[] {
  const ports = [...new Set([port, 80, 443, ...[...declaredPorts].slice(0, 4), undeclaredPort])];
  return ['', ...ports.map((each) => `:${each}`)];
}
