/** A client learns the status and the request id; why, stands in the log. */
import { describe, expect, it } from 'vitest';
import { ok, stageBefore, startStage } from '../proxy/stage.ts';
import { exchange } from '../support/raw-http.ts';
import { LAST } from './refusal.ts';

const PAGE =
  /^<!DOCTYPE html>\n<html lang="en"><head><title>(\d{3} [A-Za-z ]+)<\/title><\/head>\n<body><h1>\1<\/h1>\n<p>Request id: [0-9a-z-]+<\/p><\/body><\/html>\n$/;

describe('an error page', () => {
  it('of a failure inside holds nothing of it', async () => {
    const stage = await stageBefore(ok('hello'), {
      route: () => {
        throw new Error('secret detail in /srv/secret.py');
      },
    });
    const answer = await exchange(stage.target, `GET /<script>alert(1)</script> HTTP/1.1${LAST}`);
    expect([answer.status, PAGE.test(answer.text())]).toEqual([500, true]);
    expect(answer.text()).toContain(answer.header('x-request-id'));
    expect(
      JSON.stringify(stage.logged.map(({ fields }) => String((fields as { err?: unknown }).err))),
    ).toContain('secret detail');
  });

  it('of a group that cannot start holds nothing of why', async () => {
    const stage = await startStage({
      acquire: () => ({
        kind: 'refusal',
        code: 'ERR_GROUP_START_FAILED',
        message: 'Traceback in /srv/secret.py',
        retryAfterSeconds: 7,
      }),
    });
    const answer = await exchange(stage.target, `GET / HTTP/1.1${LAST}`);
    expect([answer.status, PAGE.test(answer.text()), answer.header('retry-after')]).toEqual([503, true, '7']);
    await stage.close();
  });

  it('of an application that broke is not the application’s', async () => {
    const stage = await stageBefore(
      'HTTP/1.1 500 Internal Server Error\r\nX-Sidecar-Outcome: app-error\r\nX-Secret: 1\r\nContent-Length: 9\r\n\r\nTraceback',
    );
    const answer = await exchange(stage.target, `GET / HTTP/1.1${LAST}`);
    expect([answer.status, PAGE.test(answer.text()), answer.header('x-secret')]).toEqual([
      500,
      true,
      undefined,
    ]);
  });
});
