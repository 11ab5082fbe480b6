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
      limits: {},
      pythonPath: [],
      processGroup: '',
      applicationGroup: 'virtual.test|/app',
      mode: 'embedded',
      multithread: true,
      multiprocess: false,
      imports,
      scriptReloading: true,
      modWsgiVersion: [4, 9, 4],
      shutdownTimeout: 1.5,
    });
  });
});
