/** The methods that Apache knows by name; the others it passes on as they are, but answers 501 where a file or `RegisteredMethods` is asked. */
import type { DirectiveNode } from '../apache/directive.ts';

/** httpd's own methods (`ap_method_registry_init()`), in the only case that counts. */
const OWN =
  `GET HEAD PUT POST DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK
VERSION-CONTROL CHECKOUT UNCHECKOUT CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY BASELINE-CONTROL MERGE`.split(
    /\s+/,
  );

/** mod_dav's (`dav_init_handler()`), which it adds when all has been read: no directive can name them. */
const OF_DAV = ['BIND', 'SEARCH'];

/** Those that directives can name. */
export function namedMethods(tree: readonly DirectiveNode[]): ReadonlySet<string> {
  return new Set([...OWN, ...addedMethods(tree)]);
}

/** Those that requests can have; no modules are all of them. */
export function registeredMethods(
  tree: readonly DirectiveNode[],
  modules: ReadonlySet<string>,
): ReadonlySet<string> {
  const hasDav = modules.size === 0 || modules.has('dav_module');
  return new Set([...namedMethods(tree), ...(hasDav ? OF_DAV : [])]);
}

/** The sections that the sidecar reads. */
const SECTION =
  /^(?:virtualhost|(?:directory|location|files)(?:match)?|if|elseif|else|limit|limitexcept|require(?:all|any|none))$/;

/** `<Limit>` makes a method known, too (httpd `ap_limit_section()`), and may stand in places, where RegisterHttpMethod may not. */
function addedMethods(tree: readonly DirectiveNode[], isPlace = false): readonly string[] {
  return tree.flatMap((node) => {
    if (node.kind === 'section') {
      if (!SECTION.test(node.key)) return [];
      const named = node.key === 'limit' || node.key === 'limitexcept' ? node.args : [];
      return [...named, ...addedMethods(node.children, isPlace || node.key !== 'virtualhost')];
    }
    return node.key === 'registerhttpmethod' && !isPlace ? node.args : [];
  });
}
