import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/**
 * Looks at what a server sends on one connection.
 *
 * @returns whether these bytes hold an answer that ends a piece of work: after it was done, before it is known
 */
export type AnswerDetector = (bytes: Buffer) => boolean;

/** A TCP proxy that breaks connections when it is told to. */
export interface CuttingProxy {
  readonly port: number;
  /** Breaks every connection, whatever is on its way. */
  cut(): void;
  /** Breaks the connection on which the next answer comes, instead of passing that on. */
  loseAnswer(): void;
  /** How many answers were lost. */
  readonly lostAnswers: () => number;
  /** Passes nothing on for a while; connections stay as they are. */
  stall(milliseconds: number): void;
  close(): Promise<void>;
}

/** Below this a client has hardly said who it is: breaking such a connection would prove nothing. */
const leastBytesFromClient = 16 * 1024;

/** @param targetPort where it leads, on the loopback; nobody has to listen there yet */
export async function startCuttingProxy(targetPort: number, detect: () => AnswerDetector): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let answersToLose = 0;
  let lostAnswers = 0;

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
        lostAnswers++;
        client.destroy();
        return;
      }
      if (!client.write(bytes)) upstream.pause();
    });
    client.on('drain', () => upstream.resume());
    // Who half-closes is done.
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
    loseAnswer: () => {
      answersToLose++;
    },
    lostAnswers: () => lostAnswers,
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
export function detectGrpcAnswer(): AnswerDetector {
  const headersFrame = 1;
  const endStream = 1;
  return frameDetector(9, (header) => ({
    payloadBytes: header.readUIntBE(0, 3),
    found: header[3] === headersFrame && ((header[4] ?? 0) & endStream) !== 0,
  }));
}

/**
 * PostgreSQL's messages: type, then a length that counts itself. ReadyForQuery outside of a transaction, 'Z' with
 * status 'I', is what follows a commit; within one it is 'Z' with 'T'.
 */
export function detectPostgresCommit(): AnswerDetector {
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
): AnswerDetector {
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
