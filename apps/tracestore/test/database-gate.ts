import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A proxy in front of a database. While it is closed, connections break and new ones are refused. */
export interface DatabaseGate {
  readonly url: string;
  close(): Promise<void>;
  open(): Promise<void>;
  /** Delays each response of the server, as a slow or distant server does. */
  slow(delayMs: number): void;
  /** Breaks the connections when the client sends this text. The server receives only what precedes it. */
  breakBefore(text: string): void;
  /** Breaks the connections after the server has received this text, before the client receives the response. */
  breakAfter(text: string): void;
  /** Holds back what one client sends from this text on. Resolves when it does, with a function that releases it. */
  holdBefore(text: string): Promise<() => void>;
}

export async function startDatabaseGate(databaseUrl: string): Promise<DatabaseGate> {
  const target = new URL(databaseUrl);
  // A free port at the first opening, and the same port afterwards.
  let port = 0;
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let breakBefore: string | undefined;
  let breakAfter: string | undefined;
  let hold: { readonly text: string; readonly held: (release: () => void) => void } | undefined;
  let delayMs = 0;

  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const accept = (client: Socket): void => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (data) => {
      if (hold !== undefined && data.includes(hold.text)) {
        const { held } = hold;
        hold = undefined;
        client.pause();
        held(() => {
          upstream.write(data);
          client.resume();
        });
        return;
      }
      const breakAt = breakBefore === undefined ? -1 : data.indexOf(breakBefore);
      if (breakAt >= 0) {
        breakBefore = undefined;
        upstream.end(data.subarray(0, breakAt), cut);
        return;
      }
      if (breakAfter !== undefined && data.includes(breakAfter)) {
        breakAfter = undefined;
        upstream.removeAllListeners('data');
        upstream.once('data', cut);
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (delayMs === 0) client.write(data);
      else setTimeout(() => client.write(data), delayMs);
    });
  };

  const open = async (): Promise<void> => {
    const opened = createServer(accept);
    server = opened;
    await new Promise<void>((resolve) => {
      opened.listen(port, '127.0.0.1', resolve);
    });
    ({ port } = opened.address() as AddressInfo);
  };
  await open();
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    open,
    close: async () => {
      const closing = server;
      const closed = new Promise<void>((resolve) => {
        if (closing === undefined) resolve();
        else closing.close(() => resolve());
      });
      cut();
      await closed;
      server = undefined;
    },
    slow: (ms) => {
      delayMs = ms;
    },
    breakBefore: (text) => {
      breakBefore = text;
    },
    breakAfter: (text) => {
      breakAfter = text;
    },
    holdBefore: (text) =>
      new Promise((resolve) => {
        hold = { text, held: resolve };
      }),
  };
}
