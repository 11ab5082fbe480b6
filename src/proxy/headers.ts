/**
 * The headers of a request, read in one pass, and what of them goes on to a group process.
 * Pure but for the marks in the name table. Law: nothing that a client can send names a user, an address or an `x-sidecar-*`
 * entry; repeated fields are joined by a comma as Apache joins them (`apr_table_compress`, APR_OVERLAP_TABLES_MERGE).
 */
import { createNameTable, type HeaderName, type NameTable } from './header-names.ts';

/** What one pass over a request's raw headers found. */
export type RequestHeaders = {
  /** Flat list of lower-case names and values for the application, without what is read here. */
  readonly forward: string[];
  /** Flat list of fields that count only from a trusted peer. */
  readonly forwarding: string[];
  readonly fields: number;
  /** Bytes of the longest field, name and value. */
  longest: number;
  host: string | undefined;
  hosts: number;
  length: string | undefined;
  lengths: number;
  coding: string | undefined;
  connection: string | undefined;
  expect: string | undefined;
  upgrade: string | undefined;
  types: number;
  authorization: string | undefined;
  forwardedFor: string | undefined;
  /** The value of the identity header; two of them name nobody. */
  user: string | undefined;
  users: number;
};

export type HeaderScanner = (raw: readonly string[]) => RequestHeaders;

/** A scanner with its own name table; `userHeader` is the identity header in lower case, empty for none. */
export function createHeaderScanner(userHeader: string): HeaderScanner {
  const table = createNameTable(userHeader);
  let serial = 0;
  return function scan(raw) {
    table.trim();
    serial += 1;
    const found = emptyHeaders(raw.length / 2);
    for (let i = 0; i < raw.length; i += 2) {
      const text = raw[i] as string;
      const value = raw[i + 1] as string;
      const bytes = text.length + value.length;
      if (bytes > found.longest) found.longest = bytes;
      const name = table.lookup(text);
      if (name.kind === 'pass') addField(found.forward, name, value, serial);
      else readField(found, name, value, serial);
    }
    if (found.connection !== undefined) dropNominated(found, table);
    return found;
  };
}

function emptyHeaders(fields: number): RequestHeaders {
  return {
    forward: [],
    forwarding: [],
    fields,
    longest: 0,
    host: undefined,
    hosts: 0,
    length: undefined,
    lengths: 0,
    coding: undefined,
    connection: undefined,
    expect: undefined,
    upgrade: undefined,
    types: 0,
    authorization: undefined,
    forwardedFor: undefined,
    user: undefined,
    users: 0,
  };
}

function addField(list: string[], name: HeaderName, value: string, serial: number): void {
  if (name.seenBy === serial) {
    list[name.index] += `, ${value}`;
    return;
  }
  name.seenBy = serial;
  name.index = list.length + 1;
  list.push(name.lower, value);
}

function readField(found: RequestHeaders, name: HeaderName, value: string, serial: number): void {
  switch (name.kind) {
    case 'host':
      found.host = value;
      found.hosts += 1;
      break;
    case 'length':
      found.length = value;
      found.lengths += 1;
      break;
    case 'coding':
      found.coding = joined(found.coding, value);
      break;
    case 'connection':
      found.connection = joined(found.connection, value);
      break;
    case 'expect':
      found.expect = joined(found.expect, value);
      break;
    case 'upgrade':
      found.upgrade = joined(found.upgrade, value);
      break;
    case 'type':
      found.types += 1;
      addField(found.forward, name, value, serial);
      break;
    case 'authorization':
      found.authorization = joined(found.authorization, value);
      break;
    case 'forwarded-for':
      found.forwardedFor = joined(found.forwardedFor, value);
      addField(found.forwarding, name, value, serial);
      break;
    case 'forwarding':
      addField(found.forwarding, name, value, serial);
      break;
    case 'user':
      found.user = value;
      found.users += 1;
      break;
    default:
      break;
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}

/**
 * RFC 9110 §7.6.1: a field that Connection names ends here. What frames or routes a message cannot be named away, nor what a
 * front says of its client (CVE-2022-31813).
 */
function dropNominated(found: RequestHeaders, table: NameTable): void {
  const connection = found.connection as string;
  if (connection === 'keep-alive' || connection === 'close' || connection === 'Keep-Alive') return;
  for (const token of connection.split(',')) {
    const { lower } = table.lookup(token.trim());
    removeField(found.forward, lower);
    if (lower === 'authorization') found.authorization = undefined;
  }
}

/** Whether the connection ends with the answer (RFC 9112 §9.3): in HTTP/1.0 unless it is asked to stay. */
export function endsConnection(
  { connection }: Pick<RequestHeaders, 'connection'>,
  minorVersion: number,
): boolean {
  if (connection === undefined) return minorVersion === 0;
  if (connection === 'keep-alive') return false;
  return hasToken(connection, 'close') || (minorVersion === 0 && !hasToken(connection, 'keep-alive'));
}

/** Whether it asks for a WebSocket, as an opening handshake does (RFC 6455 §4.1) that no body follows. */
export function asksForWebSocket(headers: RequestHeaders): boolean {
  const { connection, upgrade, length, coding, forward } = headers;
  if (upgrade?.toLowerCase() !== 'websocket' || connection === undefined) return false;
  if (!hasToken(connection, 'upgrade') || length !== undefined || coding !== undefined) return false;
  return forward.some((text, index) => index % 2 === 0 && text === 'sec-websocket-key');
}

function hasToken(list: string, token: string): boolean {
  return list.split(',').some((part) => part.trim().toLowerCase() === token);
}

function removeField(list: string[], lower: string): void {
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] === lower) {
      list.splice(i, 2);
      return;
    }
  }
}
