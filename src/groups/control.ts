/** The control messages of a group process (ARCHITECTURE.md, "The group process"), one JSON object a line. */

export type ControlMessage =
  | { readonly event: 'step'; readonly step: string }
  | {
      readonly event: 'ready';
      readonly python: string;
      readonly imported: readonly string[];
      readonly failed: readonly string[];
    }
  /** The launcher becomes a program that sends no messages; `port` where it was told one, `uid` as whom. */
  | { readonly event: 'launched'; readonly port?: number; readonly uid: number }
  | {
      readonly event: 'boot-failed';
      readonly step: string;
      readonly message: string;
      readonly traceback: string;
    }
  | { readonly event: 'imported'; readonly script: string; readonly seconds: number }
  | {
      readonly event: 'import-failed';
      readonly script: string;
      readonly message: string;
      readonly traceback: string;
    }
  | { readonly event: 'stale'; readonly script: string }
  /** It will end by itself, for the reason that mod_wsgi's `shutdown_reason` would say; until then it serves. */
  | { readonly event: 'expiring'; readonly reason: string }
  | { readonly event: 'stopping'; readonly reason: string };

/** A traceback with deep recursion is long, and the line of a message has to hold it. */
export const LONGEST_MESSAGE: number = 1024 * 1024;

/**
 * The message of a line, or undefined for what is none. Application code runs in the same process and can write to
 * the pipe, so nothing here is believed that could harm another group.
 */
export function parseControlMessage(line: string): ControlMessage | undefined {
  const fields = parseObject(line);
  if (fields === undefined) return undefined;
  const text = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
  const failure = { message: text('message'), traceback: text('traceback') };
  switch (fields.event) {
    case 'step':
      return { event: 'step', step: text('step') };
    case 'ready':
      return {
        event: 'ready',
        python: text('python'),
        imported: texts(fields.imported),
        failed: texts(fields.failed),
      };
    case 'launched':
      return {
        event: 'launched',
        uid: Number(fields.uid),
        ...(typeof fields.port === 'number' ? { port: fields.port } : {}),
      };
    case 'boot-failed':
      return { event: 'boot-failed', step: text('step'), ...failure };
    case 'imported':
      return { event: 'imported', script: text('script'), seconds: Number(fields.seconds) || 0 };
    case 'import-failed':
      return { event: 'import-failed', script: text('script'), ...failure };
    case 'stale':
      return { event: 'stale', script: text('script') };
    case 'expiring':
      return { event: 'expiring', reason: text('reason') };
    case 'stopping':
      return { event: 'stopping', reason: text('reason') };
    default:
      return undefined;
  }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
