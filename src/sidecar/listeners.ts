/** Which listeners to open: those of the settings, or Apache's own `Listen`s as they are. */
import { SidecarError } from '../errors.ts';
import { parseStandsFor } from '../proxy/bind-address.ts';
import type { StandsFor } from '../proxy/peer.ts';
import { renderAddress } from '../settings/address.ts';
import { type ListenSetting, renderListenAddress } from '../settings/forms.ts';
import type { Listener as ApacheListener } from '../site/model.ts';

/** A listener to open, and the one of Apache's that it stands for. */
export type Door = { readonly bind: string; readonly as: StandsFor; readonly tls: boolean };

/** The doors in order; throws ERR_LISTEN with the line to write where Apache's listeners do not tell enough. */
export function planDoors(
  listen: readonly ListenSetting[] | undefined,
  apache: readonly ApacheListener[],
): readonly Door[] {
  if (listen !== undefined && listen.length > 0) return listen.map(doorOfSetting);
  if (apache.length === 0) {
    const line = "listen: [{bind: '127.0.0.1:8080', as: '*:80'}]";
    const message = `Apache's configuration has no "Listen", and the settings no "listen": write ${line} into the settings file`;
    throw new SidecarError('ERR_LISTEN', message);
  }
  return withoutCovered(apache.map(doorOfApache));
}

/** What to write where a door cannot be opened: every door, this one on an address that is likely to be free. */
export function adviseElsewhere(door: Door, doors: readonly Door[]): string {
  if (door.bind.startsWith('systemd:'))
    return `give the socket "FileDescriptorName=${door.bind.slice('systemd:'.length)}" in its .socket unit, and start that unit`;
  if (door.bind.startsWith('unix:')) return 'name a path in "listen" whose folder this user may write';
  const taken = new Set(doors.map(({ bind }) => bind));
  let port = 8080;
  while (taken.has(`127.0.0.1:${port}`)) port += 1;
  const items = doors.map((one) => renderDoor(one, one === door ? `127.0.0.1:${port}` : one.bind));
  return `let the sidecar stand elsewhere for it: listen: [${items.join(', ')}]`;
}

/** What to do where a listener that this reload would close holds the port of a new one; undefined where none does. */
export function adviseOverlap(door: Door, closing: readonly Door[]): string | undefined {
  const portOf = ({ bind }: Door): string => bind.slice(bind.lastIndexOf(':'));
  const holder = closing.find((old) => !door.bind.startsWith('unix:') && portOf(old) === portOf(door));
  if (holder === undefined) return undefined;
  return `restart the sidecar: its own "${holder.bind}" holds that port until the new one is open`;
}

function renderDoor({ bind, as, tls }: Door, at: string): string {
  const itself = /^(?:unix|systemd):/.test(bind) ? at : bind;
  const standsFor =
    as.port === undefined ? itself : renderAddress({ kind: 'tcp', host: as.address ?? '', port: as.port });
  return `{bind: '${at}'${standsFor === at ? '' : `, as: '${standsFor}'`}${tls ? ', tls: true' : ''}}`;
}

/** Every address, the wider first: a socket on `[::]` takes IPv4 as well, and `*` is bound as one. */
const WIDE = ['*', '[::]', '0.0.0.0'];

/** Apache, too, opens one socket for `Listen 0.0.0.0:80` and `Listen [::]:80` together (`open_listeners` of listen.c). */
function withoutCovered(doors: readonly Door[]): readonly Door[] {
  const split = ({ bind }: Door): { readonly width: number; readonly port: string } => {
    const colon = bind.lastIndexOf(':');
    return { width: WIDE.indexOf(bind.slice(0, colon)), port: bind.slice(colon + 1) };
  };
  const wide = doors.map(split).filter(({ width }) => width >= 0);
  return doors.filter((door) => {
    const { width, port } = split(door);
    return !wide.some((other) => other.width < width && other.port === port);
  });
}

function doorOfSetting({ bind, as, tls }: ListenSetting): Door {
  const standsFor = as === undefined ? {} : parseStandsFor(renderAddress({ kind: 'tcp', ...as }));
  return { bind: renderListenAddress(bind), as: standsFor, tls };
}

function doorOfApache({ address, port, protocol, position }: ApacheListener): Door {
  const text = renderAddress({ kind: 'tcp', host: address === '*' ? '' : address, port });
  if (protocol?.toLowerCase() !== 'https' && port !== 443) return { bind: text, as: {}, tls: false };
  const line = `listen: [{bind: '127.0.0.1:8443', as: '${text}', tls: true}]`;
  throw new SidecarError(
    'ERR_LISTEN',
    `${position.file}:${position.line}: Listen ${text} speaks TLS, which the sidecar does not end: let a front end it and write ${line}, with every other listener, into the settings file`,
  );
}
