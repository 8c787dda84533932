/** An HTTP/1.1 client that sends any bytes. */
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ExchangeResult, responseTimeoutMs } from './exchange-result.ts';

/** A request with arbitrary bytes. */
export interface HttpRequest {
  readonly kind: 'http';
  readonly port: number;
  /** Written one by one. */
  readonly pieces: readonly Buffer[];
  /** The pause between two pieces. */
  readonly pauseMs?: number;
  /** False: uses its own connection, since the server may not find the end of the request. */
  readonly keepsAlive: boolean;
  /** The client closes the connection after this time. */
  readonly abortAfterMs?: number;
  readonly isHead?: boolean;
}

/** The maximum kept size of a response body. */
const maxKeptBytes = 1024 * 1024;

/** The content of a body. A body that is cut or damaged stays as it is, and is judged as such. */
function decoded(body: Buffer, encoding: string | undefined): Buffer {
  try {
    if (encoding === 'br') return brotliDecompressSync(body);
    if (encoding === 'gzip') return gunzipSync(body);
  } catch {
    // Not what the header says.
  }
  return body;
}

/** Encodes a request with headers and body. */
export function httpBytes(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  body?: Uint8Array,
): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body === undefined ? '' : `content-length: ${body.length}\r\n`;
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}${length}\r\n`, 'latin1');
  return body === undefined ? head : Buffer.concat([head, body]);
}

/** Reuses connections that the previous response left open. */
export class HttpClient {
  readonly #idle = new Map<number, Socket[]>();

  async send(request: HttpRequest): Promise<ExchangeResult> {
    for (;;) {
      const reused = request.keepsAlive ? this.#takeIdle(request.port) : undefined;
      const { result, socket } = await exchange(request, reused ?? connect(request.port, '127.0.0.1'));
      if (socket !== undefined) this.#keep(request.port, socket);
      // The server can close an idle connection just before the request.
      if (result.kind === 'closed' && reused !== undefined && result.detail.endsWith('after 0 bytes')) continue;
      return result;
    }
  }

  close(): void {
    for (const sockets of this.#idle.values()) for (const socket of sockets) socket.destroy();
    this.#idle.clear();
  }

  #keep(port: number, socket: Socket): void {
    const idle = this.#idle.get(port);
    if (idle === undefined) this.#idle.set(port, [socket]);
    else idle.push(socket);
  }

  #takeIdle(port: number): Socket | undefined {
    const idle = this.#idle.get(port) ?? [];
    for (let socket = idle.pop(); socket !== undefined; socket = idle.pop()) {
      if (!socket.destroyed && socket.readable && socket.writable) return socket;
      socket.destroy();
    }
    return undefined;
  }
}

async function exchange(
  request: HttpRequest,
  socket: Socket,
): Promise<{ readonly result: ExchangeResult; readonly socket: Socket | undefined }> {
  const parser = new ResponseParser(request.isHead === true);
  let isWritten = false;
  const result = await new Promise<ExchangeResult>((resolve) => {
    const end = (settled: ExchangeResult): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      resolve(settled);
    };
    const timer = setTimeout(
      () => end({ kind: request.abortAfterMs === undefined ? 'hung' : 'aborted' }),
      request.abortAfterMs ?? responseTimeoutMs,
    );
    const onEnd = (why: string): void =>
      end(parser.atEnd() ?? { kind: 'closed', detail: `${why} after ${parser.received} bytes` });
    socket.on('data', (piece: Buffer) => {
      const parsed = parser.append(piece);
      if (parsed !== undefined) end(parsed);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => onEnd(error.code ?? 'error'));
    socket.on('close', () => onEnd('closed'));
    socket.on('end', () => onEnd('closed'));
    void writePieces(socket, request).then(() => (isWritten = true));
  });
  if (result.kind === 'http' && request.keepsAlive && isWritten && parser.mayGoOn && !socket.destroyed) {
    return { result, socket };
  }
  socket.destroy();
  return { result, socket: undefined };
}

async function writePieces(socket: Socket, { pieces, pauseMs = 0 }: HttpRequest): Promise<void> {
  for (const [n, piece] of pieces.entries()) {
    if (n > 0 && pauseMs > 0) await sleep(pauseMs);
    if (socket.destroyed || !socket.writable) return;
    socket.write(piece);
  }
}

/** Parses one response incrementally. */
class ResponseParser {
  readonly #isHead: boolean;
  #bytes: Buffer = Buffer.alloc(0);
  #head: { readonly status: number; readonly headers: ReadonlyMap<string, string> } | undefined;
  readonly #body: Buffer[] = [];
  #bodyBytes = 0;
  #left = 0;
  #framing: 'length' | 'chunked' | 'close' = 'length';
  received = 0;

  constructor(isHead: boolean) {
    this.#isHead = isHead;
  }

  /** Whether the connection can be reused. */
  get mayGoOn(): boolean {
    return (
      this.#framing !== 'close' &&
      this.#bytes.length === 0 &&
      this.#head?.headers.get('connection')?.toLowerCase() !== 'close'
    );
  }

  /** @returns the response once it is complete */
  append(piece: Buffer): ExchangeResult | undefined {
    this.received += piece.length;
    this.#bytes = this.#bytes.length === 0 ? piece : Buffer.concat([this.#bytes, piece]);
    while (this.#head === undefined) {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      this.#readHead(this.#bytes.subarray(0, end).toString('latin1'));
      this.#bytes = this.#bytes.subarray(end + 4);
    }
    return this.#readBody() ? this.#response() : undefined;
  }

  /** The response when the connection is closed; undefined if it is incomplete. */
  atEnd(): ExchangeResult | undefined {
    return this.#head !== undefined && this.#framing === 'close' ? this.#response() : undefined;
  }

  #response(): ExchangeResult {
    const { status = 0, headers = new Map<string, string>() } = this.#head ?? {};
    return { kind: 'http', status, headers, body: decoded(Buffer.concat(this.#body), headers.get('content-encoding')) };
  }

  #readHead(text: string): void {
    const [first = '', ...lines] = text.split('\r\n');
    const status = Number(first.split(' ')[1]);
    // An interim response precedes the final one.
    if (status >= 100 && status < 200) return;
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
    );
    this.#head = { status, headers };
    const length = headers.get('content-length');
    if (this.#isHead || status === 204 || status === 304) return;
    if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') this.#framing = 'chunked';
    else if (length === undefined) this.#framing = 'close';
    else this.#left = Number(length);
  }

  #readBody(): boolean {
    if (this.#framing === 'close') {
      this.#keep(this.#bytes);
      this.#bytes = Buffer.alloc(0);
      return false;
    }
    for (;;) {
      const part = this.#bytes.subarray(0, this.#left);
      this.#keep(part);
      this.#left -= part.length;
      this.#bytes = this.#bytes.subarray(part.length);
      if (this.#left > 0) return false;
      if (this.#framing === 'length') return true;
      // CRLF after the data of the previous chunk.
      const from = this.#bytes.subarray(0, 2).toString('latin1') === '\r\n' ? 2 : 0;
      const end = this.#bytes.indexOf('\r\n', from);
      if (end < 0) return false;
      const size = Number.parseInt(this.#bytes.subarray(from, end).toString('latin1'), 16);
      this.#bytes = this.#bytes.subarray(end + 2);
      if (size === 0) {
        this.#bytes = this.#bytes.subarray(2);
        return true;
      }
      this.#left = size;
    }
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    const room = maxKeptBytes - this.#bodyBytes;
    if (room > 0) this.#body.push(part.subarray(0, room));
    this.#bodyBytes += part.length;
  }
}
