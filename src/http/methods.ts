/** The methods that are known to be ones: those of IANA's registry that are in use, and what older clients of files and media send. */
export const METHODS: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PATCH', 'QUERY'],
  // WebDAV and its kin: RFC 3253, 3648, 3744, 4437, 4791, 4918, 5323, 5842.
  ...['ACL', 'BIND', 'CHECKOUT', 'COPY', 'LOCK', 'MERGE', 'MKACTIVITY', 'MKCALENDAR', 'MKCOL', 'MOVE'],
  ...['PROPFIND', 'PROPPATCH', 'REBIND', 'REPORT', 'SEARCH', 'UNBIND', 'UNLOCK', 'LINK', 'UNLINK'],
  ...['M-SEARCH', 'NOTIFY', 'SUBSCRIBE', 'UNSUBSCRIBE', 'PURGE', 'SOURCE'],
]);
