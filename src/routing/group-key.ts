/**
 * The key of a group: mod_wsgi's interpreter is the pair (process group, application group);
 * `isolation` may add the script or the mount as a third part (DESIGN: "The group process").
 */

/** What a key is made of. The empty strings are mod_wsgi's own: embedded mode and the main interpreter. */
export type GroupIdentity = {
  readonly processGroup: string;
  readonly applicationGroup: string;
  /**
   * Present where `isolation` parts what one name puts together; `dispatch` is no group of applications but the helper that
   * runs a dispatch script (`groupsFrom: dispatch`), whose `applicationGroup` is the template of its interpreter.
   */
  readonly part?:
    | { readonly kind: 'script' | 'dispatch'; readonly script: string }
    | { readonly kind: 'mount'; readonly mount: string };
};

/** An injective rendering of a `GroupIdentity`; made only by `groupKey`. */
export type GroupKey = string & { readonly __brand: 'GroupKey' };

/** Two identities have the same key exactly when all their parts are equal. */
export function groupKey(identity: GroupIdentity): GroupKey {
  const { processGroup, applicationGroup, part } = identity;
  if (part === undefined) return `[${quote(processGroup)},${quote(applicationGroup)}]` as GroupKey;
  const parts: string[] = [processGroup, applicationGroup];
  if (part !== undefined) parts.push(part.kind, part.kind === 'mount' ? part.mount : part.script);
  return JSON.stringify(parts) as GroupKey;
}

/** As `JSON.stringify` has it; names seldom need more than quotes. */
function quote(text: string): string {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 32 || code === 34 || code === 92 || code > 255) return JSON.stringify(text);
  }
  return `"${text}"`;
}

/** mod_wsgi's empty names as Apache's configuration spells them, for people, logs and metric labels. */
export function displayName(name: string): string {
  return name === '' ? '%{GLOBAL}' : name;
}
