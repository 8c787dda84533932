import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Problem } from '@spandrel/service';
import pg from 'pg';
import { limits } from '../../limits.js';
import { type BoundStatement, readSql } from '../../sql.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../config/tracestore.config.js';

const beginSession = readSql<{
  readonly id_digest: Buffer;
  readonly lifetime_ms: number;
  readonly idle_ms: number;
  readonly most_sessions: number;
}>(import.meta.url, 'begin-session.sql');
const touchSession = readSql<{ readonly id_digest: Buffer; readonly idle_ms: number }>(
  import.meta.url,
  'touch-session.sql',
);
const endSession = readSql<{ readonly id_digest: Buffer }>(import.meta.url, 'end-session.sql');

const unavailable = { code: 'unavailable', status: 503, title: 'The database is not available' } as const;

const timeoutMs = 5_000;
const retryAfterS = 5;

/** As `begin` makes them: 256 random bits, and what proves that the holder of a token has asked for them. */
const sessionPattern = /^([\w-]{43})\.([\w-]{43})$/;

/**
 * The sessions of browsers, in the database, so that all stores on it know the same ones. It holds digests only: who
 * reads the table cannot use a session. A text that was made up is refused without a look at the database, and so is a
 * session that began with another token. The clock is the database's.
 */
@Injectable()
export class SessionStore implements OnApplicationShutdown {
  /** One connection, apart from those of writers and readers: a check must not wait for a slow query. */
  private readonly pool: pg.Pool;
  private readonly lifetimeMs: number;
  private readonly idleMs: number;

  constructor(@Inject(TRACESTORE_CONFIG) config: Pick<TracestoreConfig, 'databaseUrl' | 'console'>) {
    this.lifetimeMs = config.console.sessionLifetimeMs;
    this.idleMs = config.console.sessionIdleMs;
    this.pool = new pg.Pool({
      connectionString: config.databaseUrl,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      application_name: 'tracestore sessions',
      keepAlive: true,
      max: 1,
    });
    this.pool.on('error', () => undefined);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  /**
   * Begins a session.
   *
   * @param token the token of the store: once it is another, the session is over
   * @returns the session, for a cookie
   * @throws Problem 503 when the database is away
   */
  async begin(token: string): Promise<string> {
    const id = randomBytes(32).toString('base64url');
    await this.run(
      beginSession.bind({
        id_digest: digestOf(id),
        lifetime_ms: this.lifetimeMs,
        idle_ms: this.idleMs,
        most_sessions: limits.consoleSessions.value,
      }),
    );
    return `${id}.${proofOf(id, token).toString('base64url')}`;
  }

  /**
   * Notes that a session is used.
   *
   * @returns whether it is one, of this token, and neither too old nor idle for too long
   * @throws Problem 503 when the database is away
   */
  async touch(session: string, token: string): Promise<boolean> {
    const id = idOf(session, token);
    if (id === undefined) return false;
    return (await this.run(touchSession.bind({ id_digest: digestOf(id), idle_ms: this.idleMs }))).length > 0;
  }

  /**
   * Ends a session, if it is one.
   *
   * @throws Problem 503 when the database is away
   */
  async end(session: string, token: string): Promise<void> {
    const id = idOf(session, token);
    if (id !== undefined) await this.run(endSession.bind({ id_digest: digestOf(id) }));
  }

  private async run(statement: BoundStatement): Promise<readonly unknown[]> {
    try {
      return (await this.pool.query(statement)).rows;
    } catch (cause) {
      throw new Problem(unavailable, 'Sessions cannot be checked without the database', { cause, retryAfterS });
    }
  }
}

function digestOf(id: string): Buffer {
  return createHash('sha256').update(id).digest();
}

/** The id of a session that began with this token; undefined when it is none. */
function idOf(session: string, token: string): string | undefined {
  const [, id, proof] = sessionPattern.exec(session) ?? [];
  if (id === undefined || proof === undefined) return undefined;
  return timingSafeEqual(Buffer.from(proof, 'base64url'), proofOf(id, token)) ? id : undefined;
}

/** Says nothing of the token, which is the key. */
function proofOf(id: string, token: string): Buffer {
  return createHmac('sha256', token).update(`console session ${id}`).digest();
}
