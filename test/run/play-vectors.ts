/** Plays a recorded scenario through reading, meaning and routing, without Apache, and compares every recorded field. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { toBytes } from '../../src/apache/bytes.ts';
import type { DirectiveNode } from '../../src/apache/directive.ts';
import { loadConfiguration } from '../../src/apache/load.ts';
import { nodeFileReader } from '../../src/apache/node-file-reader.ts';
import { packageRoot } from '../../src/package-root.ts';
import { resolveRoute } from '../../src/routing/resolve.ts';
import type {
  DispatchAnswer,
  DispatchQuestion,
  FileProbe,
  Route,
  RouteRequest,
  WsgiRoute,
} from '../../src/routing/route.ts';
import { buildSite } from '../../src/site/build.ts';
import type { Site, SiteOptions } from '../../src/site/model.ts';
import { moduleNames } from '../../src/site/modules.ts';
import { createFileProbe } from '../../src/supervisor/file-probe.ts';

/** One line of `requests.jsonl`; byte strings are latin-1. */
export type RecordedRequest = {
  readonly id: string;
  readonly connectPort: number;
  readonly tls?: boolean;
  readonly requestLine: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly status: number;
  readonly handledBy: 'wsgi' | 'static' | 'error' | 'core';
  readonly location?: string;
} & { readonly [field in AnswerField]?: string | null };

const answerFields = [
  'applicationGroup',
  'processGroup',
  'scriptName',
  'pathInfo',
  'scriptFilename',
  'serverName',
  'serverPort',
  'callableObject',
  'queryString',
  'handlerScript',
] as const;

type AnswerField = (typeof answerFields)[number];

/** What our side says of a request, in the recorded words. */
export type Answer = {
  readonly handledBy: string;
  readonly status: number;
  readonly location?: string | undefined;
  readonly note?: string;
} & { readonly [field in AnswerField]?: string | undefined };

export type Mismatch = {
  readonly id: string;
  readonly field: string;
  readonly recorded: unknown;
  readonly computed: unknown;
  readonly note: string;
};

export type ScenarioResult = {
  readonly name: string;
  readonly total: number;
  readonly match: number;
  readonly mismatches: readonly Mismatch[];
};

/** Plays the scenario of a folder, on the site that `readSite` makes of it. */
export function playScenario(
  folder: string,
  readSite: (folder: string, root: string) => Site = readScenarioSite,
): ScenarioResult {
  const root = mkdtempSync(join(tmpdir(), 'vectors-'));
  try {
    layOut(folder, root);
    const site = readSite(folder, root);
    const probe = { ...createFileProbe(), dispatch: runDispatchScript };
    const requests = readRequests(folder);
    const mismatches = requests.flatMap((request) => compare(request, answer(site, probe, request, root)));
    return scenarioResult(folder, requests.length, mismatches);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** What came of `total` requests of the folder's scenario. */
export function scenarioResult(
  folder: string,
  total: number,
  mismatches: readonly Mismatch[],
): ScenarioResult {
  const wrong = new Set(mismatches.map(({ id }) => id));
  return { name: basename(folder), total, match: total - wrong.size, mismatches };
}

/** A dispatch script in a Python of its own: slow, but as near to mod_wsgi as it gets without Apache. */
function runDispatchScript({ script, environ }: DispatchQuestion): DispatchAnswer {
  const program = join(packageRoot(), 'test', 'run', 'dispatch.py');
  const input = JSON.stringify({ script, environ: Object.fromEntries(environ) });
  const { stdout } = spawnSync('python3', [program], { input, encoding: 'utf8' });
  return JSON.parse(stdout) as DispatchAnswer;
}

/** The scenario's files where the recording had them. */
export function layOut(folder: string, root: string): void {
  for (const name of ['run', 'htdocs', 'apps']) mkdirSync(join(root, name));
  const files = join(folder, 'root');
  if (existsSync(files)) cpSync(files, root, { recursive: true });
  const index = join(root, 'htdocs', 'index.html');
  if (!existsSync(index)) writeFileSync(index, 'STATIC index\n');
  const text = readFileSync(join(folder, 'apache.conf'), 'latin1').replaceAll('@ROOT@', root);
  writeFileSync(join(root, 'apache.conf'), text, 'latin1');
}

/** The tree of a laid out scenario, and the circumstances, with admission open as the real server's is. */
export function loadScenario(
  folder: string,
  root: string,
): { readonly tree: readonly DirectiveNode[]; readonly options: Partial<SiteOptions> } {
  const meta = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')) as {
    env?: Record<string, string>;
  };
  const environment = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LANG: 'C.UTF-8', ...meta.env };
  const file = toBytes(join(root, 'apache.conf'));
  const { tree, ...loaded } = loadConfiguration({ file, reader: nodeFileReader, environment, defines: [] });
  const read = { environment, serverRoot: loaded.serverRoot, modules: moduleNames(loaded.modules) };
  return { tree, options: { ...read, unknownPort: 'admit', expandFromRequest: true } };
}

/** The site of a laid out scenario. */
export function readScenarioSite(folder: string, root: string, changes: Partial<SiteOptions> = {}): Site {
  const { tree, options } = loadScenario(folder, root);
  return buildSite(tree, { ...options, ...changes }).site;
}

export function readRequests(folder: string): RecordedRequest[] {
  const lines = readFileSync(join(folder, 'requests.jsonl'), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as RecordedRequest);
}

function answer(site: Site, probe: FileProbe, recorded: RecordedRequest, root: string): Answer {
  const request = parseRecorded(recorded);
  if (request === undefined) return { handledBy: 'error', status: 400, note: 'request line' };
  const answered = describeRoute(resolveRoute(site, request, probe), root);
  // The recording tells files by their text, which an answer to HEAD has not.
  return answered.handledBy === 'static' && request.method === 'HEAD'
    ? { ...answered, handledBy: 'core' }
    : answered;
}

/** The request as routing gets it; undefined for a line that no HTTP parser lets through (httpd `ap_parse_request_line()`). */
export function parseRecorded(recorded: RecordedRequest): RouteRequest | undefined {
  const line = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/([1-9])\.(\d)$/.exec(recorded.requestLine);
  if (line === null) return undefined;
  return {
    localAddress: '127.0.0.1',
    localPort: recorded.connectPort,
    tls: recorded.tls === true,
    method: line[1] as string,
    target: line[2] as string,
    minorVersion: line[3] === '1' ? Number(line[4]) : 1,
    rawHeaders: recorded.headers.flat(),
    remoteAddress: '127.0.0.1',
  };
}

function describeRoute(route: Route, root: string): Answer {
  switch (route.kind) {
    case 'wsgi':
      return describeWsgi(route, root);
    case 'file': {
      const body = readFileSync(Buffer.from(route.filename, 'latin1'), 'latin1');
      return { handledBy: body.startsWith('STATIC') ? 'static' : 'core', status: 200 };
    }
    case 'redirect':
      return { handledBy: 'error', status: route.status, location: route.location };
    case 'none':
      return {
        handledBy: route.status === 200 ? 'core' : 'error',
        status: route.status,
        note: `${route.reason}: ${route.message}`,
      };
    default:
      return route satisfies never;
  }
}

function describeWsgi(route: WsgiRoute, root: string): Answer {
  const { identity, callableObject } = route;
  const script = route.handlerScript ?? route.scriptFilename;
  if (route.access.kind !== 'granted')
    return { handledBy: 'error', status: 403, note: route.access.rule.message };
  if (!definesCallable(script, callableObject)) {
    const status = identity.processGroup === '' && isPython(script) ? 404 : 500;
    return { handledBy: 'error', status, note: `"${script}" has no "${callableObject}"` };
  }
  const environ = route.environChanges?.set;
  return {
    handledBy: 'wsgi',
    status: 200,
    applicationGroup: identity.applicationGroup,
    processGroup: identity.processGroup,
    scriptName: environ?.get('SCRIPT_NAME') ?? route.scriptName,
    pathInfo: route.pathInfo,
    scriptFilename: route.scriptFilename.replace(root, '@ROOT@'),
    serverName: environ?.get('SERVER_NAME') ?? route.serverName,
    serverPort: environ?.get('SERVER_PORT') ?? String(route.serverPort),
    callableObject,
    queryString: route.query,
    handlerScript: route.handlerScript?.replace(root, '@ROOT@'),
  };
}

/** Whether a script's text binds a name at module level; a process would find out by importing it. */
function definesCallable(script: string, name: string): boolean {
  if (!/^[A-Za-z_]\w*$/.test(name)) return false;
  const file = Buffer.from(script, 'latin1');
  if (!existsSync(file)) return false;
  const text = readFileSync(file, 'latin1');
  return new RegExp(
    `^(?:(?:async\\s+)?def|class)\\s+${name}\\b|^${name}\\s*=|^(?:from|import)\\b.*\\b${name}\\b`,
    'm',
  ).test(text);
}

/** Whether Python can read a script at all. */
function isPython(script: string): boolean {
  const program = 'import sys; compile(open(sys.argv[1], "rb").read(), "script", "exec")';
  return spawnSync('python3', ['-c', program, script]).status === 0;
}

/** The fields in which a recorded and a computed answer differ. */
export function compare(recorded: RecordedRequest, computed: Answer): Mismatch[] {
  const { id } = recorded;
  const note = computed.note ?? '';
  if (recorded.handledBy !== computed.handledBy) {
    return [
      {
        id,
        field: 'handledBy',
        recorded: recorded.handledBy,
        computed: computed.handledBy,
        note: `${note} [${recorded.status}/${computed.status}]`,
      },
    ];
  }
  const mismatch = (field: string, was: unknown, is: unknown): Mismatch[] =>
    (was ?? undefined) === is ? [] : [{ id, field, recorded: was, computed: is, note }];
  if (recorded.handledBy === 'wsgi') {
    return answerFields.flatMap((field) => mismatch(field, recorded[field], computed[field]));
  }
  return [
    ...mismatch('status', recorded.status, computed.status),
    ...mismatch('location', recorded.location, computed.location),
  ];
}
