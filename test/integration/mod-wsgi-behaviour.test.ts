/**
 * What mod_wsgi's own tests hold it to, restated: the same requests to the real mod_wsgi and to the sidecar, in embedded
 * and in daemon mode, must get the same answers. `test/fixtures/mod-wsgi/behaviours.py` has the applications.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import type { Answer } from '../support/raw-http.ts';
import { besideApache } from './beside-apache.ts';

const BEHAVIOURS = readFileSync(join(packageRoot(), 'test/fixtures/mod-wsgi/behaviours.py'), 'utf8');

const TRUSTED =
  'WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Port X-Script-Name';
const CONF = `MergeSlashes Off
WSGIRestrictStdin On
WSGIDaemonProcess pool threads=3
WSGIScriptAlias /embedded @ROOT@/apps/behaviours.wsgi application-group=one
WSGIScriptAlias /daemon @ROOT@/apps/behaviours.wsgi process-group=pool application-group=two
<LocationMatch "/input">
    WSGIChunkedRequest On
</LocationMatch>
<LocationMatch "/method/mapped">
    WSGIMapHEADToGET On
</LocationMatch>
<LocationMatch "/forwarded/any">
    ${TRUSTED}
</LocationMatch>
<LocationMatch "/forwarded/known">
    ${TRUSTED}
    WSGITrustedProxies 127.0.0.1
</LocationMatch>
<LocationMatch "/forwarded/unknown">
    ${TRUSTED}
    WSGITrustedProxies 10.9.9.9
</LocationMatch>
`;

type Case = readonly [name: string, method: string, path: string, headers?: readonly string[], body?: string];

const FORWARDED = [
  'X-Forwarded-For: 10.1.1.1, 10.2.2.2',
  'X-Forwarded-Host: front.test',
  'X-Forwarded-Proto: https',
  'X-Script-Name: /outside',
];
const LINES = 'one\ntwo long line\n\nlast without end';
const sized = (body: string): readonly string[] => [`Content-Length: ${body.length}`];
const chunked = (body: string): string =>
  `${body.replace(/[\s\S]{1,7}/g, (part) => `${part.length.toString(16)}\r\n${part}\r\n`)}0\r\n\r\n`;

const CASES: readonly Case[] = [
  ...['input_reads', 'input_lines', 'input_readlines', 'input_ignored'].flatMap((path): Case[] => [
    [`${path} of a body`, 'POST', path, sized(LINES), LINES],
    [`${path} of chunks`, 'POST', path, ['Transfer-Encoding: chunked'], chunked(LINES)],
    [`${path} of no body`, 'GET', path],
  ]),
  ['a GET', 'GET', 'method'],
  ['a HEAD', 'HEAD', 'method'],
  ['a HEAD that is mapped to GET', 'HEAD', 'method/mapped'],
  ['a PUT', 'PUT', 'method', sized('x'), 'x'],
  ['doubled slashes', 'GET', 'slashes//a///b/'],
  ['doubled slashes before the mount', 'GET', 'slashes/..//slashes/x'],
  ['forwarding headers that nobody trusts', 'GET', 'forwarded', FORWARDED],
  ['forwarding headers of any proxy', 'GET', 'forwarded/any', FORWARDED],
  ['forwarding headers of a known proxy', 'GET', 'forwarded/known', FORWARDED],
  ['forwarding headers of an unknown proxy', 'GET', 'forwarded/unknown', FORWARDED],
  ...[
    'headers_many',
    'headers_repeated',
    'headers_challenge',
    'status_unusual',
    'blocks_generator',
    'blocks_empty',
    'blocks_written',
    'blocks_closed',
    'length_exact',
    'length_over',
    'raises_first',
    'raises_exit',
    'raises_in_first_block',
    'returns_text',
    'returns_none',
    'starts_nothing',
    'start_twice',
    'start_again_with_error',
    'start_again_too_late',
    'start_error_too_late',
    'start_statuses',
    'start_headers',
    'wrapper_file',
    'wrapper_from_middle',
    'wrapper_no_file',
    'wrapper_looped',
    'errors',
    'signals',
    'stdin',
    'module_itself',
  ].map((path): Case => [path, 'GET', path]),
];

describe.each(['embedded', 'daemon'])('in %s mode, as mod_wsgi', (mode) => {
  const beside = besideApache({ conf: CONF, files: { 'apps/behaviours.wsgi': BEHAVIOURS } });

  const askBoth = ([, method, path, headers = [], body = '']: Case): ReturnType<typeof beside.exchange> => {
    const lines = [`${method} /${mode}/${path} HTTP/1.1`, 'Host: main.test', 'Connection: close', ...headers];
    return beside.exchange([...lines, '', body].join('\r\n'));
  };

  it.each(CASES.map((one) => [one[0], one] as const))('answers: %s', async (_name, one) => {
    const [expected, actual] = await askBoth(one);
    expect(shown(actual)).toEqual(shown(expected));
  });

  it('refuses in start_response() what mod_wsgi finds out later or not at all', async () => {
    const [there, here] = await askBoth(['', 'GET', 'start_late']);
    expect(here.text()).toBe(`[${Array(7).fill("'ValueError'").join(', ')}]`);
    expect(there.text()).toBe(`[${Array(7).fill("'taken'").join(', ')}]`);
  });

  it('gives every line to the log, and close() is called', async () => {
    await askBoth(['', 'GET', 'errors']);
    await askBoth(['', 'GET', 'blocks_closed']);
    const wanted = ['a line of stdout', 'a line of stderr', 'a line in two pieces', 'and another', 'listed'];
    for (const text of [...wanted, 'unended', 'bytes of a buffer', 'closed was called']) {
      await beside.sidecar.process.waitForLine((line) => isLogged(line, text), `"${text}" was logged`);
      await beside.apache.process.waitForLine((line) => line.endsWith(`] ${text}`), `"${text}" was logged`);
    }
  });
});

/** A line of the sidecar's log that says just this, for a request. */
function isLogged(line: string, text: string): boolean {
  if (!line.startsWith('{')) return false;
  const { msg, request_id } = JSON.parse(line) as { msg?: string; request_id?: string };
  return msg === text && request_id !== undefined;
}

/** What of an answer the application decides, fields of one name joined as HTTP lets anyone do; error pages are each server's own. */
function shown(answer: Answer): unknown {
  const { status } = answer;
  if (status === 500) return { status };
  const headers = new Map<string, string>();
  for (const [name, value] of answer.headers) {
    const key = name.toLowerCase();
    const before = headers.get(key);
    if (/^(?:x-(?!request-id)|set-cookie|www-authenticate|content-type)/.test(key))
      headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return { status, headers, text: answer.text() };
}
