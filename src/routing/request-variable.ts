/** The variables `%{NAME}` of expressions and of mod_rewrite, for a request. */
import { documentRootOf } from './document-root.ts';
import { headerValue } from './headers.ts';
import type { RequestState } from './request-state.ts';
import { serverName, serverPort } from './server-port.ts';

const headerNames: Readonly<Record<string, string>> = {
  HTTP_ACCEPT: 'accept',
  HTTP_COOKIE: 'cookie',
  HTTP_FORWARDED: 'forwarded',
  HTTP_HOST: 'host',
  HTTP_PROXY_CONNECTION: 'proxy-connection',
  HTTP_REFERER: 'referer',
  HTTP_USER_AGENT: 'user-agent',
};

/** The value of a variable by its upper-case name; empty where it has none. */
export function requestVariable(state: RequestState, name: string): string {
  const header = headerNames[name];
  if (header !== undefined)
    return hostOverride(state, header) ?? headerValue(state.input.rawHeaders, header) ?? '';
  const { host, input } = state;
  switch (name) {
    case 'REQUEST_METHOD':
      return state.method;
    case 'REQUEST_SCHEME':
      return host.scheme;
    case 'REQUEST_URI':
    case 'DOCUMENT_URI':
      return state.uri;
    case 'REQUEST_FILENAME':
    case 'SCRIPT_FILENAME':
      return state.filename ?? '';
    case 'PATH_INFO':
      return state.pathInfo;
    case 'QUERY_STRING':
      return state.args ?? '';
    case 'DOCUMENT_ROOT':
      return documentRootOf(state);
    case 'SERVER_NAME':
      return serverName({ host, scope: state.scope, hostname: state.hostname });
    case 'SERVER_PORT':
      return String(serverPort({ ...state, localPort: input.localPort }));
    case 'SERVER_ADMIN':
      return host.serverAdmin;
    case 'SERVER_ADDR':
      return input.localAddress;
    case 'REMOTE_ADDR':
    case 'CONN_REMOTE_ADDR':
      return input.remoteAddress;
    case 'HTTPS':
      return input.tls ? 'on' : 'off';
    case 'IPV6':
      return input.remoteAddress.includes(':') ? 'on' : 'off';
    case 'IS_SUBREQ':
      return state.isSubrequest ? 'true' : 'false';
    case 'HANDLER':
      return state.handler ?? '';
    case 'CONTEXT_PREFIX':
      return state.context?.prefix ?? '';
    case 'CONTEXT_DOCUMENT_ROOT':
      return state.context?.root ?? documentRootOf(state);
    default:
      return protocolVariable(state, name);
  }
}

function protocolVariable({ input }: RequestState, name: string): string {
  const protocol = `HTTP/1.${input.minorVersion}`;
  switch (name) {
    case 'THE_REQUEST':
      return `${input.method} ${input.target} ${protocol}`;
    case 'SERVER_PROTOCOL':
      return protocol;
    case 'SERVER_PROTOCOL_VERSION':
      return String(1000 + input.minorVersion);
    case 'SERVER_PROTOCOL_VERSION_MAJOR':
      return '1';
    case 'SERVER_PROTOCOL_VERSION_MINOR':
      return String(input.minorVersion);
    default:
      return '';
  }
}

/** With an absolute-form target Apache replaces the `Host` header by the target's host (`construct_host_header()`). */
function hostOverride(state: RequestState, header: string): string | undefined {
  if (header !== 'host' || state.targetHost === undefined) return undefined;
  return headerValue(state.input.rawHeaders, 'host') === undefined ? undefined : state.targetHost;
}
