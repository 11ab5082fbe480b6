/**
 * The log: JSON lines by pino with fixed field names (`group`, `process_group`, `application_group`, `request_id`,
 * `reason`); one readable line each on a terminal. Credentials never reach it.
 */
import { isatty } from 'node:tty';
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';
import { type ErrorCode, reasonOf } from './errors.ts';
import { displayName, type GroupIdentity } from './routing/group-key.ts';

export type Log = Logger;

export type LogOptions = {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `auto` is `text` on a terminal and `json` elsewhere. */
  readonly format: 'auto' | 'json' | 'text';
  /** File descriptor: 1 for a service, 2 where the command prints an answer of its own. */
  readonly fd: number;
  /** Whether targets are shown with their query, which may hold credentials. */
  readonly showsQuery?: boolean;
  /** Called before each line: others write to the same descriptor what they gather. */
  readonly beforeLine?: () => void;
};

/** Header names whose values are credentials, wherever they stand in a log line's fields. */
const SECRETS = ['authorization', 'cookie', '["set-cookie"]', '["proxy-authorization"]', 'token'];

const SECRET_PATHS = SECRETS.flatMap((name) => {
  const dotted = name.startsWith('[') ? name : `.${name}`;
  return [name, `*${dotted}`, `*.headers${dotted}`];
});

/** What is kept of a log that cannot be written; what comes beyond is lost. */
const LONGEST_BACKLOG = 1024 * 1024;

/** A logger that writes at once, so that the last words of a process that ends are not lost. */
export function createLog({ format, fd, beforeLine, ...options }: LogOptions): Log {
  const out = destination({ fd, maxLength: LONGEST_BACKLOG, sync: true });
  outliveFullDisk(out);
  const shape = lineShape(format, fd);
  const lines = {
    write(line: string): void {
      beforeLine?.();
      out.write(shape(line));
    },
  };
  return createLogTo(lines, options);
}

/** What becomes of a JSON line on its way to `fd`: one for people where the format says so. */
export function lineShape(format: LogOptions['format'], fd: number): (line: string) => string {
  const asText = format === 'text' || (format === 'auto' && isatty(fd));
  return asText ? textOf : (line) => line;
}

/** A full disk is no reason to end: the next line tries again, and takes along what has gathered. Nor is it one not to end. */
function outliveFullDisk(out: ReturnType<typeof destination>): void {
  let isFailing = false;
  out.on('error', () => {
    isFailing = true;
  });
  out.on('drain', () => {
    isFailing = false;
  });
  // pino's own last flush of a buffered log tries for ever (sonic-boom, flushSync).
  process.prependListener('exit', () => {
    if (isFailing) out.destroy();
  });
}

/** The logger on any stream of lines. */
export function createLogTo(
  stream: DestinationStream,
  options: Pick<LogOptions, 'level' | 'showsQuery'>,
): Log {
  const { level, showsQuery = false } = options;
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => nameFields(fields, showsQuery),
      },
      redact: { paths: SECRET_PATHS, censor: '[redacted]' },
    },
    stream,
  );
}

/** One name per thing, whoever writes: `request_id`, and for an error's code the `reason` that metrics use. */
function nameFields(fields: Record<string, unknown>, showsQuery: boolean): Record<string, unknown> {
  const { requestId, code, ...rest } = fields;
  const named: Record<string, unknown> = rest;
  if (requestId !== undefined) named.request_id = requestId;
  if (typeof named.mount === 'string') named.mount = readable(named.mount);
  if (typeof named.target === 'string') named.target = shownTarget(inPercents(named.target), showsQuery);
  if (code !== undefined) named.code = code;
  if (typeof code === 'string' && code.startsWith('ERR_')) named.reason ??= reasonOf(code as ErrorCode);
  return named;
}

/** A request target as far as the log may show it: its query, and the user that a URL may name, hold credentials. */
export function shownTarget(target: string, showsQuery: boolean): string {
  const at = showsQuery ? -1 : target.indexOf('?');
  const shown = at < 0 ? target : `${target.slice(0, at + 1)}…`;
  return shown.startsWith('/') ? shown : shown.replace(USER, '$1…@');
}

/** Of an absolute-form target, or of one that is an authority alone. */
const USER = /^([A-Za-z][A-Za-z0-9+.-]*:\/\/)?[^/?#]*@/;

type GroupFields = { readonly process_group: string; readonly application_group: string };

/** The same object names a group in every request of a mount. */
const fieldsOf = new WeakMap<GroupIdentity, GroupFields>();

/** The fields by which every line about a group can be found. */
export function groupFields(identity: GroupIdentity): GroupFields {
  const known = fieldsOf.get(identity);
  if (known !== undefined) return known;
  const fields = {
    process_group: displayName(readable(identity.processGroup)),
    application_group: displayName(readable(identity.applicationGroup)),
  };
  fieldsOf.set(identity, fields);
  return fields;
}

/** A byte string, such as the name of a script, as the log shows it. */
export function readable(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** A request target as the log shows it: bytes beyond ASCII as a client could have sent them, too, whether or not they are UTF-8. */
export function inPercents(target: string): string {
  return target.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Turns a JSON line into `TIME LEVEL message  key=value …`, stacks and tracebacks on lines of their own. */
export function textOf(line: string): string {
  const { level, time, msg, err, traceback, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 23);
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${renderField(value)}`);
  const stack = (err as { stack?: string } | undefined)?.stack;
  const below = [stack, traceback].filter((text) => typeof text === 'string').map((text) => indent(text));
  return `${clock} ${String(level).toUpperCase().padEnd(5)} ${visible(String(msg ?? ''))}${pairs.join('')}\n${below.join('')}`;
}

/** Control characters of foreign text, in messages as in fields, must not move a terminal's cursor. */
function renderField(value: unknown): string {
  if (typeof value === 'string' && /^[\w./:|%{}@-]+$/.test(value)) return value;
  return visible(JSON.stringify(value));
}

function visible(text: string): string {
  return text.replace(/[^\P{Cc}\t]/gu, '\u{fffd}');
}

function indent(text: string): string {
  const visible = text.replace(/[^\P{Cc}\n\t]/gu, '\u{fffd}');
  return visible.trimEnd().replace(/^/gm, '    ').concat('\n');
}
