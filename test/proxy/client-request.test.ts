/** What a request looks like whose server makes `ClientRequest`s, and what is spared. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ClientRequest, expectNoBody, fieldsOf } from '../../src/proxy/client-request.ts';
import { openConnection } from '../support/raw-http.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(handle: (request: IncomingMessage) => unknown): Promise<AddressInfo> {
  const server = createServer(
    { IncomingMessage: ClientRequest, requireHostHeader: false },
    (request, response) => {
      const told = JSON.stringify(handle(request)) ?? '';
      response.end(told);
    },
  );
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

async function answerTo(handle: (request: IncomingMessage) => unknown, fields: string): Promise<string> {
  const { port } = await serve(handle);
  const client = openConnection({ host: '127.0.0.1', port });
  client.write(`GET / HTTP/1.1\r\nHost: a\r\n${fields}Connection: close\r\n\r\n`);
  return client.closed;
}

describe('ClientRequest', () => {
  it('makes no object of its fields when nobody expects anything', async () => {
    const text = await answerTo((request) => [request.headers, request.rawHeaders.length], 'X-A: 1\r\n');
    expect(text).toContain('[{},6]');
  });

  it.each(['Expect', 'expect', 'eXPECT'])('shows Node an expectation that is spelt %s', async (name) => {
    const text = await answerTo(() => 'served', `${name}: 100-continue\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /);
    expect(await answerTo(() => 'served', `${name}: tea\r\n`)).toMatch(/^HTTP\/1\.1 417 /);
  });
});

describe('fieldsOf()', () => {
  it('joins fields as Node does', async () => {
    const text = await answerTo((request) => fieldsOf(request)['x-a'], 'X-A: 1\r\nx-a: 2\r\n');
    expect(text).toContain('"1, 2"');
  });
});

describe('expectNoBody()', () => {
  it('leaves a request that emits nothing, on a connection that carries on', async () => {
    const told: string[] = [];
    const { port } = await serve((request) => {
      expectNoBody(request);
      const { emit } = request;
      request.emit = (name: string, ...rest: unknown[]) => {
        told.push(name);
        return emit.call(request, name, ...rest);
      };
      return request.url;
    });
    const client = openConnection({ host: '127.0.0.1', port });
    for (const path of ['/1', '/2', '/3']) {
      client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await client.until(`"${path}"`);
    }
    client.end();
    await client.closed;
    expect(told).toEqual([]);
  });
});
