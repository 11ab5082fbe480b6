/** URL paths as httpd processes them: `ap_normalize_path()`, `ap_unescape_url_ex()`, `ap_no2slash()`. */

/** A path, or the status that ends the request. */
export type PathResult = { readonly path: string } | { readonly status: 400 | 404; readonly message: string };

/** The options of a virtual host that change paths. */
export type PathOptions = {
  readonly mergeSlashes: boolean;
  readonly encodedSlashes: 'off' | 'on' | 'nodecode';
};

/** Most paths need no work at all. */
const special = /%|\/\/|\/\./;

/** From the path of a request target to `r->uri`. */
export function processPath(raw: string, options: PathOptions): PathResult {
  if (!special.test(raw)) return raw.startsWith('/') || raw === '*' ? { path: raw } : invalid(raw);
  const normalized = normalizePath(raw, options.mergeSlashes);
  if (normalized === undefined) return invalid(raw);
  const unescaped = unescapePath(normalized, options.encodedSlashes);
  if ('status' in unescaped || options.encodedSlashes !== 'on') return unescaped;
  // Decoded slashes may have made new segments; above the root Apache now just stays there.
  return { path: resolveSegments(unescaped.path, options.mergeSlashes).path };
}

function invalid(raw: string): PathResult {
  return { status: 400, message: `The path "${raw}" is invalid` };
}

const unreserved = /[A-Za-z0-9\-._~]/;

/** Decodes what needs no escape, drops `.` and resolves `..`; undefined for a path above the root or with a bad escape. */
function normalizePath(raw: string, mergeSlashes: boolean): string | undefined {
  if (!raw.startsWith('/')) return raw === '*' ? raw : undefined;
  if (/%(?![0-9A-Fa-f]{2})/.test(raw)) return undefined;
  const text = raw.replace(/%([0-9A-Fa-f]{2})/g, (whole, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return unreserved.test(char) ? char : whole;
  });
  const resolved = resolveSegments(text, mergeSlashes);
  return resolved.isAboveRoot ? undefined : resolved.path;
}

function resolveSegments(
  text: string,
  mergeSlashes: boolean,
): { readonly path: string; readonly isAboveRoot: boolean } {
  let path = '/';
  let isAboveRoot = false;
  let at = 1;
  while (at < text.length) {
    if (mergeSlashes && text[at] === '/' && path.endsWith('/')) {
      at += 1;
      continue;
    }
    const dots = path.endsWith('/') ? /^\.\.?(?=\/|$)/.exec(text.slice(at, at + 3))?.[0] : undefined;
    if (dots !== undefined) {
      if (dots === '..' && path === '/') isAboveRoot = true;
      if (dots === '..') path = path.slice(0, path.lastIndexOf('/', path.length - 2) + 1) || '/';
      at += dots.length + 1;
      continue;
    }
    const next = text.indexOf('/', at);
    const end = next === -1 ? text.length : next + 1;
    path += text.slice(at, end);
    at = end;
  }
  return { path, isAboveRoot };
}

function unescapePath(path: string, encodedSlashes: PathOptions['encodedSlashes']): PathResult {
  if (!path.includes('%')) return { path };
  let isForbidden = false;
  const text = path.replace(/%([0-9A-Fa-f]{2})/g, (whole, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    if (char === '\0' || (char === '/' && encodedSlashes === 'off')) isForbidden = true;
    const isKept = unreserved.test(char) || (char === '/' && encodedSlashes === 'nodecode');
    return isKept ? whole : char;
  });
  if (isForbidden)
    return { status: 404, message: 'The path holds an encoded slash or NUL, which Apache does not look up' };
  return { path: text };
}

/** Runs of slashes as one. */
export function mergeSlashes(path: string): string {
  return path.includes('//') ? path.replace(/\/{2,}/g, '/') : path;
}

/** Whether an absolute path has neither doubled slashes nor names that begin with a dot, so that nothing is to be done. */
export function isCanonical(path: string): boolean {
  return !/\/[/.]/.test(path);
}

/** `apr_filepath_merge()` of an absolute path: one slash each, no `.` and `..`; a final slash stays. */
export function canonicalFilename(filename: string): string {
  if (isCanonical(filename)) return filename;
  const segments: string[] = [];
  for (const segment of filename.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const slash = /\/\.{0,2}$/.test(filename) && segments.length > 0 ? '/' : '';
  return `/${segments.join('/')}${slash}`;
}
