import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A database behind a door: closed, its connections break and new ones are refused, as with a server that is away. */
export interface DatabaseGate {
  readonly url: string;
  close(): Promise<void>;
  open(): Promise<void>;
  /** Lets each answer of the server wait for so long, as with one that is slow or far. */
  slow(delayMs: number): void;
  /** Breaks the connections as soon as the client has sent this text: the server sees what came before it. */
  breakBefore(text: string): void;
  /** Breaks the connections after the server was sent this text, before the client sees the answer. */
  breakAfter(text: string): void;
  /** Keeps back what one client sends from this text on; resolves when something is kept back, with what lets it go. */
  holdBefore(text: string): Promise<() => void>;
}

export async function startDatabaseGate(databaseUrl: string): Promise<DatabaseGate> {
  const target = new URL(databaseUrl);
  // The system's choice when the door opens first, and the same whenever it opens again.
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
