import pg from 'pg';
import { readSql } from '../sql.js';
import { backendPidOf } from './database-session.js';

const findLockWait = readSql<{ readonly pid: number }>(import.meta.url, 'find-lock-wait.sql');

/** How often it is looked whether a connection waits. */
const everyMs = 1_000;

interface LockWaitRow {
  readonly relation: string;
  readonly waits_since: string;
  readonly pid: number;
  readonly application: string | null;
  readonly role: string | null;
  readonly state: string | null;
  readonly open_since: string | null;
}

/**
 * Watches from a second connection what a connection waits for, and says so in words. For connections that may wait long:
 * those that migrate.
 */
export class LockWaitWatch {
  private readonly timer: NodeJS.Timeout;
  private looking: Promise<void> | undefined;
  private found: string | undefined;

  /**
   * @param connection how to reach the same server, as the same role
   * @param watched connected
   * @param onWait is given each new finding, as the end of "The store waits for …"
   */
  constructor(
    private readonly connection: pg.ClientConfig,
    private readonly watched: pg.ClientBase,
    private readonly onWait: (what: string) => void,
  ) {
    this.timer = setInterval(() => {
      this.looking ??= this.look().finally(() => {
        this.looking = undefined;
      });
    }, everyMs).unref();
  }

  /** What was waited for last; undefined when there was no wait. */
  get last(): string | undefined {
    return this.found;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  private async look(): Promise<void> {
    const client = new pg.Client(this.connection);
    client.on('error', () => undefined);
    try {
      await client.connect();
      const pid = backendPidOf(this.watched);
      if (pid === undefined) return;
      const { rows } = await client.query<LockWaitRow>(findLockWait.bind({ pid }));
      if (rows[0] !== undefined) this.note(describe(rows[0]));
    } catch {
      // The watched connection has the same trouble, and whoever uses it says so.
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private note(what: string): void {
    if (this.found === what) return;
    this.found = what;
    this.onWait(what);
  }
}

function describe({
  relation,
  waits_since: since,
  pid,
  application,
  role,
  state,
  open_since: openSince,
}: LockWaitRow): string {
  const holder = [
    application ?? 'no application name',
    ...(role === null ? [] : [`role ${role}`]),
    ...(state === null ? [] : [state]),
    ...(openSince === null ? [] : [`in its transaction since ${openSince}`]),
  ];
  return `a lock on ${relation}, since ${since}; process ${pid} holds it (${holder.join(', ')})`;
}
