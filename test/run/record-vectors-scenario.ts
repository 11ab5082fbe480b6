/** Asks this machine's Apache with mod_wsgi every request of a scenario, and writes down what it answers. */
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { withoutChunks } from '../../src/cli/ask-probe.ts';
import { makeCertificate } from '../support/certificate.ts';
import { type RealProcess, startProcess } from '../support/real-process.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { layOut, readRequests } from './play-vectors.ts';

/** A request as sent: the fields that a recording starts from. */
type Sent = {
  readonly id?: string;
  readonly connectPort: number;
  readonly tls?: boolean;
  readonly requestLine: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly note?: string;
};

/** A line of `requests.jsonl`. */
export type Recorded = Readonly<Record<string, unknown>>;

/** Records the scenario of a folder; its ports must be free. */
export async function recordScenario(folder: string): Promise<readonly Recorded[]> {
  const root = makeTemporaryFolder('record-');
  let apache: RealProcess | undefined;
  try {
    layOut(folder, root.path);
    const conf = join(root.path, 'apache.conf');
    if (readFileSync(conf, 'latin1').includes('cert.pem')) await makeCertificate(join(root.path, 'run'));
    const requests = readRequests(folder) as readonly Sent[];
    apache = startProcess('/usr/sbin/apache2', ['-d', root.path, '-f', conf, '-DFOREGROUND'], {
      environment: environmentOf(folder),
    });
    await untilListening(apache, new Set(requests.map(({ connectPort }) => connectPort)));
    const log = errorLogOf(join(root.path, 'run', 'error.log'));
    log.take();
    const records: Recorded[] = [];
    for (const [at, request] of requests.entries()) {
      const id = request.id ?? `${basename(folder)}-${String(at + 1).padStart(3, '0')}`;
      const answer = await ask(request);
      records.push(recordOf({ id, request, answer, errors: log.take(), root: root.path }));
    }
    return records;
  } finally {
    // A child of mod_wsgi may hang for ten seconds in the end of Python.
    await apache?.kill();
    root.remove();
  }
}

function environmentOf(folder: string): NodeJS.ProcessEnv {
  const file = join(folder, 'meta.json');
  const meta = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { readonly env?: Record<string, string> })
    : {};
  return { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LANG: 'C.UTF-8', ...meta.env };
}

async function untilListening({ exited, lines }: RealProcess, ports: ReadonlySet<number>): Promise<void> {
  let isOver = false;
  void exited.then(() => {
    isOver = true;
  });
  for (const port of ports) {
    while (!(await isListening(port))) {
      if (isOver) throw new Error(`Apache ended before it listened on ${port}:\n${lines.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

type Answer = {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
};

/** Sends the head as it is and reads until the server ends the connection. */
function ask({ requestLine, headers, connectPort, tls = false }: Sent): Promise<Answer> {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return new Promise((resolve, reject) => {
    const where = { host: '127.0.0.1', port: connectPort };
    // Without a server name: the Host header chooses the virtual host.
    const socket = tls ? connectTls({ ...where, rejectUnauthorized: false }) : connect(where);
    const received: Buffer[] = [];
    socket.setTimeout(20_000, () => socket.destroy(new Error(`No answer to ${requestLine}`)));
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.once('error', (error) => (received.length > 0 ? undefined : reject(error)));
    socket.once('close', () => resolve(parse(Buffer.concat(received).toString('latin1'))));
    socket.write(`${requestLine}\r\n${lines}\r\n`, 'latin1');
  });
}

function parse(text: string): Answer {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, Math.max(end, 0)).split('\r\n');
  const status = Number(/^HTTP\/\d\.\d (\d+)/.exec(statusLine)?.[1] ?? 0);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const body = text.slice(end + 4);
  return {
    status,
    headers,
    body: headers.get('transfer-encoding') === 'chunked' ? withoutChunks(body) : body,
  };
}

/** What Apache has said of errors since the last time, in the format of the scenarios (`[%l] %M`). */
function errorLogOf(file: string): { take(): readonly string[] } {
  let read = 0;
  return {
    take: () => {
      const text = existsSync(file) ? readFileSync(file, 'latin1') : '';
      const fresh = text.slice(read);
      read = text.length;
      return [...fresh.matchAll(/^\[(?:error|crit|alert|emerg)\] (.*)$/gm)].map(([, message = '']) =>
        message.replace(/mod_wsgi \(pid=\d+[^)]*\): /, 'mod_wsgi: '),
      );
    },
  };
}

type Asked = {
  readonly id: string;
  readonly request: Sent;
  readonly answer: Answer;
  readonly errors: readonly string[];
  readonly root: string;
};

function recordOf({ id, request, answer, errors, root }: Asked): Recorded {
  const { connectPort, tls, requestLine, headers, note } = request;
  const { status } = answer;
  const inRoot = (text: string): string => text.replaceAll(root, '@ROOT@');
  const names = [
    'applicationGroup',
    'processGroup',
    'scriptName',
    'pathInfo',
    'scriptFilename',
    'serverName',
    'serverPort',
  ];
  const record = {
    id,
    connectPort,
    ...(tls === true ? { tls } : {}),
    requestLine,
    headers,
    status,
    ...Object.fromEntries(names.map((name) => [name, null])),
    handledBy: 'error',
  };
  const end = note === undefined ? {} : { note };
  if (answer.headers.get('x-oracle') === 'wsgi') return { ...record, ...environOf(answer, inRoot), ...end };
  if (status === 200) {
    const handledBy = answer.body.startsWith('STATIC') ? 'static' : 'core';
    return { ...record, handledBy, body: answer.body.slice(0, 60), ...end };
  }
  const location = answer.headers.get('location');
  const [error] = errors;
  return {
    ...record,
    ...(location === undefined ? {} : { location }),
    ...(error === undefined ? {} : { errorLog: inRoot(error) }),
    ...end,
  };
}

/** What an echo script said, in a header so that HEAD works too. */
function environOf({ headers, body }: Answer, inRoot: (text: string) => string): Recorded {
  const said = JSON.parse(headers.get('x-oracle-doc') ?? body) as Readonly<Record<string, string | null>>;
  const handlerScript = said['mod_wsgi.handler_script'];
  return {
    applicationGroup: said['mod_wsgi.application_group'],
    processGroup: said['mod_wsgi.process_group'],
    scriptName: said.SCRIPT_NAME,
    pathInfo: said.PATH_INFO,
    scriptFilename: inRoot(said.SCRIPT_FILENAME ?? ''),
    serverName: said.SERVER_NAME,
    serverPort: said.SERVER_PORT,
    handledBy: 'wsgi',
    queryString: said.QUERY_STRING,
    httpHost: said.HTTP_HOST,
    requestUri: said.REQUEST_URI,
    callableObject: said['mod_wsgi.callable_object'],
    urlScheme: said['wsgi.url_scheme'],
    ...(handlerScript ? { handlerScript: inRoot(handlerScript) } : {}),
    ...('site_name' in said ? { siteName: said.site_name } : {}),
    ...('extra' in said ? { extra: said.extra } : {}),
  };
}
