import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** Stands between a client and a server of this machine, as the network does: it can be cut, fall silent, and lead elsewhere. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private state: 'open' | 'cut' | 'silent' = 'open';
  private readonly server = createServer((socket) => this.join(socket));

  /** @param target port of the server on the loopback; may be changed */
  constructor(public target: number) {}

  async listen(): Promise<number> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends all connections and lets no new one through. */
  cut(): void {
    this.state = 'cut';
    for (const socket of this.sockets) socket.destroy();
  }

  /** Takes connections, and says nothing any more on any of them. */
  silence(): void {
    this.state = 'silent';
    for (const socket of this.sockets) socket.unpipe();
  }

  open(): void {
    this.cut();
    this.state = 'open';
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(socket: Socket): void {
    if (this.state === 'cut') return void socket.destroy();
    this.keep(socket);
    if (this.state === 'silent') return;
    const server = this.keep(connect(this.target, '127.0.0.1'));
    socket.pipe(server).pipe(socket);
    socket.once('close', () => server.destroy());
    server.once('close', () => socket.destroy());
  }

  private keep(socket: Socket): Socket {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.sockets.delete(socket));
    return socket;
  }
}
