/** The methods that Apache knows by itself. */

/** httpd's own methods (`ap_method_registry_init()`), in the only case that counts; RegisterHttpMethod adds to them. */
export const registeredMethods: ReadonlySet<string> = new Set(
  `GET HEAD PUT POST DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK
VERSION-CONTROL CHECKOUT UNCHECKOUT CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY BASELINE-CONTROL MERGE`.split(
    /\s+/,
  ),
);
