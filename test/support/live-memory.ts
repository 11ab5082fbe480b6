/** What a Node process holds once its garbage is gone, asked by its inspector: resident memory goes up and down with the garbage. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { RealProcess } from './real-process.ts';

/** What a process that is to be asked is started with: an inspector on a free port, which its output names. */
export const INSPECTED = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/** In bytes: the heap, and what hangs on it outside (buffers). */
export async function liveBytes({ lines }: RealProcess): Promise<number> {
  const [, url = ''] = /Debugger listening on (ws:\S+)/.exec(lines.join('\n')) ?? [];
  const socket = new WebSocket(url);
  await once(socket, 'open');
  try {
    // Weak references and finalizers let go of things one collection later.
    for (const id of [1, 2]) await ask(socket, { id, method: 'HeapProfiler.collectGarbage' });
    const expression = 'process.memoryUsage().heapUsed + process.memoryUsage().external';
    const answer = await ask(socket, { id: 3, method: 'Runtime.evaluate', params: { expression } });
    return (answer as { result: { result: { value: number } } }).result.result.value;
  } finally {
    socket.close();
    await once(socket, 'close');
  }
}

async function ask(
  socket: WebSocket,
  question: { readonly id: number; readonly method: string; readonly params?: object },
): Promise<unknown> {
  socket.send(JSON.stringify(question));
  for (;;) {
    const [message] = await once(socket, 'message');
    const answer = JSON.parse(String(message)) as { readonly id?: number };
    if (answer.id === question.id) return answer;
  }
}
