import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionTable } from './connection-table.js';

/** How a connection over HTTP/2 begins (RFC 9113, section 3.4). No request of HTTP/1.1 begins so: PRI is no method of it. */
const preface = Buffer.from('PRI');

/**
 * Lets a port of HTTP/1.1 also accept HTTP/2 with prior knowledge, as gRPC without TLS speaks it. The first bytes of a connection
 * decide. Call it after everything else that listens for connections of the server.
 *
 * @param table bounds the connections of the port, those of both protocols together
 * @param waitMs how long a client may take to send these bytes
 * @param accept receives the connections over HTTP/2. Their bytes are unread.
 */
export function divideConnections(
  server: Server,
  table: ConnectionTable,
  waitMs: number,
  accept: (socket: Socket) => void,
): void {
  const http1 = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    let first = Buffer.alloc(0);
    const end = (): void => void socket.destroy();
    const forget = (): void => table.remove(socket);
    const decide = (): void => {
      const chunk = socket.read() as Buffer | null;
      if (chunk !== null) first = Buffer.concat([first, chunk]);
      const length = Math.min(first.length, preface.length);
      const isPreface = preface.subarray(0, length).equals(first.subarray(0, length));
      // So far it may be either.
      if (isPreface && length < preface.length) return;
      socket.off('readable', decide).off('end', end).off('timeout', end).off('close', forget).setTimeout(0);
      forget();
      socket.unshift(first);
      if (isPreface) {
        // HTTP/1.1 answers a client that has ended its side. Over HTTP/2 such a client has left.
        socket.allowHalfOpen = false;
        accept(socket);
      } else for (const serve of http1) Reflect.apply(serve, server, [socket]);
    };
    socket.on('error', () => undefined);
    socket.on('readable', decide).once('end', end).once('close', forget).setTimeout(waitMs, end);
    table.add(socket, socket.remoteAddress, end);
  });
}
