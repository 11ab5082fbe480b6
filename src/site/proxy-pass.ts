/** `ProxyPass` and `ProxyPassMatch`: what Apache forwards before any alias is looked at (mod_proxy `proxy_trans()`). */
import type { Directive, SourcePosition } from '../apache/directive.ts';
import { type AliasMatch, aliasMatch } from './alias.ts';

/** A URL path that is forwarded, or with `!` kept from being. */
export type ProxyPass = {
  readonly match: AliasMatch;
  readonly isForwarded: boolean;
  readonly position: SourcePosition;
  readonly title: string;
};

/** A directive outside sections, or in a `<Location>` whose path is then the first argument. */
export function parseProxyPass(directive: Directive, location: string | undefined): ProxyPass {
  const words = directive.args.filter(
    (word) => !/^(?:interpolate|noquery|nocanon|mapping=\S+|\w+=.*)$/i.test(word),
  );
  const [path = '', target = ''] = location === undefined ? words : [location, words[0]];
  return {
    match: aliasMatch(directive, path, directive.key === 'proxypassmatch'),
    isForwarded: target !== '!',
    position: directive.position,
    title: `${directive.name} ${path}`,
  };
}
