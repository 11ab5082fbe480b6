/** mod_alias and WSGIScriptAlias: URL paths that are mapped to files or answered by a redirect. */
import type { Diagnostic } from '../apache/diagnostic.ts';
import type { Directive, SourcePosition } from '../apache/directive.ts';
import { leadingInteger } from '../c-integer.ts';
import { diagnose } from './diagnose.ts';
import type { StringExpression } from './expression.ts';
import { parseStringExpression } from './expression-parser.ts';
import type { AliasMemo } from './memo.ts';
import type { Mount } from './model.ts';
import { buildPathIndex, type PathIndex } from './path-index.ts';
import { compilePattern, type Pattern } from './regex.ts';
import type { Setting } from './scope.ts';
import { countFault, type Fault } from './word-forms.ts';

/** What an alias is compared with: a URL path, a pattern, or a pattern that cannot be translated. */
export type AliasMatch =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  | { readonly kind: 'unknown'; readonly rule: Diagnostic };

/** `Alias`, `AliasMatch`, `ScriptAlias…`, `Redirect…`. */
export type Alias = {
  readonly match: AliasMatch;
  /** File path or URL; undefined for a redirect that is a plain status, e.g. 410. */
  readonly real: string | undefined;
  /** Of redirects. */
  readonly status: number;
  /** `cgi-script` for ScriptAlias. */
  readonly handler: string | undefined;
  readonly position: SourcePosition;
  readonly title: string;
};

/** `Alias PATH` inside a `<Location>`. */
export type LocationAlias = {
  readonly target: StringExpression;
  /** The argument of the section. */
  readonly fake: string;
  readonly handler: string | undefined;
};

/** `Redirect [STATUS] [URL]` inside a section. */
export type LocationRedirect = { readonly target: StringExpression | undefined; readonly status: number };

/** `WSGIScriptAlias` or `WSGIScriptAliasMatch` with its options, and what requests have worked out for it. */
export type ScriptAlias = AliasMemo & {
  readonly mount: Mount;
  readonly match: AliasMatch;
  /** What `match` says where it is a path, at hand without waiting for it. */
  readonly path: string | undefined;
  readonly target: string;
  /** Whether the target may be a file as it stands: an absolute path without anything to resolve. */
  readonly isPlainTarget: boolean;
  /** Whether the URL paths that it takes, or the files that they lead to, are finitely many. */
  readonly isBounded: boolean;
  /** `%{GLOBAL}` is already the empty name. */
  readonly processGroup: Setting<string> | undefined;
  readonly applicationGroup: Setting<string> | undefined;
  readonly callableObject: string | undefined;
  readonly passAuthorization: boolean | undefined;
};

const noAliases: PathIndex<never> = buildPathIndex([], () => undefined);

/** Aliases in their order, and where to look first. */
export function indexAliases<T extends { readonly match: AliasMatch }>(entries: readonly T[]): PathIndex<T> {
  if (entries.length === 0) return noAliases;
  return buildPathIndex(entries, ({ match }) => (match.kind === 'path' ? match.path : undefined));
}

/** The match of an alias directive. */
export function aliasMatch(directive: Directive, text: string, isPattern: boolean): AliasMatch {
  if (!isPattern) return { kind: 'path', path: text };
  const pattern = compilePattern(text);
  if (!('error' in pattern)) return { kind: 'pattern', pattern };
  const message = `Cannot translate the pattern "${text}": ${pattern.error}`;
  return { kind: 'unknown', rule: diagnose(directive, 'error', 'pattern-not-understood', message) };
}

/** An `Alias` or `ScriptAlias` outside sections. */
export function parseAlias(directive: Directive, serverRoot: string): Alias {
  const [fake = '', real = ''] = directive.args;
  const isPattern = directive.key.endsWith('match');
  const position = directive.position;
  const handler = directive.key.startsWith('script') ? 'cgi-script' : undefined;
  const match = aliasMatch(directive, fake, isPattern);
  const path = isPattern ? real : absolutePath(serverRoot, real);
  return { match, real: path, status: 0, handler, position, title: `${directive.name} ${fake}` };
}

/** httpd `ap_server_root_relative()`. */
export function absolutePath(serverRoot: string, path: string): string {
  return path.startsWith('/') ? path : `${serverRoot.replace(/\/$/, '')}/${path}`;
}

/** An `Alias` or `ScriptAlias` with one argument inside a `<Location>`. */
export function parseLocationAlias(directive: Directive, fake: string): LocationAlias | Diagnostic {
  const text = directive.args[0] ?? '';
  const target = parseStringExpression(text);
  if ('error' in target) {
    return diagnose(
      directive,
      'error',
      'expression-not-understood',
      `Cannot compute "${text}": ${target.error}`,
    );
  }
  return { target, fake, handler: directive.key.startsWith('script') ? 'cgi-script' : undefined };
}

const redirectWords: Readonly<Record<string, number>> = {
  permanent: 301,
  temp: 302,
  seeother: 303,
  gone: 410,
};

/** The first argument of `Redirect` as a status, if it is one. */
function redirectStatus(word: string): number | undefined {
  return redirectWords[word.toLowerCase()] ?? (/^\d/.test(word) ? leadingInteger(word) : undefined);
}

/** `Redirect`, `RedirectMatch`, `RedirectTemp`, `RedirectPermanent` (mod_alias `add_redirect_internal()`). */
export function parseRedirect(
  directive: Directive,
  inSection: boolean,
): Alias | LocationRedirect | Diagnostic {
  const first = directive.args[0] ?? '';
  const given = redirectStatus(first);
  const fallback = directive.key === 'redirectpermanent' ? 301 : 302;
  const status = given ?? fallback;
  const isRedirect = status >= 300 && status < 400;
  const [fake, url] =
    given === undefined ? [first, directive.args[1]] : [directive.args[1], directive.args[2]];
  if (inSection) {
    const alone = given === undefined ? directive.args[1] === undefined : directive.args[2] === undefined;
    if (alone && isRedirect)
      return parseLocationRedirect(directive, (given === undefined ? first : fake) ?? '', status);
    if (alone && fake === undefined) return { target: undefined, status };
  }
  if (fake === undefined)
    return diagnose(directive, 'warning', 'redirect-incomplete', 'The redirect names no URL path');
  return {
    match: aliasMatch(directive, fake, directive.key === 'redirectmatch'),
    real: url,
    status,
    handler: undefined,
    position: directive.position,
    title: `${directive.name} ${fake}`,
  };
}

/** What Apache refuses of a `Redirect` and its kin (mod_alias `add_redirect_internal()`). */
export function redirectFault({ args, key }: Directive, isInside: boolean): Fault | undefined {
  const least = key === 'redirectmatch' ? 2 : 1;
  if (args.length < least || args.length > 3 || args[0] === '') return countFault(args, least, 3);
  const [first = '', second, third] = args;
  const status = redirectStatus(first);
  if (third !== undefined && status === undefined)
    return {
      message: `"${first}" is no status`,
      advice: 'Write permanent, temp, seeother, gone or a number',
    };
  const isRedirect = status === undefined || (status >= 300 && status < 400);
  if (isInside && third === undefined && isRedirect && (status === undefined) === (second === undefined))
    return undefined;
  const url = status === undefined ? second : third;
  if (!isRedirect)
    return url === undefined
      ? undefined
      : { message: `Status ${status} sends nowhere`, advice: `Leave out "${url}"` };
  if (url === undefined)
    return { message: 'Where to redirect to is missing', advice: 'Write a URL, or a path from / on' };
  const isTarget = key === 'redirectmatch' || url.startsWith('/') || /^[a-z0-9+.-]+:/i.test(url);
  return isTarget ? undefined : { message: `"${url}" is no URL`, advice: 'Write one, or a path from / on' };
}

function parseLocationRedirect(
  directive: Directive,
  text: string,
  status: number,
): LocationRedirect | Diagnostic {
  const target = parseStringExpression(text);
  if (!('error' in target)) return { target, status };
  return diagnose(
    directive,
    'error',
    'expression-not-understood',
    `Cannot compute "${text}": ${target.error}`,
  );
}
