import { describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../src/apache/load.ts';
import { goldenCases, readerOfCase, renderLoaded } from './golden-case.ts';

describe('loadConfiguration()', () => {
  it.each(goldenCases().map((golden) => [golden.name, golden] as const))('reads %s', (_, golden) => {
    const loaded = loadConfiguration({
      file: '/case/main.conf',
      reader: readerOfCase(golden),
      environment: { SET_OUTSIDE: 'from outside', EMPTY: '' },
      defines: ['GIVEN'],
      serverRoot: '/case',
      serverVersion: '2.4.71',
    });
    expect(renderLoaded(loaded)).toBe(golden.expected);
  });
});
