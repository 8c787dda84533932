import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
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

const timeoutMs = 5_000;

/** A session as `begin` creates it: 256 random bits, and a proof that the token was known. */
const sessionPattern = /^([\w-]{43})\.([\w-]{43})$/;

/**
 * The sessions of browsers. They are in the database, so that all processes on it share them. It holds digests only: a
 * reader of the table cannot use a session. Invalid sessions and those of another token are rejected without a query.
 * Times are those of the database's clock.
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
   * @param token the token of the store: when it changes, the session ends
   * @returns the session, for a cookie
   * @throws TracestoreError `unavailable`
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
   * @throws TracestoreError `unavailable`
   */
  async touch(session: string, token: string): Promise<boolean> {
    const id = idOf(session, token);
    if (id === undefined) return false;
    return (await this.run(touchSession.bind({ id_digest: digestOf(id), idle_ms: this.idleMs }))).length > 0;
  }

  /**
   * Ends a session, if it is one.
   *
   * @throws TracestoreError `unavailable`
   */
  async end(session: string, token: string): Promise<void> {
    const id = idOf(session, token);
    if (id !== undefined) await this.run(endSession.bind({ id_digest: digestOf(id) }));
  }

  private async run(statement: BoundStatement): Promise<readonly unknown[]> {
    try {
      return (await this.pool.query(statement)).rows;
    } catch (cause) {
      throw new TracestoreError(errorKinds.unavailable, 'Cannot check the session without the database', { cause });
    }
  }
}

function digestOf(id: string): Buffer {
  return createHash('sha256').update(id).digest();
}

/** The id of a session of this token; undefined for any other text. */
function idOf(session: string, token: string): string | undefined {
  const [, id, proof] = sessionPattern.exec(session) ?? [];
  if (id === undefined || proof === undefined) return undefined;
  return timingSafeEqual(Buffer.from(proof, 'base64url'), proofOf(id, token)) ? id : undefined;
}

/** A keyed digest, from which the token cannot be derived. */
function proofOf(id: string, token: string): Buffer {
  return createHmac('sha256', token).update(`console session ${id}`).digest();
}
