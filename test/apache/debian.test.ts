import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { debianFolder, readDebianEnvironment, readEnvvars } from '../../src/apache/debian.ts';
import type { FileReader } from '../../src/apache/file-reader.ts';

const envvars = '/etc/apache2/envvars';

function read(text: string, given: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { environment, diagnostics } = readEnvvars('envvars', text, new Map(Object.entries(given)));
  expect(diagnostics).toEqual([]);
  return Object.fromEntries(environment);
}

function notUnderstood(text: string): readonly (number | undefined)[] {
  const { environment, diagnostics } = readEnvvars('envvars', text, new Map());
  expect([...environment.keys()].filter((name) => name !== 'AFTER')).toEqual([]);
  expect(environment.get('AFTER')).toBe('yes');
  return diagnostics.map(({ position }) => position?.line);
}

describe('readEnvvars()', () => {
  it.each([
    ['an assignment that is exported', 'export A=b', { A: 'b' }],
    ['an export after the assignment', 'A=b\nexport A', { A: 'b' }],
    ['an assignment that is not exported', 'A=b', {}],
    [
      'a variable of a variable',
      `S=x\nexport A=/run/apache2$S/a B=\${S}y`,
      { A: '/run/apache2x/a', B: 'xy' },
    ],
    ['quotes', 'export A="b c" B=\'$c\' C=a" "b', { A: 'b c', B: '$c', C: 'a b' }],
    ['a comment behind', 'export A=b # c', { A: 'b' }],
    ['a default and a prefix', `export A=\${N:-d} B=abc\nexport C=\${B##ab}`, { A: 'd', B: 'abc', C: 'c' }],
    ['an unset', 'export A=b\nunset A', {}],
  ])('knows %s', (_, text, environment) => {
    expect(read(text)).toEqual(environment);
  });

  it('changes what was given, and keeps the rest', () => {
    expect(read('unset HOME\nLANG=C\nexport A=$LANG', { HOME: '/root', LANG: 'de', X: 'y' })).toEqual({
      LANG: 'C',
      A: 'C',
      X: 'y',
    });
  });

  it('follows the test for a further instance', () => {
    const text = [
      `if [ "\${DIR##/etc/apache2-}" != "\${DIR}" ] ; then`,
      `S="-\${DIR##/etc/apache2-}"`,
      'else',
      'S=',
      'fi',
      'export RUN=/run/apache2$S',
    ].join('\n');
    expect(read(text, { DIR: '/etc/apache2-blog' }).RUN).toBe('/run/apache2-blog');
    expect(read(text, { DIR: '/etc/apache2' }).RUN).toBe('/run/apache2');
  });

  it.each([
    ['a command', 'echo $A > /tmp/x'],
    ['a sourced file', '. /etc/default/locale'],
    ['a substitution', 'export A=$(id -u)'],
    ['a substitution in quotes', 'export A="$(id -u)"'],
    ['backquotes', 'export A=`id -u`'],
    ['two commands in a line', 'export A=b; rm -rf /'],
    ['a pipe', 'export A=b | tee x'],
    ['an arithmetic expansion', 'export A=$((1+1))'],
    ['an escape', 'export A=a\\ b'],
  ])('never executes %s: it is a warning and has no effect', (_, line) => {
    expect(notUnderstood(`${line}\nexport AFTER=yes`)).toEqual([1]);
  });

  it('takes neither branch of a test that it does not know', () => {
    expect(notUnderstood('if [ -f /x ]; then\nexport A=b\nelse\nexport A=c\nfi\nexport AFTER=yes')).toEqual([
      1,
    ]);
  });

  it.skipIf(!existsSync(envvars))("agrees with the shell about Debian's own file", () => {
    const given = { PATH: process.env.PATH ?? '', HOME: '/root', APACHE_CONFDIR: '/etc/apache2', PWD: '/' };
    const { stdout } = spawnSync('sh', ['-c', `. ${envvars}; env -0`], {
      env: given,
      cwd: '/',
      encoding: 'latin1',
    });
    const entries = stdout.split('\0').filter((entry) => entry !== '');
    const expected = entries.map((entry) => entry.split('=', 2)).filter(([name]) => name !== '_');
    expect(expected.length).toBeGreaterThan(5);
    expect(read(readFileSync(envvars, 'latin1'), given)).toEqual(Object.fromEntries(expected));
  });
});

describe('readDebianEnvironment()', () => {
  const reader: FileReader = {
    read: (path) =>
      path === '/etc/apache2-blog/envvars'
        ? { bytes: Buffer.from('export DIR=$APACHE_CONFDIR') }
        : { reason: 'No such file or directory', missing: true },
    list: () => ({ reason: 'not asked', missing: true }),
    kind: () => undefined,
  };

  it('reads the envvars beside a Debian apache2.conf, also of a further instance', () => {
    const { environment } = readDebianEnvironment(reader, '/etc/apache2-blog/apache2.conf', new Map());
    expect(environment.get('DIR')).toBe('/etc/apache2-blog');
  });

  it('leaves the environment as given for any other file', () => {
    const given = new Map([['A', 'b']]);
    expect(readDebianEnvironment(reader, '/srv/apache2.conf', given).environment).toBe(given);
    expect(debianFolder('/etc/apache2/sites-enabled/apache2.conf')).toBeUndefined();
  });
});
