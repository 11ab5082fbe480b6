/** The admin side on its own listener. */
import { Server as NetServer } from 'node:net';
import { createAdmin, createAdminServer } from '../../routes/admin.ts';
import type { AdminModel, MetricsSource } from '../../routes/model.ts';
import type { Log } from '../log.ts';
import { bindServer } from '../proxy/bind-server.ts';
import { renderAddress, type SocketAddress } from '../settings/address.ts';
import type { OpenSocket, OpenSockets } from '../supervisor/open-sockets.ts';

export type AdminParts = {
  readonly model: AdminModel;
  readonly metrics: MetricsSource;
  readonly log: Log;
  /** The token that requests must show at this time. */
  readonly token: () => string | undefined;
  readonly openSockets?: OpenSockets;
};

export type AdminListener = {
  /** As bound. */
  readonly address: string;
  /** For a successor to inherit. */
  readonly socket: OpenSocket;
  close(): Promise<void>;
  /** Accepts no more, since a successor does, and ends nothing. */
  handOver(): void;
};

/** Opens it; rejects with ERR_LISTEN that names the setting to change. */
export async function openAdmin(
  listen: SocketAddress,
  { model, metrics, log, openSockets, token }: AdminParts,
): Promise<AdminListener> {
  const onError = (err: unknown): void => log.error({ err }, 'Admin request failed');
  const app = createAdmin({ model, metrics, onError }, { transport: listen.kind, token });
  const server = createAdminServer(app);
  const advice = 'choose another with "admin: {listen: 127.0.0.1:9181}" or --admin';
  const bind = renderAddress(listen);
  const open = openSockets?.take(bind);
  const socket = await bindServer(server, { bind, ...(open === undefined ? {} : { open }) }, advice);
  let handedOver = false;
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    if (!handedOver) await socket.removeFile();
    await closed;
  };
  return {
    address: socket.address,
    socket: { fd: socket.fd, address: socket.address, name: bind, ownsFile: socket.ownsFile },
    close,
    handOver: () => {
      handedOver = true;
      // That of http.Server would end connections, the one that waits for the outcome of the upgrade among them.
      NetServer.prototype.close.call(server);
    },
  };
}
