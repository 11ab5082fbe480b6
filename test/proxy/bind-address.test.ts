import { describe, expect, it } from 'vitest';
import { parseBindAddress, parseStandsFor } from '../../src/proxy/bind-address.ts';

describe('parseBindAddress()', () => {
  it.each([
    ['127.0.0.1:8080', { kind: 'tcp', host: '127.0.0.1', port: 8080 }],
    ['[::1]:8080', { kind: 'tcp', host: '::1', port: 8080 }],
    ['localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }],
    ['*:80', { kind: 'tcp', host: '::', port: 80 }],
    ['80', { kind: 'tcp', host: '::', port: 80 }],
    ['unix:/run/a.sock', { kind: 'unix', path: '/run/a.sock' }],
  ])('reads %s', (text, address) => {
    expect(parseBindAddress(text)).toEqual(address);
  });

  it.each([[''], ['a'], ['a:'], ['a:b'], ['::1:80:'], ['127.0.0.1:65536'], ['1:2:3']])(
    'refuses %j',
    (text) => {
      expect(() => parseBindAddress(text)).toThrow(`Cannot read the address "${text}"`);
    },
  );
});

describe('parseStandsFor()', () => {
  it.each([
    ['*:80', { port: 80 }],
    ['443', { port: 443 }],
    ['0.0.0.0:80', { port: 80 }],
    ['[::]:80', { port: 80 }],
    ['10.0.0.1:80', { address: '10.0.0.1', port: 80 }],
    ['[fd00::1]:80', { address: 'fd00::1', port: 80 }],
  ])('reads %s', (text, as) => {
    expect(parseStandsFor(text)).toEqual(as);
  });
});
