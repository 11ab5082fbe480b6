import { describe, expect, it } from 'vitest';
import { explainRoute } from '../../src/routing/explain.ts';
import { probeOf, requestTo, siteOf } from '../support/site-of.ts';

const site = siteOf(`Listen 80
<VirtualHost *:80>
  ServerName first.test
</VirtualHost>
<VirtualHost *:80>
  ServerName second.test
  WSGIApplicationGroup outer
  WSGIScriptAlias /app /srv/a.wsgi
  WSGIScriptAlias /app/admin /srv/b.wsgi
  <Location /app/admin>
    WSGIApplicationGroup %{SERVER}
  </Location>
</VirtualHost>`);

describe('explainRoute()', () => {
  const request = requestTo('http://second.test:77/app//admin/x');
  const { route, steps } = explainRoute(site, request, probeOf('/srv/a.wsgi'));
  const textOf = (step: string): string[] =>
    steps.filter((each) => each.step === step).map(({ text }) => text);

  it('comes to the same route as a request', () => {
    expect(route).toMatchObject({ kind: 'wsgi', identity: { applicationGroup: 'second.test' } });
  });

  it('tells the decisions in the order in which Apache makes them', () => {
    const order = [...new Set(steps.map(({ step }) => step))];
    expect(order).toEqual([
      'virtual-host',
      'path',
      'mount',
      'section',
      'template',
      'expansion',
      'admission',
      'key',
    ]);
  });

  it('names who answers, who lost, and where the group was set', () => {
    expect(textOf('virtual-host')).toEqual([
      '"second.test:80" answers: its ServerName is "second.test"',
      '"first.test:80" stands at 192.0.2.1:80 too and is not it',
    ]);
    expect(textOf('mount')[1]).toContain('comes later');
    expect(steps.find(({ step }) => step === 'section')?.position?.line).toBe(10);
    expect(textOf('admission')[0]).toContain('"second.test:77" is served as "second.test"');
  });
});
