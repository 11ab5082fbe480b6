/** What `sidecar.yaml` may hold, as valibot schemas; flags and the environment are checked by the same. */
import * as v from 'valibot';
import type { SocketAddress } from './address.ts';
import { DURATION_FORM, parseDurationMs } from './duration.ts';
import {
  isTrusted,
  LISTEN_FORM,
  type ListenSetting,
  parseListenAddress,
  parseListenText,
  parseOrigin,
  parsePort,
  parsePrivateAddress,
  parseTcp,
  parseUnresolved,
  parseVersion,
} from './forms.ts';
import { type GroupSettings, groupSettings } from './group-settings.ts';
import { type LimitSettings, limitSettings } from './limits.ts';
import { flag, oneOf, parsed, section, text, texts, wholeNumber } from './schema-parts.ts';

export type Isolation = 'as-configured' | 'per-script' | 'per-mount';

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
  /** Who answers what cannot be computed. */
  readonly unresolved: 'legacy' | '404';
  /** Milliseconds without a byte of an answer before it counts as lost; 0 is no limit. */
  readonly responseTimeout: number;
  readonly limits: LimitSettings;
  readonly unknownPort: 'fold' | 'refuse' | 'admit';
  readonly expandFromRequest: boolean;
  readonly groupsFrom: 'configuration' | 'dispatch';
  readonly ports: readonly number[];
  readonly maxGroups: number;
  readonly maxProcesses: number;
  readonly python: string;
  readonly preload: boolean;
  readonly watch: boolean;
  readonly busyPoll: boolean;
  readonly groups: Readonly<Record<string, GroupSettings>>;
  /** Milliseconds. */
  readonly drainTimeout: number;
  readonly log: {
    readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
    readonly format: 'auto' | 'json' | 'text';
    readonly access: boolean;
    readonly query: boolean;
  };
  readonly metrics: { readonly maxSeries: number };
};

const duration = parsed(parseDurationMs, DURATION_FORM);
const listenAddress = parsed(
  (value) => (typeof value === 'string' ? parseListenAddress(value) : undefined),
  LISTEN_FORM,
);
const standsFor = parsed(parseTcp, "ADDRESS:PORT, *:PORT or PORT, as in Apache's Listen");
const port = parsed(parsePort, 'a port, 1 to 65535');
const isolation = oneOf(['as-configured', 'per-script', 'per-mount']);
const modWsgiVersion = parsed(parseVersion, '"4.9", "5" or "6"');

const listenerText = parsed(parseListenText, `BIND[,as=ADDRESS:PORT][,tls] where BIND is ${LISTEN_FORM}`);
const listenerObject = v.pipe(
  v.strictObject({ bind: listenAddress, as: v.optional(standsFor), tls: v.optional(flag, false) }),
  v.transform(({ bind, as, tls }): ListenSetting => ({ bind, ...(as === undefined ? {} : { as }), tls })),
);
/** By the kind of the input, so that a problem inside the long form is told where it is. */
const listener = v.lazy(
  (input): v.GenericSchema<unknown, ListenSetting> =>
    typeof input === 'string' ? listenerText : listenerObject,
);

const isolationOnly = section(v.strictObject({ isolation }));

/** The whole file. What has no `optional` here has a default in the table. */
const settingsSchema = v.strictObject(
  {
    apache: v.optional(text),
    sites: v.optional(v.unknown()),
    defines: texts('wanted a list of names'),
    modWsgiVersion,
    listen: v.optional(v.array(listener, 'wanted a list of listeners')),
    admin: section(
      v.strictObject({
        listen: parsed(
          parsePrivateAddress,
          'a loopback address and a port (127.0.0.1:9180, [::1]:9180, localhost:9180) or unix:/PATH: the admin side never faces a network',
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
    unresolved: parsed(parseUnresolved, '"legacy" or 404'),
    responseTimeout: duration,
    limits: limitSettings,
    unknownPort: oneOf(['fold', 'refuse', 'admit']),
    expandFromRequest: flag,
    groupsFrom: oneOf(['configuration', 'dispatch']),
    ports: v.array(port, 'wanted a list of ports'),
    maxGroups: wholeNumber(1),
    maxProcesses: wholeNumber(1),
    python: text,
    preload: flag,
    watch: flag,
    busyPoll: flag,
    groups: v.optional(section(v.record(v.string(), groupSettings)), {}),
    drainTimeout: duration,
    log: section(
      v.strictObject({
        level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
        format: oneOf(['auto', 'json', 'text']),
        access: flag,
        query: flag,
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
