import { describe, expect, it } from 'vitest';
import { parseListenText } from '../../src/settings/forms.ts';
import { judgeListeners } from '../../src/sidecar/declared-listeners.ts';
import { siteOf } from '../support/site-of.ts';

const SITE = siteOf('Listen 8080\n<VirtualHost *:8080>\nServerName a.test\n</VirtualHost>\n');
const judge = (text: string, site = SITE): readonly string[] => {
  const setting = parseListenText(text);
  return judgeListeners(setting === undefined ? [] : [setting], site).map(
    ({ id, message, advice }) => `${id}: ${message}: ${advice}`,
  );
};

describe('judgeListeners()', () => {
  it.each([
    ['stands for a Listen', '127.0.0.1:9000,as=*:8080'],
    ['is on the port of a Listen', '127.0.0.1:8080'],
    ['is one that systemd holds', 'systemd:front'],
  ])('says nothing of a listener that %s', (_case, text) => {
    expect(judge(text)).toEqual([]);
  });

  it('says nothing where a virtual host answers on every port, or there is none', () => {
    const everywhere = siteOf('Listen 8080\n<VirtualHost *>\nServerName a.test\n</VirtualHost>\n');
    expect(judge('127.0.0.1:9000', everywhere)).toEqual([]);
    expect(judge('127.0.0.1:9000', siteOf('Listen 8080\nServerName a.test\n'))).toEqual([]);
  });

  it('names what to write for one that only the main server would answer', () => {
    expect(judge('127.0.0.1:9000')).toEqual([
      'listener-unexpected: Listener "127.0.0.1:9000" stands for port 9000, which no Listen and no virtual host has: ' +
        "the main server alone answers there: Say for which Listen it stands: {bind: '127.0.0.1:9000', as: '*:8080'}",
    ]);
    expect(judge('unix:/run/front.sock')[0]).toContain('stands for port 80,');
  });
});
