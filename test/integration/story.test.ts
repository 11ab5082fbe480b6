/**
 * The story: two applications in one virtual host, each with its own `config.py`. Too wide an application group mixes
 * their pages under mod_wsgi and under the sidecar alike; parted by script, under the same names, it does not.
 */
import { describe, expect, it } from 'vitest';
import { duringTests } from '../support/during-tests.ts';
import { send } from '../support/raw-http.ts';
import { startSidecarFor } from '../support/sidecar.ts';
import { besideApache } from './beside-apache.ts';

const APPLICATION = `import os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import config

def application(environ, start_response):
    names = [environ["mod_wsgi.process_group"], environ["mod_wsgi.application_group"], config.SITE_NAME]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [" ".join(names).encode("latin-1")]
`;

const FILES = {
  'apps/hoge/app.wsgi': APPLICATION,
  'apps/hoge/config.py': "SITE_NAME = 'hoge'\n",
  'apps/moge/app.wsgi': APPLICATION,
  'apps/moge/config.py': "SITE_NAME = 'moge'\n",
};

/** Pages asked in this order: the first to import \`config\` wins where they share an interpreter. */
const PATHS = ['/hoge', '/moge', '/hoge'];

const confOf = (group: string): string => `<VirtualHost *:@PORT@>
    ServerName story.test
    WSGIDaemonProcess story threads=2
    WSGIProcessGroup story
    WSGIApplicationGroup ${group}
    WSGIScriptAlias /hoge @ROOT@/apps/hoge/app.wsgi
    WSGIScriptAlias /moge @ROOT@/apps/moge/app.wsgi
</VirtualHost>
`;

/** What each page says: process group, application group, SITE_NAME. */
async function pages(port: number): Promise<string[]> {
  const texts: string[] = [];
  for (const path of PATHS) {
    const answer = await send({ port }, path, { headers: { Host: 'story.test' } });
    texts.push(`${answer.status} ${answer.text()}`);
  }
  return texts;
}

describe.each([
  {
    group: '%{GLOBAL}',
    apache: ['200 story  hoge', '200 story  hoge', '200 story  hoge'],
    perScript: ['200 story  hoge', '200 story  moge', '200 story  hoge'],
  },
  {
    group: '%{SERVER}',
    apache: ['200 story story.test hoge', '200 story story.test hoge', '200 story story.test hoge'],
    perScript: ['200 story story.test hoge', '200 story story.test moge', '200 story story.test hoge'],
  },
  {
    group: '%{RESOURCE}',
    apache: [
      '200 story story.test|/hoge hoge',
      '200 story story.test|/moge moge',
      '200 story story.test|/hoge hoge',
    ],
    perScript: [
      '200 story story.test|/hoge hoge',
      '200 story story.test|/moge moge',
      '200 story story.test|/hoge hoge',
    ],
  },
])('the story under $group', ({ group, apache: expected, perScript }) => {
  const beside = besideApache({
    conf: confOf(group),
    files: FILES,
    settings: { isolation: 'as-configured' },
  });
  const parted = duringTests(
    () => startSidecarFor(beside.site, { isolation: 'per-script' }),
    (sidecar) => sidecar.stop(),
  );

  it('is told by the real Apache', async () => {
    expect(await pages(beside.site.port)).toEqual(expected);
  });

  it('is the same under the sidecar as configured', async () => {
    expect(await pages(beside.sidecar.port)).toEqual(expected);
  });

  it('does not mix per script, and the names stay', async () => {
    expect(await pages(parted().port)).toEqual(perScript);
  });
});
