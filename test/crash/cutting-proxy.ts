import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/**
 * Inspects what a server sends on one connection.
 *
 * @returns whether these bytes hold a response that acknowledges completed work
 */
export type ResponseDetector = (bytes: Buffer) => boolean;

/** A TCP proxy that breaks connections on request. */
export interface CuttingProxy {
  readonly port: number;
  /** Breaks every connection. */
  cut(): void;
  /** Breaks the connection of the next response instead of forwarding the response. */
  loseResponse(): void;
  /** The number of lost responses. */
  readonly lostResponses: () => number;
  /** Forwards nothing for a time. Connections stay open. */
  stall(milliseconds: number): void;
  close(): Promise<void>;
}

/** With fewer bytes, a client has only begun its handshake, and a break would test nothing. */
const leastBytesFromClient = 16 * 1024;

/** @param targetPort a port on the loopback, which may be closed at first */
export async function startCuttingProxy(targetPort: number, detect: () => ResponseDetector): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let answersToLose = 0;
  let lostResponses = 0;

  const server: Server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    const endsWork = detect();
    let bytesFromClient = 0;
    client.on('data', (bytes) => {
      bytesFromClient += bytes.length;
      if (!upstream.write(bytes)) client.pause();
    });
    upstream.on('drain', () => client.resume());
    upstream.on('data', (bytes) => {
      if (endsWork(bytes) && answersToLose > 0 && bytesFromClient >= leastBytesFromClient) {
        answersToLose--;
        lostResponses++;
        client.destroy();
        return;
      }
      if (!client.write(bytes)) upstream.pause();
    });
    client.on('drain', () => upstream.resume());
    // A half-closed connection is finished.
    client.on('end', () => client.destroy());
    upstream.on('end', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port,
    cut,
    loseResponse: () => {
      answersToLose++;
    },
    lostResponses: () => lostResponses,
    stall: (milliseconds) => {
      const stalled = [...sockets];
      for (const socket of stalled) socket.pause();
      setTimeout(() => stalled.forEach((socket) => socket.resume()), milliseconds);
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}

/**
 * HTTP/2 frames (RFC 9113, section 4.1): length of the payload in 3 bytes, type, flags, stream in 4. gRPC ends a call
 * with a HEADERS frame that ends the stream.
 */
export function detectGrpcResponse(): ResponseDetector {
  const headersFrame = 1;
  const endStream = 1;
  return frameDetector(9, (header) => ({
    payloadBytes: header.readUIntBE(0, 3),
    found: header[3] === headersFrame && ((header[4] ?? 0) & endStream) !== 0,
  }));
}

/**
 * PostgreSQL messages: type, then a length that includes itself. After a commit comes ReadyForQuery outside a transaction,
 * 'Z' with status 'I'. Inside a transaction it is 'Z' with 'T'.
 */
export function detectPostgresCommit(): ResponseDetector {
  const readyForQuery = 'Z'.charCodeAt(0);
  const idle = 'I'.charCodeAt(0);
  return frameDetector(
    5,
    (header) => ({ payloadBytes: header.readInt32BE(1) - 4, found: header[0] === readyForQuery }),
    (firstOfPayload) => firstOfPayload === idle,
  );
}

function frameDetector(
  headerBytes: number,
  read: (header: Buffer) => { readonly payloadBytes: number; readonly found: boolean },
  confirm?: (firstOfPayload: number | undefined) => boolean,
): ResponseDetector {
  const header = Buffer.alloc(headerBytes);
  let filled = 0;
  let payloadLeft = 0;
  let unconfirmed = false;
  return (bytes) => {
    let foundAny = false;
    for (let offset = 0; offset < bytes.length;) {
      if (payloadLeft > 0) {
        if (unconfirmed) foundAny ||= confirm?.(bytes[offset]) === true;
        unconfirmed = false;
        const skipped = Math.min(payloadLeft, bytes.length - offset);
        payloadLeft -= skipped;
        offset += skipped;
        continue;
      }
      const copied = bytes.copy(header, filled, offset, offset + headerBytes - filled);
      filled += copied;
      offset += copied;
      if (filled < headerBytes) break;
      filled = 0;
      const { payloadBytes, found } = read(header);
      payloadLeft = payloadBytes;
      if (confirm === undefined) foundAny ||= found;
      else unconfirmed = found;
    }
    return foundAny;
  };
}
