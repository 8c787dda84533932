/** Reads what is stored. */
import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import type { StoredSpan } from './compare-spans.ts';

const selectSpans = readFileSync(new URL('stored-spans.sql', import.meta.url), 'utf8');

/** The tables of a store, as its owner sees them. */
export class StoredSpans {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** @throws Error when the database cannot be reached */
  static async open(url: string): Promise<StoredSpans> {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    return new StoredSpans(client);
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  /** All spans, as they are stored at one moment. */
  async read(): Promise<readonly StoredSpan[]> {
    const { rows } = await this.#client.query<StoredSpan>(selectSpans);
    return rows;
  }

  /** Deletes every span; what spans share stays. */
  async clear(): Promise<void> {
    await this.#client.query('SELECT ps_trace.delete_all_traces()');
  }
}
