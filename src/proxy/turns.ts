/**
 * The requests of one connection, one after the other. A client may send the next request before it has the answer to the last
 * (RFC 9112 §9.3.2); Apache begins each when the one before it is answered, so that a POST is done before the GET behind it is, and one
 * client takes one thread. Node hands out all that it can read.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HeldUploads } from './held-uploads.ts';

/** A request that has been read and has no answer yet that its connection could carry. */
type Waiting = {
  readonly request: { readonly socket: Socket };
  readonly response: ServerResponse;
  readonly peer: { readonly address: string };
  readonly deps: { readonly uploads: HeldUploads };
  /** Its end, where its turn never comes. */
  close(): void;
};

/** Requests of one connection that may wait; beyond it nothing more is read until there is room. */
const WAITING_LIMIT = 16;

const lineKey = Symbol('line');
type Lined = Socket & { [lineKey]?: Set<Waiting> };

/** Puts a request into its connection's line; Node ends a response that never got its turn without an event. */
export function standInLine(waiting: Waiting): void {
  const { socket } = waiting.request;
  const line = lineOf(socket);
  line.add(waiting);
  const { uploads } = waiting.deps;
  if (line.size > WAITING_LIMIT) {
    holdBack(socket);
    if (waiting.peer.address !== '') uploads.hold(socket);
  }
  waiting.response.once('socket', () => {
    line.delete(waiting);
    // What watched over the answer before.
    socket.setTimeout(0);
    if (line.size > WAITING_LIMIT) return;
    uploads.release(socket);
    readOn(socket);
  });
}

/**
 * Node's own way to stand still (`_http_server.js`, for answers that nobody takes): a socket that is merely paused is read on at the end of
 * each message.
 */
type Held = Socket & { _paused?: boolean; readonly parser?: { resume?(): void } | null };

function holdBack(socket: Held): void {
  socket._paused = true;
  socket.pause();
}

function readOn(socket: Held): void {
  if (socket._paused !== true) return;
  socket._paused = false;
  socket.parser?.resume?.();
  socket.resume();
}

function lineOf(socket: Lined): Set<Waiting> {
  const known = socket[lineKey];
  if (known !== undefined) return known;
  const line = new Set<Waiting>();
  socket[lineKey] = line;
  socket.once('close', () => {
    for (const waiting of line) waiting.close();
  });
  return line;
}
