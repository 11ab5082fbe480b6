/** What `sidecar.yaml` may hold, as valibot schemas; flags and the environment are checked by the same. */
import * as v from 'valibot';
import { ADDRESS_FORM, parseAddress, type SocketAddress } from './address.ts';
import { DURATION_FORM, parseDurationMs } from './duration.ts';
import {
  isPrivate,
  isTrusted,
  type ListenSetting,
  parseListenText,
  parseOrigin,
  parsePort,
  parseTcp,
  parseVersion,
} from './forms.ts';

export type Isolation = 'as-configured' | 'per-script' | 'per-mount';

/** Settings of one group; absent ones are taken from `groups.defaults`, then from Apache's configuration. Times in milliseconds. */
export type GroupSettings = {
  readonly processes?: number;
  readonly threads?: number;
  readonly python?: string;
  readonly pythonPath?: readonly string[];
  readonly pythonHome?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly group?: string;
  /** Whether its applications may run as root. */
  readonly allowRoot?: boolean;
  readonly home?: string;
  readonly umask?: string;
  readonly queueLength?: number;
  readonly queueTimeout?: number;
  readonly startupTimeout?: number;
  readonly drainTimeout?: number;
  readonly shutdownTimeout?: number;
  readonly preload?: boolean;
};

type IsolationOnly = { readonly isolation: Isolation };

/** The checked file with the defaults in it. */
export type CheckedSettings = {
  readonly apache?: string;
  /** Has a grammar of its own, which `convert/` reads. */
  readonly sites?: unknown;
  readonly defines: readonly string[];
  readonly modWsgiVersion: '4.9' | '5' | '6';
  readonly listen?: readonly ListenSetting[];
  readonly admin: { readonly listen: SocketAddress; readonly token?: string };
  readonly runtimeDir?: string;
  readonly isolation: Isolation;
  /** By the virtual host's id or ServerName. */
  readonly virtualHosts: Readonly<Record<string, IsolationOnly>>;
  /** By the mount's id. */
  readonly mounts: Readonly<Record<string, IsolationOnly>>;
  readonly trustedProxies: readonly string[];
  readonly identity: { readonly user?: string };
  readonly accessControl: 'enforce' | 'front';
  /** `http://host:port`. */
  readonly legacy?: string;
  /** Milliseconds without a byte of an answer before it counts as lost; 0 is no limit. */
  readonly responseTimeout: number;
  readonly unknownPort: 'fold' | 'refuse' | 'admit';
  readonly expandFromRequest: boolean;
  readonly groupsFrom: 'configuration' | 'dispatch';
  readonly ports: readonly number[];
  readonly maxGroups: number;
  readonly python: string;
  readonly preload: boolean;
  readonly groups: Readonly<Record<string, GroupSettings>>;
  /** Milliseconds. */
  readonly drainTimeout: number;
  readonly log: {
    readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
    readonly format: 'auto' | 'json' | 'text';
    readonly access: boolean;
  };
  readonly metrics: { readonly maxSeries: number };
};

const text = v.pipe(v.string('wanted a text'), v.nonEmpty('wanted a text that is not empty'));
const flag = v.boolean('wanted true or false');

function wholeNumber(least: number): v.GenericSchema<unknown, number> {
  const wanted = `wanted a whole number of at least ${least}`;
  return v.pipe(v.number(wanted), v.integer(wanted), v.minValue(least, wanted));
}

function oneOf<const Choices extends readonly string[]>(
  choices: Choices,
): v.GenericSchema<unknown, Choices[number]> {
  return v.picklist(
    choices,
    `wanted ${choices
      .map((choice) => `"${choice}"`)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1')}`,
  );
}

/** A schema from a parser that answers undefined for what it cannot read. */
function parsed<T>(parse: (value: unknown) => T | undefined, wanted: string): v.GenericSchema<unknown, T> {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, T>(({ dataset, addIssue, NEVER }) => {
      const value = parse(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message: `wanted ${wanted}` });
      return NEVER;
    }),
  ) as v.GenericSchema<unknown, T>;
}

const duration = parsed(parseDurationMs, DURATION_FORM);
const address = parsed(
  (value) => (typeof value === 'string' ? parseAddress(value) : undefined),
  ADDRESS_FORM,
);
const standsFor = parsed(parseTcp, "ADDRESS:PORT, *:PORT or PORT, as in Apache's Listen");
const port = parsed(parsePort, 'a port, 1 to 65535');
const isolation = oneOf(['as-configured', 'per-script', 'per-mount']);
const modWsgiVersion = parsed(parseVersion, '"4.9", "5" or "6"');

/** A mapping; valibot alone takes a list for one. */
function section<T>(object: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, T> {
  const refuse = parsed<T>(() => undefined, 'settings as "key: value" lines');
  return v.lazy((input) => (typeof input === 'object' && !Array.isArray(input) ? object : refuse));
}

const listenerText = parsed(parseListenText, `BIND[,as=ADDRESS:PORT][,tls] where BIND is ${ADDRESS_FORM}`);
const listenerObject = v.pipe(
  v.strictObject({ bind: address, as: v.optional(standsFor), tls: v.optional(flag, false) }),
  v.transform(({ bind, as, tls }): ListenSetting => ({ bind, ...(as === undefined ? {} : { as }), tls })),
);
/** By the kind of the input, so that a problem inside the long form is told where it is. */
const listener = v.lazy(
  (input): v.GenericSchema<unknown, ListenSetting> =>
    typeof input === 'string' ? listenerText : listenerObject,
);

const groupOptions = section(
  v.strictObject({
    processes: v.optional(wholeNumber(1)),
    threads: v.optional(wholeNumber(1)),
    python: v.optional(text),
    pythonPath: v.optional(v.array(text, 'wanted a list of folders')),
    pythonHome: v.optional(text),
    environment: v.optional(section(v.record(v.string(), v.string('wanted a text')))),
    user: v.optional(text),
    group: v.optional(text),
    allowRoot: v.optional(flag),
    home: v.optional(text),
    umask: v.optional(
      v.pipe(text, v.regex(/^0?[0-7]{1,3}$/, 'wanted an octal number in quotes, such as "0022"')),
    ),
    queueLength: v.optional(wholeNumber(0)),
    queueTimeout: v.optional(duration),
    startupTimeout: v.optional(duration),
    drainTimeout: v.optional(duration),
    shutdownTimeout: v.optional(duration),
    preload: v.optional(flag),
  }),
);

const isolationOnly = section(v.strictObject({ isolation }));

/** The whole file. What has no `optional` here has a default in the table. */
const settingsSchema = v.strictObject(
  {
    apache: v.optional(text),
    sites: v.optional(v.unknown()),
    defines: v.array(text),
    modWsgiVersion,
    listen: v.optional(v.array(listener, 'wanted a list of listeners')),
    admin: section(
      v.strictObject({
        listen: v.pipe(
          address,
          v.check(
            isPrivate,
            'wanted a loopback address (127.0.0.1, [::1], localhost) or unix:/PATH: the admin side never faces a network',
          ),
        ),
        token: v.optional(text),
      }),
    ),
    runtimeDir: v.optional(text),
    isolation,
    virtualHosts: v.optional(section(v.record(v.string(), isolationOnly)), {}),
    mounts: v.optional(section(v.record(v.string(), isolationOnly)), {}),
    trustedProxies: v.array(
      v.pipe(text, v.check(isTrusted, 'wanted an address, ADDRESS/BITS or "unix"')),
      'wanted a list of addresses',
    ),
    identity: v.optional(section(v.strictObject({ user: v.optional(text) })), {}),
    accessControl: oneOf(['enforce', 'front']),
    legacy: v.optional(parsed(parseOrigin, 'http://HOST:PORT')),
    responseTimeout: duration,
    unknownPort: oneOf(['fold', 'refuse', 'admit']),
    expandFromRequest: flag,
    groupsFrom: oneOf(['configuration', 'dispatch']),
    ports: v.array(port, 'wanted a list of ports'),
    maxGroups: wholeNumber(1),
    python: text,
    preload: flag,
    groups: v.optional(section(v.record(v.string(), groupOptions)), {}),
    drainTimeout: duration,
    log: section(
      v.strictObject({
        level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
        format: oneOf(['auto', 'json', 'text']),
        access: flag,
      }),
    ),
    metrics: section(v.strictObject({ maxSeries: wholeNumber(1000) })),
  },
  'wanted settings as "key: value" lines',
);

/** A problem with a value: where it stands in the tree and what was wanted. */
export type SettingsProblem = {
  readonly path: readonly (string | number)[];
  readonly kind: 'unknown-key' | 'invalid';
  readonly input: unknown;
  readonly wanted: string;
};

/** Checks a tree as `sidecar.yaml` would hold it, defaults included; all problems, not the first. */
export function checkSettings(
  tree: unknown,
): { readonly settings: CheckedSettings } | { readonly problems: readonly SettingsProblem[] } {
  const result = v.safeParse(settingsSchema, tree);
  if (result.success) return { settings: result.output as CheckedSettings };
  return {
    problems: result.issues.map((issue) => ({
      path: (issue.path ?? []).map(({ key }) => key as string | number),
      kind: issue.type === 'strict_object' && issue.expected === 'never' ? 'unknown-key' : 'invalid',
      input: issue.input,
      wanted: issue.message.startsWith('Invalid key') ? 'it is missing' : issue.message,
    })),
  };
}

/** The keys that the schema knows at a place; empty where names are free. */
export function keysAt(path: readonly (string | number)[]): string[] {
  let schema = settingsSchema as unknown as SchemaNode;
  for (const step of path) {
    const next = schema.entries === undefined ? (schema.value ?? schema.item) : schema.entries[step];
    if (next === undefined) return [];
    schema = unwrap(next);
  }
  return Object.keys(schema.entries ?? {});
}

/** What of valibot's schemas the walk needs (valibot: `entries` of objects, `value` of records, `item` of arrays). */
type SchemaNode = {
  readonly entries?: Readonly<Record<string, SchemaNode>>;
  readonly value?: SchemaNode;
  readonly item?: SchemaNode;
  readonly wrapped?: SchemaNode;
  readonly getter?: (input: unknown) => SchemaNode;
};

function unwrap(schema: SchemaNode): SchemaNode {
  let inner = schema;
  while (inner.wrapped !== undefined) inner = inner.wrapped;
  return inner.getter === undefined ? inner : inner.getter({});
}
