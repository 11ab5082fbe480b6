/** Wildcards in the arguments of sections (`apr_fnmatch()` with APR_FNM_PATHNAME): `*` and `?` stop at `/`. */

/** A compiled wildcard. */
export type PathWildcard = { readonly source: string; readonly regexp: RegExp };

/** A wildcard over the whole of a text; `crossesSlashes` is `apr_fnmatch()` without APR_FNM_PATHNAME. */
export function compileWildcard(source: string, crossesSlashes = false): PathWildcard {
  let text = '';
  for (let at = 0; at < source.length; at += 1) {
    const char = source.charAt(at);
    const set = char === '[' ? /^\[([!^]?)(\]?[^\]]*)\]/.exec(source.slice(at)) : null;
    if (char === '*') text += crossesSlashes ? '.*' : '[^/]*';
    else if (char === '?') text += crossesSlashes ? '.' : '[^/]';
    else if (set !== null) {
      at += set[0].length - 1;
      const body = (set[2] as string).replace(/[\\[\]^]/g, '\\$&');
      text += `${crossesSlashes ? '' : '(?!/)'}[${set[1] === '' ? '' : '^'}${body}]`;
    } else {
      if (char === '\\' && at + 1 < source.length) at += 1;
      text += literal(source.charAt(at));
    }
  }
  return { source, regexp: new RegExp(`^${text}$`, 's') };
}

function literal(char: string): string {
  return /[\w/]/.test(char) ? char : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
