/**
 * A configuration rewritten so that it runs beside the real server and harms nothing: only what decides on names, every file below a
 * folder of its own, loopback addresses, own pid file, logs, locks and sockets. Pure: text in, text out.
 */
import type { Directive, DirectiveNode, Section } from '../apache/directive.ts';
import { readWord } from '../apache/lexer.ts';
import type { LoadedModule } from '../apache/modules.ts';
import type { Site, VirtualHost } from '../site/model.ts';
import { parseArguments } from '../site/rewrite-parser.ts';
import { copiedModules, copiedSections, copyRule } from './copy-rules.ts';
import { quoteWord, renderDirectives } from './directive-text.ts';
import { type Door, type DoorMap, mapHostAddress } from './doors.ts';

/** What a copy is made of. Byte strings. */
export type CopySource = {
  readonly tree: readonly DirectiveNode[];
  readonly site: Site;
  readonly modules: ReadonlyMap<string, LoadedModule>;
  readonly serverRoot: string;
};

/** Where a copy lives. */
export type CopyPlace = {
  /** Its ServerRoot; `run` is in it. */
  readonly folder: string;
  /** The folder that stands for `/`: absolute, without a slash at its end. */
  readonly mirror: string;
  readonly doors: readonly Door[];
  readonly map: DoorMap;
  /** Whether User and Group have effect. */
  readonly isRoot: boolean;
  /** Whether something exists at an absolute path of the original, for substitutions of RewriteRule. */
  readonly exists: (path: string) => boolean;
};

type Copying = CopySource & CopyPlace & { readonly host: VirtualHost };

/** The text of the private copy. */
export function privateCopy(source: CopySource, place: CopyPlace): string {
  const { virtualHosts, main } = source.site;
  let hosts = 0;
  const nodes = source.tree.flatMap((node) => {
    const isHost = node.kind === 'section' && node.key === 'virtualhost';
    // By number: those that a macro makes have one position.
    const host = isHost ? virtualHosts[hosts++] : main;
    return host === undefined ? [] : copyNode(node, { ...source, ...place, host });
  });
  return [...prelude(source, place), renderDirectives(nodes), ...guards(place)].join('\n');
}

function prelude({ modules, serverRoot }: CopySource, { folder, doors, map }: CopyPlace): string[] {
  const loads = [...modules.values()]
    .filter(({ symbol, file }) => file !== undefined && copiedModules.has(symbol))
    .map(({ symbol, file = '' }) => `LoadModule ${symbol} ${quoteWord(absolute(serverRoot, file))}`);
  const listens = doors.map(({ address, port }) => `${map.addresses.get(address)}:${map.ports.get(port)}`);
  const workers = modules.has('mpm_prefork_module')
    ? ['MaxRequestWorkers 1']
    : ['ThreadsPerChild 2', 'MinSpareThreads 1', 'MaxSpareThreads 2', 'MaxRequestWorkers 2'];
  return [
    `ServerRoot ${quoteWord(folder)}`,
    `DefaultRuntimeDir ${quoteWord(`${folder}/run`)}`,
    `PidFile ${quoteWord(`${folder}/run/httpd.pid`)}`,
    `Mutex ${quoteWord(`file:${folder}/run`)} default`,
    ...loads,
    ...[...new Set(listens)].map((address) => `Listen ${address}`),
    'ServerLimit 1',
    'StartServers 1',
    ...workers,
    'KeepAlive Off',
    'Timeout 20',
    `ErrorLog ${quoteWord(`${folder}/run/error.log`)}`,
    'LogLevel warn',
    ...(modules.has('wsgi_module') ? [`WSGISocketPrefix ${quoteWord(`${folder}/run/wsgi`)}`] : []),
    ...(modules.has('mime_module') ? ['TypesConfig /dev/null'] : []),
    '',
  ];
}

/** After all: nothing outside the mirrored files answers, whatever a rewriting says. */
function guards({ mirror }: CopyPlace): string[] {
  return [
    '<Directory "/">',
    '  AllowOverride None',
    '  Require all denied',
    '</Directory>',
    `<Directory ${quoteWord(mirror)}>`,
    '  AllowOverride None',
    '  Require all granted',
    '</Directory>',
    '',
  ];
}

function copyNode(node: DirectiveNode, copying: Copying): DirectiveNode[] {
  return node.kind === 'section' ? copySection(node, copying) : copyDirective(node, copying);
}

function copySection(section: Section, copying: Copying): DirectiveNode[] {
  const kind = copiedSections[section.key];
  const text = kind === undefined ? undefined : sectionText(section, kind, copying);
  if (text === undefined) return [];
  return [{ ...section, text, children: section.children.flatMap((child) => copyNode(child, copying)) }];
}

function sectionText(
  { args, text }: Section,
  kind: (typeof copiedSections)[string],
  { map, mirror, host }: Copying,
): string | undefined {
  if (kind === 'as-is') return text;
  if (kind === 'hosts') {
    const addresses = host.addresses.map(({ address, port }) => mapHostAddress(map, address, port));
    return [...new Set(addresses)].join(' ') || undefined;
  }
  const isTilde = args[0] === '~';
  const argument = isTilde ? args[1] : args[0];
  if (argument === undefined) return undefined;
  if (!isTilde && kind === 'path') return quoteWord(mirrored(mirror, argument));
  // An anchored pattern is anchored below the mirror; one that is not matches there too.
  const pattern = argument.startsWith('^') ? `^${escapePattern(mirror)}${argument.slice(1)}` : argument;
  return `${isTilde ? '~ ' : ''}${quoteWord(pattern)}`;
}

function copyDirective(directive: Directive, copying: Copying): DirectiveNode[] {
  const { key } = directive;
  const rule = copyRule(key);
  const changed = (text: string | undefined): DirectiveNode[] =>
    text === undefined ? [] : [{ ...directive, text }];
  switch (rule) {
    case 'keep':
      return !copying.isRoot && (key === 'user' || key === 'group') ? [] : [directive];
    case 'first-path':
      return changed(withPath(directive, 0, copying));
    case 'second-path':
      return changed(withPath(directive, directive.args.length === 1 ? 0 : 1, copying));
    case 'server-name':
      return changed(serverName(directive, copying));
    case 'daemon-process':
      return changed(`${quoteWord(readWord(directive.text).word)} processes=1 threads=2 home=/`);
    case 'rewrite-rule':
      return changed(rewriteRule(directive, copying));
    case 'rewrite-map':
      return changed(rewriteMap(directive, copying));
    default:
      return (rule satisfies undefined) ?? [];
  }
}

/** The text with one word led into the mirror; what follows stays as written, because mod_wsgi reads its options in its own way. */
function withPath({ text }: Directive, at: number, { mirror, serverRoot }: Copying): string {
  const words: string[] = [];
  let rest = text;
  for (let index = 0; index <= at; index += 1) {
    const { word, next } = readWord(rest);
    words.push(quoteWord(index === at ? mirrored(mirror, absolute(serverRoot, word)) : word));
    rest = rest.slice(next);
  }
  return `${words.join(' ')} ${rest.trim()}`.trim();
}

/** The copy speaks no TLS: the scheme of a ServerName stands for SSLEngine (httpd `ap_http_scheme()`). */
function serverName({ args }: Directive, { host }: Copying): string {
  const name = args[0] ?? '';
  return quoteWord(host.scheme === 'https' && !name.includes('://') ? `https://${name}` : name);
}

/** A substitution that is a path of a file (mod_rewrite `prefix_stat()`) leads into the mirror. */
function rewriteRule({ text }: Directive, { mirror, exists }: Copying): string {
  const [pattern = '', substitution = '', flags = ''] = parseArguments(text);
  const first = /^\/[^/$%]+/.exec(substitution)?.[0];
  const isFile = first !== undefined && !/\bPT\b|passthrough/i.test(flags) && exists(first);
  // mod_rewrite takes backslashes as they stand, so what need not change stays as it is written.
  if (!isFile) return text;
  return [pattern, mirror + substitution, flags].map(quoteArgument).join(' ');
}

function quoteArgument(word: string): string {
  return /\s/.test(word) ? `"${word}"` : word;
}

/** A map in a program is left out: nothing of the operator's is run. */
function rewriteMap({ args }: Directive, { serverRoot }: Copying): string | undefined {
  const [name = '', source = ''] = args;
  const [, kind, path = ''] = /^(txt|rnd|int):(.*)$/s.exec(source) ?? [];
  if (kind === undefined) return undefined;
  const place = kind === 'int' ? path : absolute(serverRoot, path);
  return `${quoteWord(name)} ${quoteWord(`${kind}:${place}`)}`;
}

function absolute(serverRoot: string, path: string): string {
  return path.startsWith('/') || path.includes('%{') ? path : `${serverRoot.replace(/\/$/, '')}/${path}`;
}

function mirrored(mirror: string, path: string): string {
  if (path === '/') return mirror;
  return path.startsWith('/') ? mirror + path : path;
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, (character) => `\\${character}`);
}
