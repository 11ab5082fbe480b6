/**
 * The environ on its way to the built-in worker (ARCHITECTURE: "Request to a worker"): what is the same for many requests of a mount
 * is told once on a connection, and the rest is told by position. Everybody else gets both as JSON.
 */
import { type RequestEnviron, rareEntries, renderRequestEnviron } from './environ.ts';

/** Mounts that one connection names by number; then it begins anew. `wsgi_mount.py` keeps as many. */
const MOUNTS_TOLD = 64;

/** Eight texts that may stand in a header and hold no separator. */
const PLAIN = /^(?:[\x20-\x7b\x7d\x7e\x80-\xff]*\|){7}[\x20-\x7b\x7d\x7e\x80-\xff]*$/;

/** What one connection has told its worker. Lives as long as the connection: both sides forget together. */
export class WorkerEnvirons {
  /** By what was told, the line that names it. */
  readonly #told = new Map<string, string>();

  /** The header lines of one request. */
  lines(environ: RequestEnviron): string {
    return `${this.#mountLine(environ.mount.text)}x-sidecar-request: ${renderPlain(environ)}\r\n`;
  }

  #mountLine(mount: string): string {
    const known = this.#told.get(mount);
    if (known !== undefined) return known;
    if (this.#told.size === MOUNTS_TOLD) this.#told.clear();
    const number = this.#told.size;
    this.#told.set(mount, `x-sidecar-mount: ${number}\r\n`);
    return `x-sidecar-mount: ${number} ${mount}\r\n`;
  }
}

/** The `x-sidecar-request` of the built-in worker: eight texts by position, and rare entries as JSON; JSON alone where that is ambiguous. */
export function renderPlain(environ: RequestEnviron): string {
  const { route, facts } = environ;
  const { requestId, startedUs, remoteAddress, remotePort, connection = '', target } = facts;
  const text = `${requestId}|${startedUs}|${remoteAddress}|${remotePort}|${connection}|${route.scriptName}|${route.pathInfo}|${target}`;
  if (!PLAIN.test(text)) return renderRequestEnviron(environ);
  const rare = rareEntries(environ);
  return rare === '' ? text : `${text}|{${rare.slice(1)}}`;
}
