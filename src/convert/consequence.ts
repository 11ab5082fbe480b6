/** What it means for an operator that a directive is not carried over, by family. */
import type { DirectiveNode } from '../apache/directive.ts';

/** `loss` asks for a decision; `note` is nothing that requests could tell. */
export type Consequence = { readonly weight: 'loss' | 'note'; readonly text: string };

type Family = Consequence & { readonly names: RegExp };

const loss = (names: RegExp, text: string): Family => ({ weight: 'loss', text, names });
const note = (names: RegExp, text: string): Family => ({ weight: 'note', text, names });

/** The first that matches counts. */
const families: readonly Family[] = [
  loss(
    /^(?:auth(?!merging)|anonymous|ldap|gssapi|krb|wsgi(?:auth|user|group)|authzsend|<auth[nz]provider)/,
    'Logins are not checked here: what wants one is refused until a front checks it ("accessControl: front")',
  ),
  loss(
    /^(?:proxy|balancer|allowconnect|reflector|<proxy|sslproxy|noproxy|action$|script$|dav|fcgid|passenger|cgi|php|jk|<lua|lua|setinputfilter)/,
    'Apache answers there by other means, which the sidecar has not: such requests get 404, or go to "legacy"',
  ),
  loss(
    /^(?:header$|expires|addoutputfilter|setoutputfilter|removeoutputfilter|filter|substitute|proxyhtml|cache(?!negotiated)|session|ssi|xbithack|extfilter|charset(?:source|default|options)|meta(?:files|dir|suffix)|ratelimit|deflate|brotli|addinputfilter|removeinputfilter|asis|inputsed|outputsed|xml2|buffersize|keptbody|mergetrailers)/,
    'Answers are passed on as the application gives them: set headers, compress and filter in the application or in a front',
  ),
  loss(
    /^requestheader$/,
    'Headers of requests reach the application as the client sent them: change them in a front',
  ),
  loss(/^(?:sec|evasive|dos|qos_|<qos)/, 'Requests are no longer filtered: keep a front that does'),
  loss(
    /^remoteip/,
    'The client\'s address comes from "trustedProxies" of the settings: name your front there',
  ),
  loss(
    /^regexdefaultoptions$/,
    "Patterns are read with Apache's default options: write others into the patterns",
  ),
  loss(/^qualifyredirecturl$/, 'Redirects to paths are sent as absolute URLs or not as by default'),
  loss(/^(?:ssl|md)/, 'The sidecar does not end TLS: the front that does needs it'),
  note(
    /^(?:(?:error|custom|transfer|forensic|cookie|script|global)log|log(?:format|level|message|io)|errorlogformat|bufferedlogs|scriptlog|scriptsock|dumpio|hostnamelookups|identitycheck|extendedstatus|proxystatus|seerequesttail|wsgiverbose)/,
    'The sidecar writes its own log (settings "log")',
  ),
  note(
    /^(?:startservers|serverlimit|(?:min|max)spare|threadlimit|threadstacksize|max(?:connections|requests)perchild|async|pidfile|mutex|scoreboard|coredump|maxmemfree|enableexception|graceful|accept(?:filter|mutex)|listen|receivebuffer|sendbuffer|keepalive|maxkeepalive|timeout|rlimit|watchdog|enablemmap|enablesendfile|readbuffer|flushmax|chrootdir|suexec|protocols?|h2|heartbeat)/,
    "Apache's own processes and connections: the sidecar has settings of its own",
  ),
  note(
    /^(?:limit(?:request|xml|internal)|requestreadtimeout|max(?:ranges|range))/,
    "Limits on requests: the sidecar's own hold",
  ),
  note(
    /^(?:allowoverride|accessfilename)/,
    'The sidecar reads no ".htaccess" files: what they set must stand here',
  ),
  note(
    /^(?:index|fancyindexing|addicon|addalt|adddescription|defaulticon|headername|readmename|imap)/,
    'The sidecar lists no folders',
  ),
  note(
    /^(?:typesconfig|mimemagic|adddefaultcharset|defaultlanguage|defaulttype|fileetag|contentdigest|languagepriority|forcelanguage|cachenegotiated|multiviewsmatch|modmime)/,
    'Types and encodings of files come from the sidecar itself',
  ),
  note(
    /^(?:server(?:signature|tokens|path)|namevirtualhost|acceptpathinfo|cookie|addmoduleinfo|check(?:spelling|basename|case)|registerhttp|dbd|memcache|redis|modem|mmapfile|cachefile|macro|port$|error$)/,
    'Has no effect on requests to applications',
  ),
  note(/^wsgi/, "Belongs to mod_wsgi's own processes, which the sidecar replaces"),
];

/** The consequence of leaving a directive out. */
export function consequenceOf(node: DirectiveNode): Consequence {
  const name = node.kind === 'section' ? `<${node.key}` : node.key;
  const known = families.find(({ names }) => names.test(name));
  if (known !== undefined) return { weight: known.weight, text: known.text };
  return { weight: 'loss', text: 'The sidecar does not know it: what it changes is not changed any more' };
}
