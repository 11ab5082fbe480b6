/**
 * Files that Apache would answer itself: GET, HEAD and POST with ETag, Last-Modified, conditions and one range (RFC 9110 §13, §14).
 * Law: no symbolic link leads out of the folder that the configuration opens.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readlink } from 'node:fs/promises';
import { fromBytes } from '../apache/bytes.ts';
import type { FileRoute } from '../routing/route.ts';
import type { Exchange } from './exchange.ts';
import { mediaType } from './media-types.ts';
import { sendAll } from './send-all.ts';

/** Answers with a file. */
export async function sendFile(exchange: Exchange, route: FileRoute): Promise<void> {
  const { method } = exchange.request;
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') {
    const message = 'A file is sent for GET, HEAD and POST alone';
    exchange.refuse({ status: 405, reason: 'method', message, headers: ['Allow', 'GET, HEAD, POST'] });
    return;
  }
  let file: FileHandle | undefined;
  try {
    file = await openWithin(fromBytes(route.filename), fromBytes(route.root));
    const stats = await file.stat();
    if (stats.isFile()) await answer(exchange, { file, stats, filename: route.filename });
    else exchange.refuse({ status: 404, reason: 'not_found', message: 'No file, but something else' });
  } catch (error) {
    refuseFile(exchange, error);
  } finally {
    // What has been read of it is on its way: a descriptor that cannot be closed changes nothing.
    await file?.close().catch(ignore);
  }
}

class OutsideRoot extends Error {}
class ShrunkFile extends Error {}

/**
 * Opens a file and then asks the kernel what was opened: a name that is checked first and opened later could be another file by then.
 */
async function openWithin(filename: string, root: string): Promise<FileHandle> {
  // Without O_NONBLOCK a named pipe would wait here for a writer.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  const file = await open(filename, flags);
  // The root may be the file itself: an Alias may name one.
  const folder = await open(root, flags).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  try {
    const [opened, within] = await Promise.all([
      readlink(`/proc/self/fd/${file.fd}`),
      readlink(`/proc/self/fd/${folder.fd}`),
    ]);
    if (opened !== within && !opened.startsWith(within.endsWith('/') ? within : `${within}/`)) {
      throw new OutsideRoot();
    }
    return file;
  } catch (error) {
    await file.close();
    throw error;
  } finally {
    await folder.close();
  }
}

function refuseFile(exchange: Exchange, error: unknown): void {
  const { code } = error as { code?: unknown };
  if (exchange.clientGone) return;
  if (!isOfTheFile(error)) exchange.collapse(error);
  else if (exchange.response.headersSent) {
    exchange.breakOff('ERR_INTERNAL', 'Cannot read on in a file that is being sent', error);
  } else if (error instanceof OutsideRoot || code === 'EACCES' || code === 'EPERM' || code === 'ELOOP') {
    const message = 'File may not be read, or a link leads out of the folder that is served';
    exchange.refuse({ status: 403, reason: 'forbidden', message });
  } else if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENXIO' || code === 'ENAMETOOLONG') {
    exchange.refuse({ status: 404, reason: 'not_found', message: 'File is not there' });
  } else exchange.fail('ERR_INTERNAL', 'Cannot send a file', { error });
}

/** Whether it is the file or the system that an error tells of; all else is a fault of ours. */
function isOfTheFile(error: unknown): boolean {
  return (
    error instanceof OutsideRoot ||
    error instanceof ShrunkFile ||
    (error as NodeJS.ErrnoException).errno !== undefined
  );
}

type OpenFile = { readonly file: FileHandle; readonly stats: Stats; readonly filename: string };

async function answer(exchange: Exchange, opened: OpenFile): Promise<void> {
  const { file, stats, filename } = opened;
  const { response, request } = exchange;
  const etag = `"${stats.size.toString(16)}-${Math.floor(stats.mtimeMs * 1000).toString(16)}"`;
  const headers = [
    'Last-Modified',
    new Date(stats.mtimeMs).toUTCString(),
    'ETag',
    etag,
    'Accept-Ranges',
    'bytes',
  ];
  const conditions = conditionsOf(request.rawHeaders);
  if (isUnchanged(conditions, etag, stats.mtimeMs)) {
    exchange.writeHead(304, 'Not Modified', headers);
    exchange.response.end();
    return;
  }
  const range = chooseRange(conditions, { etag, size: stats.size, mtimeMs: stats.mtimeMs });
  if (range === 'unsatisfiable') {
    const sent = ['Content-Range', `bytes */${stats.size}`];
    exchange.refuse({
      status: 416,
      reason: 'range',
      message: 'No byte of the file is in the range',
      headers: sent,
    });
    return;
  }
  const { start, end } = range ?? { start: 0, end: stats.size - 1 };
  const type = mediaType(filename);
  if (type !== undefined) headers.push('Content-Type', type);
  if (range !== undefined) headers.push('Content-Range', `bytes ${start}-${end}/${stats.size}`);
  headers.push('Content-Length', String(end - start + 1));
  if (range === undefined) exchange.writeHead(200, 'OK', headers);
  else exchange.writeHead(206, 'Partial Content', headers);
  if (request.method === 'HEAD' || end < start) {
    exchange.response.end();
    return;
  }
  exchange.responseBytes = end - start + 1;
  exchange.watchSending();
  const bytes = file.createReadStream({ start, end, autoClose: false, highWaterMark: 262_144 });
  await sendAll(bytes, response);
  if (bytes.bytesRead <= end - start) throw new ShrunkFile('the file has become shorter');
  exchange.response.end();
}

/** Fields that say which part of a file is wanted, and whether; the first of each. */
type Conditions = Readonly<Record<string, string | undefined>>;

const CONDITIONS: ReadonlySet<string> = new Set(['if-none-match', 'if-modified-since', 'if-range', 'range']);

function conditionsOf(rawHeaders: readonly string[]): Conditions {
  const found: Record<string, string | undefined> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = rawHeaders[i + 1] as string;
    if (!CONDITIONS.has(name)) continue;
    const before = found[name];
    if (before === undefined) found[name] = value;
    else if (name === 'if-none-match') found[name] = `${before}, ${value}`;
  }
  return found;
}

/** RFC 9110 §13.2.2: If-None-Match decides; If-Modified-Since only without it. */
function isUnchanged(conditions: Conditions, etag: string, mtimeMs: number): boolean {
  const tags = conditions['if-none-match'];
  if (tags !== undefined) {
    return tags.trim() === '*' || tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
  }
  const text = conditions['if-modified-since'] ?? '';
  const since = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  // As Apache (`ap_condition_if_modified_since()`): a date that is still to come says nothing.
  return Math.floor(mtimeMs / 1000) * 1000 <= since && since <= Date.now();
}

/** The form that is sent today; no other is believed. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

type Range = { readonly start: number; readonly end: number };
type Validator = { readonly etag: string; readonly size: number; readonly mtimeMs: number };

/** One byte range; undefined for the whole file, as RFC 9110 §14.2 allows for several ranges and unknown units. */
function chooseRange(conditions: Conditions, of: Validator): Range | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(conditions.range?.trim() ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const condition = conditions['if-range'];
  if (typeof condition === 'string' && condition !== of.etag) {
    if (Date.parse(condition) !== Math.floor(of.mtimeMs / 1000) * 1000) return undefined;
  }
  const last = of.size - 1;
  if (match[1] === '') {
    const length = Number(match[2]);
    return length === 0 || of.size === 0
      ? 'unsatisfiable'
      : { start: Math.max(0, of.size - length), end: last };
  }
  const start = Number(match[1]);
  const end = match[2] === '' ? last : Math.min(Number(match[2]), last);
  if (start > last) return 'unsatisfiable';
  return end < start ? undefined : { start, end };
}

function ignore(): void {
  // Told by nobody, since there is nothing to be done.
}
