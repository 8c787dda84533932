import { connect, type Socket } from 'node:net';

/** The types of frames that tests send or look for (RFC 9113, section 6). */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
} as const;

/** Flags of frames (RFC 9113, section 6). */
export const frameFlag = { endStream: 1, ack: 1, endHeaders: 4 } as const;

/** Encodes a frame. */
export function frame(type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** Encodes SETTINGS with pairs of identifier and value. */
export function settingsFrame(settings: readonly (readonly [number, number])[] = []): Buffer {
  const payload = Buffer.alloc(6 * settings.length);
  settings.forEach(([identifier, value], n) => {
    payload.writeUInt16BE(identifier, 6 * n);
    payload.writeUInt32BE(value, 6 * n + 2);
  });
  return frame(frameType.settings, 0, 0, payload);
}

/** Encodes HEADERS of a gRPC call: literal fields that are neither indexed nor compressed (RFC 7541, section 6.2.2). */
export function callHeaders(streamId: number, path: string, more: Readonly<Record<string, string>> = {}): Buffer {
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'localhost',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...more,
  };
  const block = Object.entries(fields).map(([name, value]) =>
    Buffer.concat([Buffer.of(0), literal(name), literal(value)]),
  );
  return frame(frameType.headers, frameFlag.endHeaders, streamId, Buffer.concat(block));
}

/** Encodes a string with its length as an integer with a prefix of 7 bits (RFC 7541, sections 5.1 and 5.2). */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) | 128);
  length.push(rest);
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** An HTTP/2 connection that can send any frame, and reads no more than the socket's buffer holds. */
export interface RawHttp2 {
  readonly socket: Socket;
  /** Resolves when the connection is closed, with the code of its GOAWAY if there was one. */
  readonly closed: Promise<number | undefined>;
  /** Sends frames. Resolves when the system has accepted them, or the connection is closed. */
  send(...frames: readonly Buffer[]): Promise<void>;
}

/**
 * Opens a connection and sends the preface.
 *
 * @param settings pairs of identifier and value; 4 is the initial window of streams
 */
export function dialHttp2(
  address: string,
  settings: readonly (readonly [number, number])[] = [],
  localAddress?: string,
): RawHttp2 {
  const [host, port] = address.split(':');
  const socket = connect({ host, port: Number(port), ...(localAddress !== undefined && { localAddress }) });
  socket.on('error', () => undefined);
  let received = Buffer.alloc(0);
  let goaway: number | undefined;
  socket.on('data', (data) => {
    received = Buffer.concat([received, data]);
    while (received.length >= 9 && received.length >= 9 + received.readUIntBE(0, 3)) {
      const length = received.readUIntBE(0, 3);
      if (received.readUInt8(3) === frameType.goaway) goaway = received.readUInt32BE(13);
      received = received.subarray(9 + length);
    }
  });
  const closed = new Promise<number | undefined>((resolve) => socket.once('close', () => resolve(goaway)));
  const send = (...frames: readonly Buffer[]): Promise<void> =>
    new Promise((resolve) => {
      if (socket.destroyed) resolve();
      else socket.write(Buffer.concat(frames), () => resolve());
    });
  void send(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settingsFrame(settings));
  return { socket, closed, send };
}
