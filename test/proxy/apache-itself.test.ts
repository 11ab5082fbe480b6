/** What Apache's core answers itself. */
import { describe, expect, it } from 'vitest';
import type { NoRoute } from '../../src/routing/route.ts';
import { exchange } from '../support/raw-http.ts';
import { startStage } from './stage.ts';

const route: NoRoute = { kind: 'none', status: 200, reason: 'apache_itself', message: 'Apache answers it' };

describe('answerItself()', () => {
  it('reads a TRACE back without what is secret', async () => {
    const stage = await startStage({ route });
    const head = 'TRACE /a HTTP/1.1\r\nHost: a.test\r\nX-B: c\r\n';
    const answer = await exchange(stage.target, `${head}Cookie: s=1\r\nAuthorization: Basic x\r\n\r\n`);
    expect([answer.status, answer.header('content-type')]).toEqual([200, 'message/http']);
    expect(answer.text()).toBe(`${head}\r\n`);
    await stage.close();
  });

  it('says what else may be asked where TRACE is switched off', async () => {
    const off: NoRoute = { kind: 'none', status: 405, reason: 'method', message: 'TRACE is switched off' };
    const stage = await startStage({ route: off });
    const answer = await exchange(stage.target, 'TRACE /a HTTP/1.1\r\nHost: a\r\n\r\n');
    expect([answer.status, answer.header('allow')]).toEqual([405, 'GET, HEAD, POST, OPTIONS']);
    await stage.close();
  });

  it('takes no body for a TRACE', async () => {
    const stage = await startStage({ route });
    const answer = await exchange(stage.target, 'TRACE /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx');
    expect(answer.status).toBe(413);
    await stage.close();
  });

  it('answers OPTIONS with what may be asked, and nothing', async () => {
    const stage = await startStage({ route });
    const answer = await exchange(stage.target, 'OPTIONS /a HTTP/1.1\r\nHost: a\r\n\r\n');
    expect([answer.status, answer.header('allow'), answer.text()]).toEqual([
      200,
      'GET, HEAD, POST, OPTIONS',
      '',
    ]);
    await stage.close();
  });

  it('ends the connection where it answers before a body that may yet be none', async () => {
    const stage = await startStage({ route });
    for (const target of ['/a', '*']) {
      const head = `OPTIONS ${target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`;
      const answer = await exchange(stage.target, `${head}1;${'a'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`);
      expect([answer.status, answer.header('connection')]).toEqual([200, 'close']);
    }
    await stage.close();
  });
});
