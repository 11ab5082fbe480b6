/** The story: two applications, each with its own `config.py`, in one interpreter and apart. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Apache, makeSite, type Site, startApache } from '../support/apache.ts';
import { send } from '../support/raw-http.ts';

const APPLICATION = `import os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import config
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Group", environ["mod_wsgi.application_group"])])
    return [config.SITE_NAME.encode("ascii")]
`;

describe.each(['%{GLOBAL}', '%{SERVER}'])('real Apache with %s', (group) => {
  let site: Site;
  let apache: Apache;
  beforeAll(async () => {
    site = await makeSite({
      conf: `<VirtualHost *:@PORT@>
ServerName story.test
WSGIApplicationGroup ${group}
WSGIScriptAlias /hoge @ROOT@/apps/hoge/app.wsgi
WSGIScriptAlias /moge @ROOT@/apps/moge/app.wsgi
</VirtualHost>
`,
      files: {
        'apps/hoge/app.wsgi': APPLICATION,
        'apps/hoge/config.py': "SITE_NAME = 'hoge'\n",
        'apps/moge/app.wsgi': APPLICATION,
        'apps/moge/config.py': "SITE_NAME = 'moge'\n",
      },
    });
    apache = await startApache(site);
  });
  afterAll(async () => {
    await apache?.stop();
    site?.folder.remove();
  });
  it('mixes', async () => {
    const headers = { Host: 'story.test' };
    const first = await send({ port: site.port }, '/hoge', { headers });
    const second = await send({ port: site.port }, '/moge', { headers });
    expect([first.text(), second.text()]).toEqual(['hoge', 'hoge']);
  });
});
