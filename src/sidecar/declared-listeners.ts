/** Listeners of the settings, seen with the configuration: whether a virtual host expects what comes in by them. */
import { toBytes } from '../apache/bytes.ts';
import type { Diagnostic } from '../apache/diagnostic.ts';
import { renderAddress } from '../settings/address.ts';
import { type ListenSetting, renderListenAddress } from '../settings/forms.ts';
import type { Site } from '../site/model.ts';

/** What of a site says on which ports it is served. */
export type ServedPorts = Pick<Site, 'listeners' | 'virtualHosts' | 'addresses'>;

/** Listeners that stand for a port which neither a Listen nor a virtual host has: only the main server answers there. */
export function judgeListeners(
  listen: readonly ListenSetting[] | undefined,
  site: ServedPorts,
): Diagnostic[] {
  if (site.virtualHosts.length === 0) return [];
  return (listen ?? []).flatMap((setting) => {
    const port = portOf(setting);
    return port === undefined || isServed(port, site) ? [] : [finding(setting, port, site)];
  });
}

/** Undefined for a socket of systemd's, whose port is known when it is there; a Unix socket stands for 80 unless said. */
function portOf({ bind, as }: ListenSetting): number | undefined {
  if (as !== undefined) return as.port;
  if (bind.kind === 'systemd') return undefined;
  return bind.kind === 'tcp' ? bind.port : 80;
}

function isServed(port: number, { listeners, addresses }: ServedPorts): boolean {
  return (
    listeners.some((listener) => listener.port === port) ||
    [...addresses.chains.keys()].some((address) => address.endsWith(`:${port}`) || address.endsWith(':0'))
  );
}

function finding({ bind }: ListenSetting, port: number, { listeners }: ServedPorts): Diagnostic {
  const shown = renderListenAddress(bind);
  const [first] = listeners;
  const as =
    first === undefined
      ? '*:80'
      : renderAddress({ kind: 'tcp', host: first.address === '*' ? '' : first.address, port: first.port });
  return {
    severity: 'warning',
    id: 'listener-unexpected',
    message: toBytes(
      `Listener "${shown}" stands for port ${port}, which no Listen and no virtual host has: the main server alone answers there`,
    ),
    advice: toBytes(`Say for which Listen it stands: {bind: '${shown}', as: '${as}'}`),
  };
}
