import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The answer whose turn it is on a client's connection, by Node's own mark of it; undefined between two requests. */
export function carriedAnswer(socket: Socket): ServerResponse | undefined {
  return (socket as Socket & { readonly _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}
