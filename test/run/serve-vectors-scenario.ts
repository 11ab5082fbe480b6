/** Plays a recorded scenario through a running sidecar, in the order recorded, and compares what its applications saw. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtProgram } from '../support/build.ts';
import { reservePort } from '../support/port.ts';
import { exchange } from '../support/raw-http.ts';
import { mustRun } from '../support/real-process.ts';
import { type Sidecar, startSidecar } from '../support/sidecar.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import {
  type Answer,
  compare,
  layOut,
  type Mismatch,
  type RecordedRequest,
  readRequests,
  type ScenarioResult,
  scenarioResult,
} from './play-vectors.ts';

/** What only an application that runs can tell. */
const runtimeFields = ['siteName', 'httpHost', 'requestUri', 'urlScheme', 'body'] as const;

type Runtime = { readonly [field in (typeof runtimeFields)[number]]?: string | undefined };

type ServedRequest = RecordedRequest & Runtime;
type ServedAnswer = Answer & Runtime;

/** A listener of the sidecar for each port, plain or inside TLS, that a scenario's requests were sent to. */
type Door = { readonly key: string; readonly port: number; readonly setting: Record<string, unknown> };

/** Longer than any group may take to start; an answer that never comes is a mismatch, not a hang. */
const answerTimeoutMs = 90_000;

/** Serves the scenario of a folder, from Apache's own text or from what `convert` makes of it, and asks every request. */
export async function serveScenario(folder: string, viaConvert = false): Promise<ScenarioResult> {
  const root = makeTemporaryFolder('vectors-');
  let sidecar: Sidecar | undefined;
  try {
    layOut(folder, root.path);
    const requests: readonly ServedRequest[] = readRequests(folder);
    const doors = await openDoors(requests);
    const apache = join(root.path, 'apache.conf');
    const environment = environmentOf(folder);
    sidecar = await startSidecar({
      apache,
      as: '127.0.0.1:18080',
      settings: openSettings(doors),
      environment,
      ...(viaConvert ? { converted: await convert(apache, environment) } : {}),
    });
    const mismatches: Mismatch[] = [];
    for (const request of requests) mismatches.push(...(await ask(request, doors, root.path)));
    return scenarioResult(folder, requests.length, mismatches);
  } finally {
    await sidecar?.stop();
    root.remove();
  }
}

/** The settings file of a configuration, by the command itself. */
async function convert(apache: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const words = [await builtProgram(), 'convert', apache];
  return (await mustRun(process.execPath, words, { environment })).stdout;
}

/** Admission as open as the real server's, and the listeners. */
function openSettings(doors: readonly Door[]): Record<string, unknown> {
  const open = {
    unknownPort: 'admit',
    expandFromRequest: true,
    maxGroups: 1000,
    groupsFrom: 'dispatch',
  };
  return { ...open, listen: doors.map(({ setting }) => setting) };
}

async function openDoors(requests: readonly ServedRequest[]): Promise<readonly Door[]> {
  const wanted = new Map(requests.map((request) => [doorOf(request), request]));
  return Promise.all(
    [...wanted].map(async ([key, { connectPort, tls = false }]) => {
      const port = await reservePort();
      return {
        key,
        port,
        setting: { bind: `127.0.0.1:${port}`, as: `127.0.0.1:${connectPort}`, tls },
      };
    }),
  );
}

function doorOf({ connectPort, tls }: ServedRequest): string {
  return `${connectPort} ${tls === true ? 'tls' : 'plain'}`;
}

/** The environment that the scenario was recorded in, and none of this process's own. */
function environmentOf(folder: string): Record<string, string | undefined> {
  const meta = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')) as {
    readonly env?: Record<string, string>;
  };
  const none = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  return { ...none, PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LANG: 'C.UTF-8', ...meta.env };
}

async function ask(recorded: ServedRequest, doors: readonly Door[], root: string): Promise<Mismatch[]> {
  const port = doors.find(({ key }) => key === doorOf(recorded))?.port ?? 0;
  const expected = expectedHere(recorded);
  const answered = await answerOf(expected, port, root);
  const mismatches = compare(expected, answered);
  if (mismatches.some(({ field }) => field === 'handledBy')) return mismatches;
  const differing = runtimeFields.filter(
    (field) =>
      field in expected && !isPage(expected, field) && (expected[field] ?? undefined) !== answered[field],
  );
  return [
    ...mismatches,
    ...differing.map((field) => ({
      id: expected.id,
      field,
      recorded: expected[field],
      computed: answered[field],
      note: '',
    })),
  ];
}

/** The page that a server writes about a status is its own. */
function isPage(expected: ServedRequest, field: string): boolean {
  return field === 'body' && expected.body?.startsWith('<!DOCTYPE') === true;
}

/** What is recorded, but for what the sidecar refuses and Apache does not: CONNECT, which asks for a tunnel, and HTTP/2.0, which is not spoken in request lines. */
export function expectedHere(recorded: ServedRequest): ServedRequest {
  const [method, , version] = recorded.requestLine.split(' ');
  if (recorded.status === 400) return recorded;
  const { id, connectPort, requestLine, headers, tls = false } = recorded;
  const refused = { id, connectPort, requestLine, headers, tls, handledBy: 'error' } as const;
  if (method === 'CONNECT') return { ...refused, status: 405 };
  return version === 'HTTP/2.0' ? { ...refused, status: 505 } : recorded;
}

async function answerOf(recorded: ServedRequest, port: number, root: string): Promise<ServedAnswer> {
  const { requestLine, headers } = recorded;
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const method = requestLine.split(' ')[0] ?? '';
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = await Promise.race([
      exchange({ port }, `${requestLine}\r\n${lines}\r\n`, method),
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('No answer in time')), answerTimeoutMs);
      }),
    ]);
    const body = answer.body.toString('latin1');
    if (answer.header('x-oracle') === 'wsgi') {
      // In a header too, because an answer to HEAD has no body.
      const document = JSON.parse(answer.header('x-oracle-doc') ?? body) as Environ;
      return describeEnviron(answer.status, document, root);
    }
    if (answer.status === 200) {
      return {
        handledBy: body.startsWith('STATIC') ? 'static' : 'core',
        status: 200,
        body: body.slice(0, 60),
      };
    }
    return { handledBy: 'error', status: answer.status, location: answer.header('location') };
  } catch (error) {
    return { handledBy: 'none', status: 0, note: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

type Environ = Readonly<Record<string, string | null | undefined>>;

function describeEnviron(status: number, environ: Environ, root: string): ServedAnswer {
  const said = (name: string): string | undefined => environ[name] ?? undefined;
  const handlerScript = said('mod_wsgi.handler_script')?.replace(root, '@ROOT@');
  return {
    handledBy: 'wsgi',
    status,
    applicationGroup: said('mod_wsgi.application_group'),
    processGroup: said('mod_wsgi.process_group'),
    scriptName: said('SCRIPT_NAME'),
    pathInfo: said('PATH_INFO'),
    scriptFilename: said('SCRIPT_FILENAME')?.replace(root, '@ROOT@'),
    serverName: said('SERVER_NAME'),
    serverPort: said('SERVER_PORT'),
    callableObject: said('mod_wsgi.callable_object'),
    queryString: said('QUERY_STRING'),
    handlerScript: handlerScript === '' ? undefined : handlerScript,
    siteName: said('site_name'),
    httpHost: said('HTTP_HOST'),
    requestUri: said('REQUEST_URI'),
    urlScheme: said('wsgi.url_scheme'),
  };
}
