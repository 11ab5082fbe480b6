/** What every refusal has in common, whatever the reason. */
import { expect } from 'vitest';
import { REJECTED_REASONS } from '../../src/metrics/reasons.ts';
import { ok, type StageParts, stageBefore } from '../proxy/stage.ts';
import { exchange, openConnection } from '../support/raw-http.ts';

/** The end of a head whose connection carries no other. */
export const LAST = '\r\nHost: a\r\nConnection: close\r\n\r\n';

/** The statuses of the answers in a connection's text. */
export function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => Number(match[1]));
}

/**
 * Bytes are refused: one answer with that status, the connection closed, counted by a reason that the metric has, explained in the log,
 * nothing seen by the application; and the sidecar goes on serving.
 */
export async function expectRefusal(
  bytes: string,
  { status, reason }: { readonly status: number; readonly reason: string },
  parts: Omit<StageParts, 'upstream'> = {},
): Promise<void> {
  const stage = await stageBefore(ok('hello'), parts);
  const client = openConnection(stage.target);
  client.write(bytes);
  const text = await client.closed;
  expect(statusesOf(text)).toEqual([status]);
  expect(text).toMatch(/\r\nConnection: close\r\n/i);
  expect(text).toMatch(/\r\nDate: [^\r]+ GMT\r\n/);
  expect(/\r\nAllow: GET/.test(text)).toBe(status === 405);
  expect(await stage.observed()).toMatchObject({ status, reason, arm: 'own' });
  expect(REJECTED_REASONS.has(reason)).toBe(true);
  const told = stage.logged.filter(({ fields }) => (fields as { reason?: string }).reason === reason);
  expect(told).toHaveLength(1);
  expect(told[0]?.message).toMatch(/^[A-Z]/);
  expect(stage.recorder.received).toEqual([]);
  expect((await exchange(stage.target, `GET / HTTP/1.1${LAST}`)).status).toBe(200);
}
