import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { clientOf } from './client-address.js';
import type { ServerLimits } from './server-limits.js';
import { whenClosed } from './when-closed.js';

/** A new connection is given so much time to send a whole head. */
const freshMs = 1_000;

/** A connection whose requests take longer than this to come in is slow. */
const receivingMs = 2_000;

/** Why a connection may give way, the best reason first. */
const ranks = ['never used', 'idle', 'slow', 'fresh'] as const;
type Rank = (typeof ranks)[number];

interface Connection {
  readonly client: string;
  readonly evict: (isIdle: boolean) => void;
  isUsed: boolean;
  /** Requests that are coming in, and those that are whole and not answered yet. */
  receiving: number;
  answering: number;
  /** When the last request began or ended; when the connection was opened if there was none. */
  sinceMs: number;
}

/**
 * The connections to a port. At the limit of the port or of a client, a new connection replaces one that was never used,
 * is idle, or receives its requests slowly: the oldest first, and first those of clients with many connections. A
 * connection with a request in progress stays. The new connection is closed only if all have one.
 */
export class ConnectionTable {
  private readonly connections = new Map<object, Connection>();
  private readonly clients = new Map<string, number>();

  constructor(private readonly limits: Pick<ServerLimits, 'connections' | 'connectionsPerClient'>) {}

  /** How many there are. */
  get size(): number {
    return this.connections.size;
  }

  /**
   * Adds a connection.
   *
   * @param key an identity, to be given to the other methods
   * @param address of the client, as `socket.remoteAddress` has it
   * @param evict closes the connection; it is removed already
   */
  add(key: object, address: string | undefined, evict: (isIdle: boolean) => void): void {
    const client = clientOf(address);
    const ofClient = (this.clients.get(client) ?? 0) + 1;
    const isOneTooMany = ofClient > this.limits.connectionsPerClient;
    if (isOneTooMany || this.connections.size >= this.limits.connections) {
      const victim = this.victim((other) => (isOneTooMany ? other === client : this.hasMany(other)));
      if (victim === undefined) {
        evict(true);
        return;
      }
      this.evict(victim);
    }
    this.clients.set(client, (this.clients.get(client) ?? 0) + 1);
    const sinceMs = performance.now();
    this.connections.set(key, { client, evict, isUsed: false, receiving: 0, answering: 0, sinceMs });
  }

  /** Removes a connection that is closed; harmless when repeated. */
  remove(key: object): void {
    const connection = this.connections.get(key);
    if (connection === undefined) return;
    this.connections.delete(key);
    const left = (this.clients.get(connection.client) ?? 1) - 1;
    if (left === 0) this.clients.delete(connection.client);
    else this.clients.set(connection.client, left);
  }

  /**
   * Says that a request has begun on a connection.
   *
   * @returns to be called when it is whole, and when it is answered or given up; harmless when repeated
   */
  begin(key: object): { readonly received: () => void; readonly ended: () => void } {
    const connection = this.connections.get(key);
    if (connection === undefined) return { received: () => undefined, ended: () => undefined };
    let state: 'receiving' | 'answering' | undefined = 'receiving';
    connection.receiving += 1;
    connection.isUsed = true;
    connection.sinceMs = performance.now();
    return {
      received: () => {
        if (state !== 'receiving') return;
        state = 'answering';
        connection.receiving -= 1;
        connection.answering += 1;
      },
      ended: () => {
        if (state === undefined) return;
        connection[state] -= 1;
        state = undefined;
        connection.sinceMs = performance.now();
      },
    };
  }

  /** Whether a client has at least as many connections as clients have on average. */
  private hasMany(client: string): boolean {
    return (this.clients.get(client) ?? 0) * this.clients.size >= this.connections.size;
  }

  private victim(isMeant: (client: string) => boolean): object | undefined {
    const nowMs = performance.now();
    let best: { readonly key: object; readonly rank: number; readonly sinceMs: number } | undefined;
    for (const [key, connection] of this.connections) {
      const reason = isMeant(connection.client) ? rankOf(connection, nowMs) : undefined;
      if (reason === undefined) continue;
      const rank = ranks.indexOf(reason);
      const { sinceMs } = connection;
      if (best === undefined || rank < best.rank || (rank === best.rank && sinceMs < best.sinceMs)) {
        best = { key, rank, sinceMs };
      }
    }
    return best?.key;
  }

  private evict(key: object): void {
    const connection = this.connections.get(key);
    this.remove(key);
    connection?.evict(connection.receiving === 0);
  }
}

function rankOf({ isUsed, receiving, answering, sinceMs }: Connection, nowMs: number): Rank | undefined {
  if (answering > 0) return undefined;
  const ageMs = nowMs - sinceMs;
  if (receiving > 0) return ageMs >= receivingMs ? 'slow' : undefined;
  if (isUsed) return 'idle';
  return ageMs >= freshMs ? 'never used' : 'fresh';
}

/** Has a table bound the connections of an HTTP/1 server. */
export function limitConnections(server: Server, table: ConnectionTable): void {
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('close', () => table.remove(socket));
    table.add(socket, socket.remoteAddress, () => socket.destroy());
  });
  server.on('request', (request, response) => {
    const { received, ended } = table.begin(request.socket);
    const { headers } = request;
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) received();
    else request.once('end', received);
    whenClosed(response, ended);
  });
}
