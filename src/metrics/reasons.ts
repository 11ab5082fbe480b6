/**
 * Which counter a request's `reason` belongs to. The values of a label are a closed set:
 * a reason that is not listed counts in `requests_total` alone.
 */
import type { EndingLimit } from '../proxy/observation.ts';

/** `unknown_group_requests_total`: the request names no group that the configuration declares. */
export const UNKNOWN_GROUP_REASONS: ReadonlyMap<string, string> = new Map([
  ['bad_host', 'bad_host'],
  ['minted_port', 'minted_port'],
  ['from_request', 'from_request'],
  ['not_wsgi', 'no_alias'],
  ['group_limit', 'over_limit'],
  ['unresolved', 'unresolved'],
]);

/** `requests_rejected_total`: refused by a rule of the sidecar before an application saw it. */
export const REJECTED_REASONS: ReadonlyMap<string, string> = new Map([
  ['dup_host', 'dup_host'],
  ['bad_host', 'bad_host'],
  ['te_cl', 'te_cl'],
  ['te_http10', 'te_cl'],
  ['coding', 'te_cl'],
  ['repeated_header', 'repeated_header'],
  ['bad_request', 'bad_request'],
  ['request_timeout', 'request_timeout'],
  ['body_timeout', 'body_timeout'],
  ['body_rate', 'body_rate'],
  ['length_required', 'length_required'],
  ['chunk_extensions', 'chunk_extensions'],
  ['header_too_big', 'header_too_big'],
  ['target', 'target'],
  ['encoded_slash', 'encoded_slash'],
  ['body_too_large', 'body_too_large'],
  ['http_version', 'http_version'],
  ['connect', 'connect'],
  ['expectation', 'expectation'],
  ['method', 'method'],
  ['access_control', 'access_control'],
  ['forbidden', 'access_control'],
  ['process_limit', 'process_limit'],
  ['queue_full', 'queue_full'],
  ['queue_timeout', 'queue_timeout'],
  ['max_connections', 'max_connections'],
  ['max_connections_per_address', 'max_connections_per_address'],
  ['web_socket_limit', 'web_socket_limit'],
]);

/** `connections_ended_total`: a limit has ended the connection of a client that was served. */
export const END_REASONS: readonly EndingLimit[] = [
  'body_rate',
  'keep_alive_timeout',
  'requests_per_connection',
  'send_timeout',
  'web_socket_timeout',
];

/** `upstream_errors_total`: a group process did not answer, or not wholly. */
export const UPSTREAM_ERROR_REASONS: ReadonlyMap<string, string> = new Map([
  ['upstream_connect', 'connect_refused'],
  ['upstream_timeout', 'timeout'],
  ['upstream_truncated', 'truncated'],
  ['upstream_invalid', 'invalid_response'],
]);
