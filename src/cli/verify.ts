/** `verify`: the computed names beside those of a real Apache, a running one with a probe in it or a private copy. Exit code 1 on any difference. */
import { Command, Option } from 'commander';
import { fromBytes } from '../apache/bytes.ts';
import { SidecarError } from '../errors.ts';
import { resolveRoute } from '../routing/resolve.ts';
import type { FileProbe, Route } from '../routing/route.ts';
import type { Settings } from '../settings/load.ts';
import { readSite, refuseFatal } from '../sidecar/load-site.ts';
import type { Site } from '../site/model.ts';
import { createFileProbe } from '../supervisor/file-probe.ts';
import { makeCorpus, type VerifyRequest } from '../verify/corpus.ts';
import {
  type Difference,
  differences,
  isComparable,
  isUnresolved,
  type RealAnswer,
} from '../verify/difference.ts';
import { type Door, type DoorMap, doorsOf, mapAddresses, unmapPort } from '../verify/doors.ts';
import { privateCopy } from '../verify/private-copy.ts';
import { callablesOf, type ProbeNames, probeFileName, probeScript } from '../verify/probe-script.ts';
import { askProbe } from './ask-probe.ts';
import { visible } from './columns.ts';
import { type CliContext, printJson } from './context.ts';
import { EXIT, type ExitCode, type Finish } from './exit-code.ts';
import {
  freePorts,
  listFolder,
  type MirroredPath,
  makePrivateFolder,
  startPrivateApache,
} from './private-apache.ts';
import { addSettingsFlags, SITE_KEYS, settingsOf } from './settings-flags.ts';
import { copySource } from './verify-source.ts';

export function verifyCommand(context: CliContext, finish: Finish): Command {
  const command = new Command('verify').description('compare the computed names with those of a real Apache');
  command
    .option('--apache2 <program>', 'start a private copy of the configuration on loopback ports')
    .option('--against <url...>', 'ask the running Apache there, where a temporary alias leads to the probe')
    .option('--print-probe', 'print the probe script for --against, and do nothing else')
    .addOption(
      new Option('--max-requests <number>', 'how many requests to ask').default(2000).argParser(Number),
    )
    .option('--json', 'print the outcome as JSON');
  addSettingsFlags(command, SITE_KEYS).action(async (flags: Record<string, unknown>) =>
    finish(await verify(context, flags)),
  );
  return command;
}

async function verify(context: CliContext, flags: Record<string, unknown>): Promise<ExitCode> {
  if (flags.printProbe === true) {
    context.print(probeScript());
    return EXIT.ok;
  }
  const { against, apache2 } = flags as { against?: readonly string[]; apache2?: string };
  if ((against === undefined) === (apache2 === undefined)) {
    context.complain('Name a real Apache: either --apache2 PROGRAM or --against URL\n');
    return EXIT.usage;
  }
  // As the real server does it: whatever a client names becomes an interpreter.
  const settings = {
    ...settingsOf(context, flags),
    unknownPort: 'admit' as const,
    expandFromRequest: true,
  };
  const { site, diagnostics } = readSite(settings, context.environment);
  refuseFatal(diagnostics);
  const job = { site, settings, context, maxRequests: Number(flags.maxRequests) };
  const outcome = apache2 === undefined ? await askRunning(job, against ?? []) : await askCopy(job, apache2);
  if (flags.json === true) printJson(context, outcome);
  else context.print(renderOutcome(outcome));
  return outcome.differences.length === 0 ? EXIT.ok : EXIT.failed;
}

type Job = {
  readonly site: Site;
  readonly settings: Settings;
  readonly context: CliContext;
  readonly maxRequests: number;
};

/** A request whose answers differ, for people and programs. */
type FoundDifference = Difference & { readonly request: string };

type Outcome = {
  readonly asked: number;
  /** Requests whose names are not computed: see `check`. */
  readonly notComputed: number;
  /** Requests that Apache answers by itself, or refuses: nothing names a group. */
  readonly nameless: number;
  /** Requests that were made and, beyond `--max-requests`, not asked. */
  readonly left: number;
  readonly differences: readonly FoundDifference[];
};

/** A request and what was computed for it. */
type Computed = { readonly request: VerifyRequest; readonly route: Route };

function compute(site: Site, requests: readonly VerifyRequest[], probe: FileProbe): readonly Computed[] {
  return requests.map((request) => {
    const { door, host, target, minorVersion } = request;
    const route = resolveRoute(
      site,
      {
        localAddress: door.address,
        localPort: door.port,
        tls: door.tls,
        method: 'GET',
        target,
        minorVersion,
        rawHeaders: host === undefined ? [] : ['Host', host],
        remoteAddress: '127.0.0.1',
      },
      probe,
    );
    return { request, route };
  });
}

async function compare(
  all: readonly Computed[],
  maxRequests: number,
  ask: (request: VerifyRequest) => Promise<RealAnswer>,
): Promise<Outcome> {
  const comparable = all.filter(({ route }) => isComparable(route));
  const asked = comparable.slice(0, maxRequests);
  const found: FoundDifference[] = [];
  for (const { request, route } of asked) {
    const answer = await ask(request);
    for (const difference of differences(route, answer)) {
      found.push({
        request: describeRequest(request),
        field: difference.field,
        computed: fromBytes(difference.computed),
        real: fromBytes(difference.real),
      });
    }
  }
  return {
    asked: asked.length,
    notComputed: all.filter(({ route }) => isUnresolved(route)).length,
    nameless: all.filter(({ route }) => !isComparable(route) && !isUnresolved(route)).length,
    left: comparable.length - asked.length,
    differences: found,
  };
}

function describeRequest({ door, host, target, minorVersion }: VerifyRequest): string {
  const version = minorVersion === 0 ? ' HTTP/1.0' : '';
  const name = host === undefined ? 'no Host' : `Host ${fromBytes(host)}`;
  return `${door.address}:${door.port} ${name} GET ${fromBytes(target)}${version}`;
}

/** A private copy of the configuration, with the probe in the place of every file that routing looks at. */
async function askCopy({ site, settings, context, maxRequests }: Job, program: string): Promise<Outcome> {
  const source = copySource(settings, context);
  const doors = doorsOf(site);
  const seen = new Map<string, MirroredPath>();
  const probe = recordingProbe(createFileProbe(), seen);
  const computed = compute(site, makeCorpus(site, doors, namesIn), probe);
  const addresses = mapAddresses(doors);
  const ports = await freePorts([...new Set(doors.map(({ port }) => port))], [...addresses.values()]);
  const map: DoorMap = { addresses, ports };
  const { folder, mirror, fill, remove } = makePrivateFolder();
  try {
    fill(
      [...withNeighbours([...seen.values()]), ...scriptsOf(computed)],
      probeScript(callablesOf(computed.map(({ route }) => route))),
    );
    const place = { folder, mirror, doors, map, isRoot: process.geteuid?.() === 0 };
    const exists = (path: string): boolean => createFileProbe().kind(path) !== 'missing';
    const text = privateCopy({ ...source, site }, { ...place, exists });
    const { environment } = source;
    const [address, port] = [
      addresses.get(doors[0]?.address ?? '') ?? '',
      ports.get(doors[0]?.port ?? 0) ?? 0,
    ];
    const apache = await startPrivateApache({ program, folder, text, environment, address, port });
    try {
      return await compare(computed, maxRequests, async (request) =>
        unmapped(await askProbe(targetOf(request.door, map), request), { map, mirror }),
      );
    } finally {
      await apache.stop();
    }
  } finally {
    remove();
  }
}

function namesIn(path: string): readonly string[] {
  return listFolder(path).map(({ name }) => name);
}

/** Remembers what routing looked at and found. */
function recordingProbe(probe: FileProbe, seen: Map<string, MirroredPath>): FileProbe {
  return {
    ...probe,
    kind: (path) => {
      const kind = probe.kind(path);
      if (kind === 'file' || kind === 'directory') seen.set(path, { path, kind });
      return kind;
    },
  };
}

/** Routing itself does not look whether a handler's script is there. */
function scriptsOf(computed: readonly Computed[]): readonly MirroredPath[] {
  const scripts = computed.flatMap(({ route }) =>
    route.kind === 'wsgi' && route.handlerScript !== undefined ? [route.handlerScript] : [],
  );
  return [...new Set(scripts)].map((path) => ({ path, kind: 'file' }));
}

/** Entries of a mirrored folder, at most. */
const maxNeighbours = 200;

/** Apache may look at files beside those that routing looked at. */
function withNeighbours(paths: readonly MirroredPath[]): readonly MirroredPath[] {
  return paths.flatMap((each) =>
    each.kind === 'file' || each.path === '/'
      ? [each]
      : [each, ...listFolder(each.path).slice(0, maxNeighbours)],
  );
}

function targetOf({ address, port }: Door, { addresses, ports }: DoorMap): Parameters<typeof askProbe>[0] {
  return { host: addresses.get(address) ?? '', port: ports.get(port) ?? 0, tls: false };
}

/** What the real server would have said in the place of the copy. */
function unmapped(
  answer: RealAnswer,
  { map, mirror }: { readonly map: DoorMap; readonly mirror: string },
): RealAnswer {
  if (answer.kind === 'other') return answer;
  const { names } = answer;
  const port = [...map.ports].find(([, mapped]) => String(mapped) === names.serverPort)?.[0];
  const changed: ProbeNames = {
    ...names,
    applicationGroup: unmapPort(map, names.applicationGroup),
    processGroup: unmapPort(map, names.processGroup),
    serverPort: port === undefined ? names.serverPort : String(port),
    scriptFilename: names.scriptFilename.startsWith(mirror)
      ? names.scriptFilename.slice(mirror.length)
      : names.scriptFilename,
  };
  return { kind: 'probe', names: changed };
}

/** The running Apache, in which an operator put aliases that lead to the probe. */
async function askRunning({ site, maxRequests }: Job, urls: readonly string[]): Promise<Outcome> {
  const isProbe = ({ target }: { readonly target: string }): boolean => target.endsWith(`/${probeFileName}`);
  if (!site.mounts.some(isProbe)) {
    const line = `WSGIScriptAlias /wsgi-sidecar-probe /srv/${probeFileName}`;
    const message = `No mount of the configuration leads to a file "${probeFileName}": write what "verify --print-probe" prints to /srv/${probeFileName}, put "${line}" into each virtual host and section to ask, and reload Apache`;
    throw new SidecarError('ERR_CONFIG_SYNTAX', message);
  }
  const targets = new Map(urls.map(doorOfUrl));
  const requests = makeCorpus(site, [...targets.keys()], namesIn);
  const computed = compute(site, requests, createFileProbe()).filter(
    ({ route }) => route.kind === 'wsgi' && route.scriptFilename.endsWith(`/${probeFileName}`),
  );
  return compare(computed, maxRequests, (request) =>
    askProbe(targets.get(request.door) ?? { host: '127.0.0.1', port: 80, tls: false }, request),
  );
}

function doorOfUrl(text: string): readonly [Door, Parameters<typeof askProbe>[0]] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new SidecarError('ERR_CONFIG_SYNTAX', `Cannot read "${text}" as a URL: wanted http://ADDRESS:PORT`);
  const tls = url.protocol === 'https:';
  const port = url.port === '' ? (tls ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const address = host === 'localhost' ? '127.0.0.1' : host;
  return [
    { address, port, tls },
    { host: address, port, tls },
  ];
}

function renderOutcome({ asked, notComputed, nameless, left, differences: found }: Outcome): string {
  const lines = found.map(
    ({ request, field, computed, real }) =>
      `${visible(request)}\n  ${field}: computed ${JSON.stringify(computed)}, real ${JSON.stringify(real)}\n`,
  );
  const notes = [
    `${asked} requests asked, ${found.length} differences`,
    ...(notComputed === 0
      ? []
      : [`${notComputed} not asked because their names are not computed: see "check"`]),
    ...(nameless === 0 ? [] : [`${nameless} not asked because Apache answers or refuses them by itself`]),
    ...(left === 0 ? [] : [`${left} not asked: raise --max-requests`]),
  ];
  return `${lines.join('')}${notes.join('; ')}\n`;
}
