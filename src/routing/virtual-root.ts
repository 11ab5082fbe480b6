/** mod_vhost_alias: a document root for each name (`mva_translate()`, `vhost_alias_interpolate()`). */
import type { VirtualRoot } from '../site/virtual-root.ts';
import type { RequestState } from './request-state.ts';
import { serverName, serverPort } from './server-port.ts';

/** Places the path below the root of the request's name or address; false where no such root is in force. */
export function placeByVirtualRoot(state: RequestState): boolean {
  const { host, uri } = state;
  const isScript = uri.startsWith('/cgi-bin/') && isSet(host.virtualScripts);
  const root = isScript ? host.virtualScripts : host.virtualRoot;
  if (!uri.startsWith('/') || !isSet(root)) return false;
  const folder = fillRoot(state, root);
  state.filename = folder + (isScript ? uri.slice('/cgi-bin'.length) : uri);
  state.documentRoot = folder;
  state.context = { prefix: '', root: folder };
  if (isScript) {
    state.handler = 'cgi-script';
    state.forcedType = 'cgi-script';
  }
  state.trace?.({ step: 'mount', text: `"${root.map}" makes DocumentRoot "${folder}"` });
  return true;
}

function isSet(root: VirtualRoot | undefined): root is VirtualRoot {
  return root !== undefined && root.by !== 'none';
}

const piece = /%(?:(%)|(p)|(-?)(\d)(\+?)(?:\.(-?)(\d)(\+?))?)/g;

function fillRoot(state: RequestState, { by, map }: VirtualRoot): string {
  const { host, scope, hostname, requestPort, input } = state;
  const { localPort } = input;
  const name = by === 'address' ? input.localAddress : serverName({ host, scope, hostname });
  const filled = map.replace(piece, (...match: readonly string[]) => {
    const [, percent, port, minus, part, plus, charMinus, char, charPlus] = match;
    if (percent !== undefined) return '%';
    if (port !== undefined) return String(serverPort({ host, scope, hostname, requestPort, localPort }));
    const parts = name.split('.');
    const ofName = choose(parts, { minus, count: Number(part), plus });
    const chosen = ofName === undefined ? '_' : ofName.join('.');
    const ofPart = choose([...chosen], { minus: charMinus, count: Number(char ?? 0), plus: charPlus });
    return (ofPart === undefined ? '_' : ofPart.join('')).toLowerCase();
  });
  return filled.endsWith('/') ? filled.slice(0, -1) : filled;
}

type Choice = {
  readonly minus: string | undefined;
  /** From 1; 0 is everything. */
  readonly count: number;
  readonly plus: string | undefined;
};

/** One element, from the front or the back, or all from there on; undefined where there are not so many. */
function choose<T>(all: readonly T[], { minus, count, plus }: Choice): readonly T[] | undefined {
  if (count === 0) return all;
  if (count > all.length) return undefined;
  if (minus === '-') return all.slice(plus === '+' ? 0 : all.length - count, all.length - count + 1);
  return all.slice(count - 1, plus === '+' ? undefined : count);
}
