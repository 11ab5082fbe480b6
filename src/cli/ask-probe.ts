/** One request of a verification over a connection of its own, written byte by byte: node:http would mend what is odd on purpose. */
import { connect, isIP } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { RealAnswer } from '../verify/difference.ts';
import { parseProbe } from '../verify/probe-script.ts';

/** Where to connect. */
export type ProbeTarget = { readonly host: string; readonly port: number; readonly tls: boolean };

/** What to ask. Byte strings. */
export type ProbeQuestion = {
  readonly target: string;
  readonly host: string | undefined;
  readonly minorVersion: 0 | 1;
};

/** Milliseconds that a server may be silent. */
const silenceMs = 30_000;

/** The answer; rejects when the connection gives none. */
export async function askProbe(target: ProbeTarget, question: ProbeQuestion): Promise<RealAnswer> {
  const { host } = question;
  const lines = [`GET ${question.target} HTTP/1.${question.minorVersion}`, 'Connection: close'];
  if (host !== undefined) lines.push(`Host: ${host}`);
  const text = await exchange({ ...target, name: host }, `${lines.join('\r\n')}\r\n\r\n`);
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(head)?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) throw new Error('the answer has no status line');
  const names = /^x-wsgi-sidecar-probe:/im.test(head)
    ? parseProbe(bodyOf(head, rest.join('\r\n\r\n')))
    : undefined;
  return names === undefined ? { kind: 'other', status } : { kind: 'probe', names };
}

type Exchange = ProbeTarget & { readonly name: string | undefined };

function exchange({ host, port, tls, name }: Exchange, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls ? connectTls({ host, port, ...tlsOptions(name) }) : connect({ host, port });
    const received: Buffer[] = [];
    socket.setTimeout(silenceMs, () => socket.destroy(new Error(`no answer within ${silenceMs / 1000} s`)));
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.once('error', reject);
    socket.once('close', () => resolve(Buffer.concat(received).toString('latin1')));
    socket.write(text, 'latin1');
  });
}

/** Which certificate the server has is not the question; the name that it chooses one by is that of the request, as with a browser. */
function tlsOptions(name: string | undefined): ConnectionOptions {
  const plain = name?.replace(/:\d*$/, '') ?? '';
  const isName = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i.test(plain) && isIP(plain) === 0;
  return { rejectUnauthorized: false, ...(isName ? { servername: plain } : {}) };
}

/** The body of an answer, out of its chunks where something in between made some. */
function bodyOf(head: string, body: string): string {
  return /^transfer-encoding:\s*chunked/im.test(head) ? withoutChunks(body) : body;
}

/** What the chunks of a body hold, as far as they have come. */
export function withoutChunks(body: string): string {
  let text = '';
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = lineEnd < 0 ? 0 : Number.parseInt(body.slice(at, lineEnd), 16);
    if (!(size > 0)) return text;
    text += body.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 4 + size;
  }
}
