import pg from 'pg';
import { readSql } from '../sql.js';
import { backendPidOf } from './database-session.js';

const findLockWait = readSql<{ readonly pid: number }>(import.meta.url, 'find-lock-wait.sql');

/** The interval of the checks. */
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
 * Watches from a second connection which lock a connection waits for, and describes it. For connections that may wait
 * long: those of migrations.
 */
export class LockWaitWatch {
  private readonly timer: NodeJS.Timeout;
  private looking: Promise<void> | undefined;
  private found: string | undefined;

  /**
   * @param connection to the same server, as the same role
   * @param watched connected
   * @param onWait receives each new description, as the end of "The store waits for …"
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

  /** The last description; undefined if there was no wait. */
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
      // The watched connection has the same problem, and its user reports it.
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
