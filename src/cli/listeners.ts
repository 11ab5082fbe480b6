/** Which listeners to open: those of the settings, or Apache's own `Listen`s as they are. */
import { SidecarError } from '../errors.ts';
import { parseStandsFor } from '../proxy/bind-address.ts';
import type { StandsFor } from '../proxy/peer.ts';
import { renderAddress } from '../settings/address.ts';
import type { ListenSetting } from '../settings/forms.ts';
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
  return apache.map(doorOfApache);
}

function doorOfSetting({ bind, as, tls }: ListenSetting): Door {
  const standsFor = as === undefined ? {} : parseStandsFor(renderAddress({ kind: 'tcp', ...as }));
  return { bind: renderAddress(bind), as: standsFor, tls };
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
