import { once } from 'node:events';
import { connect } from 'node:net';

/** An HTTP response as received. */
export interface RawResponse {
  /** 0 when the connection was closed without a response. */
  readonly status: number;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/**
 * Sends the lines of a request unchanged, which no HTTP client does, and reads until the connection is closed.
 *
 * @param url of the server
 * @param lines request line and headers, without `Connection: close`
 * @param body sent after the headers, independent of their Content-Length
 */
export async function sendRaw(url: string, lines: readonly string[], body = ''): Promise<RawResponse> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname.replaceAll(/[[\]]/g, ''));
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n${body}`);
  await once(socket, 'close');
  const text = Buffer.concat(chunks).toString();
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...headerLines] = head.split('\r\n');
  return {
    status: Number(statusLine.split(' ')[1] ?? 0),
    headers: new Map(
      headerLines.map((line) => {
        const separator = line.indexOf(':');
        return [line.slice(0, separator).toLowerCase(), line.slice(separator + 1).trim()];
      }),
    ),
    body: rest.join('\r\n\r\n'),
  };
}
