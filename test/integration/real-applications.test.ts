/**
 * Applications that nobody here wrote, in one Apache configuration: the real Apache with mod_wsgi and the sidecar
 * give the same answers to the same requests.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Apache, startApache } from '../support/apache.ts';
import { type Comparable, comparable } from '../support/comparable.ts';
import { descendantsOf } from '../support/descendants.ts';
import { type Answer, type RequestOptions, send } from '../support/raw-http.ts';
import { mustRun } from '../support/real-process.ts';
import { runSidecar, type Sidecar, startSidecar } from '../support/sidecar.ts';
import { graphiteUser, setUpGraphite } from './graphite-setup.ts';
import { HG_ENVIRONMENT, makeRealSite, type RealSite, USER } from './real-site.ts';

let site: RealSite;
let apache: Apache;
let sidecar: Sidecar;
let undoGraphite: (() => void) | undefined;

beforeAll(async () => {
  undoGraphite = await setUpGraphite();
  site = await makeRealSite();
  apache = await startApache(site);
  sidecar = await startSidecar({
    apache: site.conf,
    as: `${site.address}:80`,
    settings: {
      accessControl: 'front',
      trustedProxies: ['unix'],
      identity: { user: 'X-Remote-User' },
    },
  });
});

afterAll(async () => {
  await sidecar?.stop();
  await apache?.stop();
  undoGraphite?.();
  site?.folder.remove();
});

const fromApache = (host: string, path: string, options: RequestOptions = {}): Promise<Answer> =>
  send({ host: site.address, port: 80 }, path, { ...options, headers: { Host: host, ...options.headers } });

/** A front that has asked for the password itself and names the user. */
const throughFront = (host: string, path: string, options: RequestOptions = {}): Promise<Answer> =>
  send({ socketPath: sidecar.socketPath }, path, { ...options, headers: { Host: host, ...options.headers } });

describe('graphite-web', () => {
  // Between two fixed moments, because what it draws begins with the time of day.
  const SPAN = 'from=1700000000&until=1700003600&tz=UTC';

  it('draws a PNG', async () => {
    const answer = await sidecar.get('graphite.test', '/render?target=constantLine(5)&format=png');
    expect(answer.status).toBe(200);
    expect(answer.header('content-type')).toBe('image/png');
    expect(answer.body.subarray(1, 4).toString('latin1')).toBe('PNG');
  });

  it.each([
    ['a picture', `/render?target=constantLine(5)&format=png&${SPAN}`],
    ['numbers', `/render?target=constantLine(5)&format=json&${SPAN}`],
    ['the index page', '/'],
    ['the dashboard', '/dashboard/'],
    ['a search', '/metrics/find?query=*'],
    ['its own 404', '/nonesuch'],
  ])('answers as under mod_wsgi: %s', async (_, path) => {
    const ignored = ['expires'];
    const [expected, actual] = [
      await fromApache('graphite.test', path),
      await sidecar.get('graphite.test', path),
    ];
    expect(comparable(actual, ignored)).toEqual(comparable(expected, ignored));
  });

  it('has its static files answered as Apache answers them', async () => {
    const path = '/static/js/composer.js';
    const [expected, actual] = [
      await fromApache('graphite.test', path),
      await sidecar.get('graphite.test', path),
    ];
    expect(actual.status).toBe(200);
    expect(actual.header('content-type')).toBe(expected.header('content-type'));
    expect(actual.header('last-modified')).toBe(expected.header('last-modified'));
    expect(actual.body.equals(expected.body)).toBe(true);
  });

  it('runs as the user that its WSGIDaemonProcess names', async () => {
    const { uid, gid } = await graphiteUser();
    const below = descendantsOf(sidecar.process.pid);
    expect(below.filter((info) => info.uid === uid && info.gid === gid)).not.toEqual([]);
  });

  it('is imported by preflight before any traffic, as its own user', async () => {
    const words = ['preflight', '--config', sidecar.config, '--group', '_graphite', '--json'];
    const { stdout, code } = await runSidecar(...words);
    expect(code).toBe(0);
    const { groups } = JSON.parse(stdout) as {
      groups: { scripts: { script: string; changes: object[] }[] }[];
    };
    const [script] = groups.flatMap(({ scripts }) => scripts);
    expect(script).toMatchObject({ script: '/usr/share/graphite-web/graphite.wsgi', failure: null });
    const detail = 'sets DJANGO_SETTINGS_MODULE=graphite.settings';
    expect(script?.changes).toContainEqual({ kind: 'os.environ', detail });
  });
});

describe('hgweb', () => {
  it.each([
    ['/hg'],
    ['/hg/'],
    ['/hg?cmd=capabilities'],
    ['/hg/log'],
    ['/hg/nonesuch'],
    ['/hg/static/style-paper.css'],
  ])('answers as under mod_wsgi: %s', async (path) => {
    expect(comparable(await sidecar.get('forge.test', path))).toEqual(
      comparable(await fromApache('forge.test', path)),
    );
  });

  it('takes a clone, a commit and a push of 50 MB', async () => {
    const url = `http://127.0.0.1:${sidecar.port}/hg`;
    const options = { cwd: site.folder.path, environment: HG_ENVIRONMENT };
    await mustRun('hg', ['clone', url, 'work'], options);
    // Content that does not compress, or the push would be small.
    const content = Buffer.alloc(50_000_000);
    for (let at = 0, state = 1; at < content.length; at += 4) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      content.writeInt32LE(state, at);
    }
    writeFileSync(join(site.folder.path, 'work/big'), content);
    const inWork = { ...options, cwd: join(site.folder.path, 'work') };
    await mustRun('hg', ['add', 'big'], inWork);
    await mustRun('hg', ['commit', '-m', 'a big file'], inWork);
    await mustRun('hg', ['push'], inWork);
    const path = '/hg/raw-file/tip/big';
    const [expected, actual] = [await fromApache('forge.test', path), await sidecar.get('forge.test', path)];
    expect(actual.body.equals(content)).toBe(true);
    expect(expected.body.equals(content)).toBe(true);
    const page = '/hg/rev/tip';
    expect(comparable(await sidecar.get('forge.test', page))).toEqual(
      comparable(await fromApache('forge.test', page)),
    );
  });
});

const EVENT = [
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'PRODID:-//wsgi-sidecar//tests//EN',
  'BEGIN:VEVENT',
  'UID:one',
  'DTSTAMP:20260101T000000Z',
  'DTSTART:20260102T000000Z',
  'SUMMARY:Standup',
  'END:VEVENT',
  'END:VCALENDAR',
  '',
].join('\r\n');

const PROPERTIES = `<?xml version="1.0"?><propfind xmlns="DAV:"><prop><getetag/><resourcetype/><current-user-principal/></prop></propfind>`;

/** What a calendar client does from an empty account to an empty account. */
const SESSION: readonly (readonly [string, string, RequestOptions])[] = [
  ['a new calendar', '/dav/alice/work/', { method: 'MKCALENDAR' }],
  [
    'an event',
    '/dav/alice/work/one.ics',
    { method: 'PUT', body: EVENT, headers: { 'Content-Type': 'text/calendar' } },
  ],
  ['the list', '/dav/alice/work/', { method: 'PROPFIND', body: PROPERTIES, headers: { Depth: '1' } }],
  ['the event back', '/dav/alice/work/one.ics', {}],
  ['the account of another', '/dav/bob/', { method: 'PROPFIND', body: PROPERTIES }],
  ['its end', '/dav/alice/work/', { method: 'DELETE' }],
];

describe('Radicale', () => {
  it('keeps the calendar of the user whom a trusted front names as that of the user whom Apache asked', async () => {
    const password = Buffer.from(`${USER.name}:${USER.password}`).toString('base64');
    const expected = await play(fromApache, { Authorization: `Basic ${password}` });
    const actual = await play(throughFront, { 'X-Remote-User': USER.name });
    expect(actual).toEqual(expected);
    expect(expected.map(({ status }) => status.slice(0, 3))).toEqual([
      '201',
      '201',
      '207',
      '200',
      '403',
      '200',
    ]);
  });

  it('is refused to a client that is no front, whatever user it names', async () => {
    const answer = await sidecar.get('forge.test', '/dav/', { headers: { 'X-Remote-User': USER.name } });
    expect(answer.status).toBe(403);
  });

  it('sees nobody when the front names nobody', async () => {
    const options = { method: 'PROPFIND', body: PROPERTIES };
    const answer = await throughFront('forge.test', '/dav/alice/', options);
    expect(answer.status).not.toBe(207);
  });
});

describe('the user', () => {
  it('is the one whom a trusted front names', async () => {
    const answer = await throughFront('forge.test', '/whoami', { headers: { 'X-Remote-User': 'alice' } });
    expect(answer.text()).toBe('alice');
  });

  it('is nobody when an untrusted client sends the same header', async () => {
    const answer = await sidecar.get('forge.test', '/whoami', { headers: { 'X-Remote-User': 'alice' } });
    expect(answer.text()).toBe('nobody');
  });
});

describe('the admin side', () => {
  it('counts requests by the names that mod_wsgi gives', async () => {
    await sidecar.get('graphite.test', '/');
    await sidecar.get('forge.test', '/hg');
    const text = (await sidecar.ask('/metrics')).text();
    for (const [processGroup, applicationGroup] of [
      ['_graphite', 'graphite.test|'],
      ['%{GLOBAL}', 'forge.test|/hg'],
    ]) {
      const line = text
        .split('\n')
        .find((one) =>
          [
            'wsgi_sidecar_requests_total{',
            `="${processGroup}"`,
            `="${applicationGroup}"`,
            'code="200"',
          ].every((part) => one.includes(part)),
        );
      expect(line, `${processGroup} ${applicationGroup}`).toBeDefined();
    }
  });

  it('lists the groups and explains a URL', async () => {
    const groups = (await sidecar.ask('/api/groups')).text();
    expect(groups).toContain('graphite.test|');
    const url = encodeURIComponent('http://forge.test/hg/log');
    const explained = (await sidecar.ask(`/api/explain?url=${url}`)).text();
    expect(explained).toContain('forge.test|/hg');
  });
});

type Ask = (host: string, path: string, options: RequestOptions) => Promise<Answer>;

async function play(ask: Ask, credentials: Readonly<Record<string, string>>): Promise<Comparable[]> {
  const answers: Comparable[] = [];
  for (const [, path, options] of SESSION) {
    const headers = { ...options.headers, ...credentials };
    answers.push(comparable(await ask('forge.test', path, { ...options, headers }), ['last-modified']));
  }
  return answers;
}
