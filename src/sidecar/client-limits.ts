/** The limits of clients in force: the settings, and Apache's own numbers where they say nothing. */
import { FRONT_LIMITS, type FrontLimits } from '../proxy/limits.ts';
import type { LimitSettings } from '../settings/limits.ts';
import type { RequestLimits } from '../site/model.ts';

/** Settings before directives before Apache's defaults. */
export function clientLimits(settings: LimitSettings, apache: RequestLimits): FrontLimits {
  const { head } = FRONT_LIMITS;
  return {
    head: {
      requestLineBytes: settings.requestLine ?? apache.lineBytes ?? head.requestLineBytes,
      headers: settings.headers ?? apache.fields ?? head.headers,
      headerFieldBytes: settings.headerField ?? apache.fieldBytes ?? head.headerFieldBytes,
    },
    headBytes: settings.head,
    headTimeoutMs: settings.headTimeout,
    bodyBytes: settings.body,
    bodyTimeoutMs: settings.bodyTimeout,
    bodyMinRate: settings.bodyMinRate,
    sendTimeoutMs: settings.sendTimeout,
    spool: {
      memoryBytes: settings.spoolMemory,
      memoryTotalBytes: settings.spoolMemoryTotal,
      fileBytes: settings.spoolFile,
      fileTotalBytes: settings.spoolFileTotal,
    },
    keepAliveTimeoutMs: settings.keepAliveTimeout,
    requestsPerConnection: settings.requestsPerConnection,
    connections: settings.connections,
    connectionsPerAddress: settings.connectionsPerAddress,
    webSockets: settings.webSockets,
    webSocketTimeoutMs: settings.webSocketTimeout,
  };
}
