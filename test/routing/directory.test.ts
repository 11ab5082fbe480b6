import { describe, expect, it } from 'vitest';
import { resolveRoute } from '../../src/routing/resolve.ts';
import { probeOf, requestTo, siteOf } from '../support/site-of.ts';

describe('findIndex()', () => {
  const configuration = (options: string): string => `Listen 80
ServerName a.test
DocumentRoot /srv
<Directory /srv>
  Require all granted
  Options ${options}
  FallbackResource /front.wsgi
</Directory>
`;
  const probe = probeOf('/srv/front.wsgi', '/srv/page.html.en');
  const ask = (options: string) =>
    resolveRoute(siteOf(configuration(options)), requestTo('http://a.test/page.html'), probe);

  it('falls back to the resource for what does not exist', () => {
    expect(ask('None')).toMatchObject({ kind: 'file', filename: '/srv/front.wsgi' });
  });

  it('leaves to Apache what MultiViews would look for first', () => {
    expect(ask('MultiViews')).toMatchObject({ kind: 'none', reason: 'not_wsgi' });
  });
});
