/** PORT BODY: a Node server that answers every request by itself. */
import { createServer } from 'node:http';

const [port, body = ''] = process.argv.slice(2);
const headers = ['Content-Type', 'text/plain', 'Content-Length', String(Buffer.byteLength(body))];

createServer({ keepAliveTimeout: 65_000 }, (_request, response) => {
  response.writeHead(200, headers);
  response.end(body);
}).listen(Number(port), '127.0.0.1');
