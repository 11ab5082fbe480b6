import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createNameTable } from '../../src/proxy/header-names.ts';
import { addResponseField, newResponseHead } from '../../src/proxy/response-headers.ts';

/** The heap after a collection, in MiB. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

describe('createNameTable()', () => {
  it('gives every spelling of a name the same', () => {
    const table = createNameTable('x-user');
    expect(table.lookup('X-A')).toBe(table.lookup('x-a'));
    expect(table.lookup('X-USER').kind).toBe('user');
  });

  it('begins anew between two requests when clients have sent ever new names, and keeps their meaning', () => {
    const table = createNameTable('x-user');
    const first = table.lookup('X-A');
    const host = table.lookup('Host');
    for (let i = 0; i < 1022; i += 1) table.lookup(`X-${i}`);
    table.trim();
    expect(table.lookup('X-A')).toBe(first);
    table.lookup('X-One-More');
    // A scan in progress relies on its marks.
    expect(table.lookup('X-A')).toBe(first);
    table.trim();
    expect(table.lookup('X-A')).not.toBe(first);
    expect(table.lookup('Host')).toMatchObject({ lower: 'host', kind: host.kind });
    expect(table.lookup('X-User').kind).toBe('user');
  });

  it('knows a long name in all its spellings, until the next request', () => {
    const table = createNameTable('');
    const long = `X-${'a'.repeat(16_384)}`;
    const name = table.lookup(`${long}-1`);
    expect(table.lookup(`${long.toUpperCase()}-1`)).toBe(name);
    expect(table.lookup(`${long}-2`)).not.toBe(name);
    expect(table.lookup(`X-Sidecar-${long}`).kind).toBe(table.lookup('X-Sidecar-A').kind);
    const before = heap();
    for (let i = 0; i < 1_000; i += 1) {
      table.trim();
      expect(table.lookup(`${long}-${i}`).lower).toHaveLength(long.length + 1 + String(i).length);
    }
    // All of them are 16 MiB, and as many in lower case.
    expect(heap() - before).toBeLessThan(4);
  });
});

describe('addResponseField()', () => {
  it('keeps no more than so many names and none that is long, whatever an application makes up', () => {
    const before = heap();
    for (let i = 0; i < 80_000; i += 1) addResponseField(newResponseHead(), `X-${'a'.repeat(100)}-${i}`, '1');
    for (let i = 0; i < 8_000; i += 1) {
      const head = newResponseHead();
      addResponseField(head, `X-${'a'.repeat(16_384)}-${i}`, '1');
      expect(head.headers).toHaveLength(2);
    }
    // The short ones are 8 MiB and more, the long ones 125; as many of them as of short ones may be kept would be 13.
    expect(heap() - before).toBeLessThan(8);
    const head = newResponseHead();
    addResponseField(head, 'Content-Length', '3');
    expect(head.length).toBe(3);
  });
});
