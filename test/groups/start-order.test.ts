import { describe, expect, it } from 'vitest';
import { renderStartOrder } from '../../src/groups/start-order.ts';
import { planWith } from './virtual.ts';

describe('renderStartOrder()', () => {
  it('is one line of ASCII in which byte strings stand as latin-1 code points', () => {
    const plan = { ...planWith({ threads: 3, shutdownTimeoutMs: 1_500 }), home: '/srv/\u00c3\u00a9' };
    const imports = [{ script: '/srv/\u00ff.wsgi', callableObject: 'application' }];
    const line = renderStartOrder({ plan, socketPath: '/run/é/a.sock', imports });
    expect(line).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(line)).toEqual({
      socket: '/run/\u00c3\u00a9/a.sock',
      backlog: 100,
      runner: 'builtin',
      threads: 3,
      processes: 1,
      allowRoot: false,
      home: '/srv/\u00c3\u00a9',
      isHomeOnPath: false,
      limits: {},
      pythonPath: [],
      processGroup: '',
      applicationGroup: 'virtual.test|/app',
      mode: 'embedded',
      multithread: true,
      multiprocess: false,
      imports,
      scriptReloading: true,
      restrictSignal: true,
      restrictStdin: false,
      restrictStdout: false,
      modWsgiVersion: [4, 9, 4],
      deadlockTimeout: 300,
      shutdownTimeout: 1.5,
    });
  });

  it('says after how long requests are interrupted, which is the later the more threads there are', () => {
    const interruptedAfter = (threads: number): unknown => {
      const plan = planWith({ threads, requestTimeoutMs: 10_000, interruptTimeoutMs: 1_000 });
      return JSON.parse(renderStartOrder({ plan, socketPath: '/run/a.sock', imports: [] })).interruptAfter;
    };
    expect(interruptedAfter(1)).toBe(10);
    expect(interruptedAfter(15)).toBeCloseTo(37.08, 2);
  });
});
