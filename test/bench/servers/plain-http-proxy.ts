/** PORT SOCKET: http-proxy as it comes, in front of the HTTP server on a Unix socket. */
import { Agent, createServer } from 'node:http';
import httpProxy from 'http-proxy';

const [port, socketPath = ''] = process.argv.slice(2);
const proxy = httpProxy.createProxyServer({
  target: { socketPath, host: 'localhost', port: 80 },
  agent: new Agent({ keepAlive: true, maxSockets: 64 }),
});
proxy.on('error', (error) => process.stderr.write(`${error.stack ?? error.message}\n`));

createServer({ keepAliveTimeout: 65_000 }, (request, response) => proxy.web(request, response)).listen(
  Number(port),
  '127.0.0.1',
);
