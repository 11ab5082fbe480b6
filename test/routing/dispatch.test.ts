/** Names that a dispatch script says: what the operator's word admits, what stays the client's, what the script is shown. */
import { describe, expect, it } from 'vitest';
import { resolveRoute } from '../../src/routing/resolve.ts';
import type { DispatchAnswer, DispatchQuestion, Route } from '../../src/routing/route.ts';
import type { SiteOptions } from '../../src/site/model.ts';
import { probeOf, requestTo, siteOf } from '../support/site-of.ts';

const TEXT = `
Listen 80
<VirtualHost *:80>
  ServerName app.test
  WSGIDispatchScript /srv/dispatch.py application-group=%{HOST}
  WSGIApplicationGroup configured
  WSGIScriptAlias / /srv/a.wsgi
  SetEnv FIXED constant
</VirtualHost>`;

type Asked = { readonly route: Route; readonly questions: readonly DispatchQuestion[] };

function ask(
  answer: DispatchAnswer,
  {
    url = 'http://app.test/x',
    rawHeaders = [] as readonly string[],
    options = {} as Partial<SiteOptions>,
  } = {},
): Asked {
  const questions: DispatchQuestion[] = [];
  const dispatch = (question: DispatchQuestion): DispatchAnswer => {
    questions.push(question);
    return answer;
  };
  const probe = { ...probeOf('/srv/dispatch.py', '/srv/a.wsgi'), dispatch };
  return { route: resolveRoute(siteOf(TEXT, options), requestTo(url, { rawHeaders }), probe), questions };
}

const naming = (applicationGroup: string): DispatchAnswer => ({ kind: 'names', applicationGroup });

describe('dispatchNames()', () => {
  it.each([
    ['a name of its own', 'tenant', 'tenant'],
    ['a template of the server', '%{SERVER}', 'app.test'],
    ['a variable of the configuration', '%{ENV:FIXED}', 'constant'],
  ])('admits %s', (_, said, name) => {
    expect(ask(naming(said)).route).toMatchObject({ kind: 'wsgi', identity: { applicationGroup: name } });
  });

  it.each(['%{ENV:HTTP_X_TENANT}', '%{ENV:http_x_tenant}', '%{ENV:PATH_INFO}'])(
    'admits what %s takes from the request only where the settings say so',
    (said) => {
      const rawHeaders = ['X-Tenant', 'acme'];
      expect(ask(naming(said), { rawHeaders }).route).toMatchObject({ kind: 'none', reason: 'from_request' });
      const { route } = ask(naming(said), { rawHeaders, options: { expandFromRequest: true } });
      expect(route.kind).toBe('wsgi');
    },
  );

  it('folds a port that is declared nowhere in the name that the script said', () => {
    const { route } = ask(naming('%{SERVER}'), { url: 'http://app.test:12345/x' });
    expect(route).toMatchObject({
      identity: { applicationGroup: 'app.test' },
      folded: { applicationGroup: 'app.test:12345' },
    });
  });

  it('says that the route is not known while nobody has asked', () => {
    expect(ask({ kind: 'not-asked' }).route).toMatchObject({ kind: 'none', reason: 'unresolved' });
  });

  it('asks for the interpreter as the configuration writes it, whatever the client sends', () => {
    const { questions } = ask(naming('a'), { url: 'http://minted.test:999/x' });
    expect(questions).toMatchObject([{ script: '/srv/dispatch.py', applicationGroup: '%{HOST}' }]);
    expect(questions[0]?.environ.get('mod_wsgi.application_group')).toBe('minted.test:999');
  });

  it('shows headers as Apache does: joined, without credentials', () => {
    const { questions } = ask(naming('a'), {
      rawHeaders: [
        'X-A',
        '1',
        'x-a',
        '2',
        'Authorization',
        'Basic eA==',
        'Proxy',
        'p',
        'Content-Type',
        'text/plain',
      ],
    });
    const environ = questions[0]?.environ;
    expect(environ?.get('HTTP_X_A')).toBe('1, 2');
    expect(environ?.get('CONTENT_TYPE')).toBe('text/plain');
    for (const name of ['HTTP_AUTHORIZATION', 'HTTP_PROXY', 'HTTP_CONTENT_TYPE'])
      expect(environ?.has(name)).toBe(false);
  });
});
