import { afterAll, describe, expect, it } from 'vitest';
import { renderDiagnostic } from '../../src/apache/diagnostic.ts';
import { askApache, missingApache } from '../apache/real-apache.ts';
import { readSiteText } from '../support/site-of.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const MODULES = [
  'mpm_event',
  'authz_core',
  'authz_host',
  'authz_user',
  'access_compat',
  'allowmethods',
  'env',
];

/** What Apache refuses to start with. */
const REFUSED = [
  'Require all grantd',
  'Require all',
  'Require all granted denied',
  'Require not all grantd',
  '<RequireAll>\nRequire all grantd\n</RequireAll>',
  '<Limit GET>\nRequire all grantd\n</Limit>',
  'Require',
  'Require not',
  'Require not ip 10.0.0.1',
  '<RequireAll>\n<RequireNone>\nRequire not ip 10.0.0.1\n</RequireNone>\nRequire all granted\n</RequireAll>',
  '<RequireNone>\nRequire ip 10.0.0.1\n</RequireNone>\nRequire all granted',
  'Require ip',
  'Require ip 300.1.2.3',
  'Require ip 10.0.0.0/33',
  'Require ip ::1/129',
  'Require ip 10/8',
  'Require ip 10.0.0.0/',
  'Require ip 10.0.0.1/32/7',
  'Require ip 10.0.0.1, 10.0.0.2',
  'Require ip 2001:db8',
  'Require ip ::ffff:10.0.0.1',
  'Require ip 0.0.0.0/0',
  'Require ip 10.0.0.0/255.0.255.0 10.0.0.0/0',
  'Allow from ::/0',
  'Allow from ::ffff:a00:1',
  'Require ip localhost',
  'Require method FOO',
  'Require method get',
  'Require method GET,POST',
  'AllowMethods',
  'AllowMethods GET FOO',
  'AllowMethods GET reset',
  'Order deny,alow',
  'Order allow, deny',
  'Satisfy some',
  'AuthMerging xor',
  'Allow all',
  'Allow from',
  'Deny frm 10.0.0.1',
  'Allow from 10.256',
  'Allow from foo/8',
];

/** What it starts with, however it looks. */
const TAKEN = [
  'Require all GRANTED\nRequire local extra\nRequire method\nRequire env\nRequire host\nRequire forward-dns\nRequire user',
  'Require ip 10 10.1. 10.01 010.1.1.1 10.1.2.3. 0010 255.0.255.0',
  'Require ip 10.0.0.0/255.0.255.0 10.0.0.0/08 10.0.0.0/+8 ::1/128 fe80::/10',
  'Require method GET VERSION-CONTROL HEAD\nAllowMethods RESET\nAllowMethods HEAD PATCH',
  'Order DENY,allow\nOrder mutual-failure\nSatisfy ANY\nAuthMerging OFF',
  'Allow FROM all\nAllow from 10 env=X env=a/b env !env=X foo.example 10.0.0.1, 10.0.0.0/255.0.255.0',
  '<RequireAll>\nRequire all granted\nRequire not ip 10.0.0.1\n<RequireNone>\nRequire local\n</RequireNone>\n</RequireAll>',
];

const folder = makeTemporaryFolder('wsgi-sidecar-words-');
afterAll(() => folder.remove());

function startsApache(rules: string): boolean {
  const file = folder.write(
    'apache.conf',
    `ServerName a.test\nServerRoot ${folder.path}\nErrorLog ${folder.path}/error.log\nListen 127.0.0.1:80\n` +
      `${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`).join('')}` +
      `<Location />\n${rules}\n</Location>\n`,
  );
  return askApache(file, []).status === 0;
}

function errorsOf(rules: string): readonly string[] {
  const { diagnostics } = readSiteText(`<Location />\n${rules}\n</Location>`);
  return diagnostics.filter(({ id }) => id === 'config-syntax').map(renderDiagnostic);
}

describe('accessForms', () => {
  it.each(REFUSED)('refuses what Apache does not start with: %s', (rules) => {
    expect(errorsOf(rules)).toHaveLength(1);
  });

  it.each(TAKEN)('says nothing of what Apache takes: %s', (rules) => {
    expect(errorsOf(rules)).toEqual([]);
  });

  it.skipIf(missingApache() !== undefined)('agrees with the real Apache', () => {
    expect(REFUSED.filter(startsApache)).toEqual([]);
    expect(TAKEN.filter((rules) => !startsApache(rules))).toEqual([]);
  });

  it('says where, what is there, and what was wanted', () => {
    expect(errorsOf('Require all grantd')).toEqual([
      '/etc/apache2/test.conf:2: error: Require: "grantd" is not "granted" or "denied": Write one of them',
    ]);
    expect(errorsOf('AllowMethods get')).toEqual([
      '/etc/apache2/test.conf:2: error: AllowMethods: "get" is no method that Apache knows: Write GET',
    ]);
  });

  it('takes the methods that RegisterHttpMethod adds', () => {
    const { diagnostics } = readSiteText(
      'RegisterHttpMethod FOO\n<Location />\nRequire method FOO\n</Location>',
    );
    expect(diagnostics).toEqual([]);
  });
});
