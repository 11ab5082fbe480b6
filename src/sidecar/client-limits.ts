/** The limits of clients in force: the settings, and Apache's own numbers where they say nothing. */
import { FRONT_LIMITS, type FrontLimits, type WebSocketLimits } from '../proxy/limits.ts';
import type { GroupIdentity } from '../routing/group-key.ts';
import type { LimitSettings } from '../settings/limits.ts';
import type { Settings } from '../settings/load.ts';
import type { RequestLimits } from '../site/model.ts';
import { timerMs } from '../timer-ms.ts';
import { settingsFor } from './planner.ts';

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
    headTimeoutMs: timerMs(settings.headTimeout),
    bodyBytes: settings.body,
    bodyTimeoutMs: timerMs(settings.bodyTimeout),
    bodyMinRate: settings.bodyMinRate,
    sendTimeoutMs: timerMs(settings.sendTimeout),
    spool: {
      memoryBytes: settings.spoolMemory,
      memoryTotalBytes: settings.spoolMemoryTotal,
      fileBytes: settings.spoolFile,
      fileTotalBytes: settings.spoolFileTotal,
    },
    keepAliveTimeoutMs: timerMs(settings.keepAliveTimeout),
    requestsPerConnection: settings.requestsPerConnection,
    connections: settings.connections,
    connectionsPerAddress: settings.connectionsPerAddress,
    webSockets: settings.webSockets,
    webSocketTimeoutMs: timerMs(settings.webSocketTimeout),
  };
}

/** What a group's own settings and those of all groups say of its WebSocket connections. */
export function webSocketLimits(groups: Settings['groups'], identity: GroupIdentity): WebSocketLimits {
  const own = { ...groups.defaults, ...settingsFor(groups, identity) };
  return {
    ...(own.webSockets === undefined ? {} : { count: own.webSockets }),
    ...(own.webSocketTimeout === undefined ? {} : { timeoutMs: timerMs(own.webSocketTimeout) }),
  };
}
