import { describe, expect, it } from 'vitest';
import { fromBytes, toBytes } from '../../src/apache/bytes.ts';
import { renderDiagnostic } from '../../src/apache/diagnostic.ts';
import { fc } from '../support/property.ts';

describe('renderDiagnostic()', () => {
  it('is one line: place, severity, directive, message, advice', () => {
    const position = { file: '/etc/x.conf', line: 3 };
    const parts = { directive: 'Alias', message: 'Takes two arguments', advice: 'Quote them' };
    expect(renderDiagnostic({ severity: 'error', id: 'x', position, ...parts })).toBe(
      '/etc/x.conf:3: error: Alias: Takes two arguments: Quote them',
    );
  });

  it('leaves out what is not known', () => {
    expect(renderDiagnostic({ severity: 'info', id: 'x', message: 'Nothing' })).toBe('info: Nothing');
  });
});

describe('fromBytes()', () => {
  it('gives back any text that toBytes() made bytes of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const bytes = toBytes(text);
        expect(fromBytes(bytes)).toBe(text);
        for (const character of bytes) expect(character.charCodeAt(0)).toBeLessThan(256);
      }),
    );
  });
});
