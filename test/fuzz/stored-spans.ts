/** Reads and deletes the stored spans. */
import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { passTime } from '@spandrel/testing/database-time';
import type { StoredSpan } from './compare-spans.ts';

/** More than the retention of names. */
const daysOfForgetting = 40;
const daySeconds = 86_400;

const selectSpans = readFileSync(new URL('stored-spans.sql', import.meta.url), 'utf8');

/** The tables of a store, accessed as their owner. */
export class StoredSpans {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** @throws Error when the database is unavailable */
  static async open(url: string): Promise<StoredSpans> {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    return new StoredSpans(client);
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  /** Reads all spans in one snapshot. */
  async read(): Promise<readonly StoredSpan[]> {
    const { rows } = await this.#client.query<StoredSpan>(selectSpans);
    return rows;
  }

  /** Deletes all spans and keeps the dictionaries. */
  async clear(): Promise<void> {
    await this.#client.query('SELECT ps_trace.delete_all_traces()');
  }

  /**
   * Lets days pass after `clear`, as in the long life of a store: dictionaries forget the names that no span has. The writer
   * has to notice it.
   */
  async passDays(): Promise<void> {
    await passTime(this.#client, daysOfForgetting * daySeconds);
    for (const table of ['operation', 'resource', 'scope']) {
      await this.#client.query(
        `UPDATE tracestore.${table} SET last_seen = now() - interval '${daysOfForgetting} days'`,
      );
    }
    await passTime(this.#client, daysOfForgetting * daySeconds);
    for (const table of ['operation', 'resource', 'scope']) {
      await this.#client.query(
        `SELECT tracestore.forget_entries('${table}', ${(daysOfForgetting - 1) * daySeconds}, 1000000)`,
      );
      await this.#client.query(`VACUUM tracestore.${table}`);
    }
  }
}
