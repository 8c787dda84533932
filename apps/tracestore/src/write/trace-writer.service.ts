import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Client, PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { TraceRows } from '../otlp/trace-rows.js';
import { classifyFailure, DatabaseUnavailableError } from '../schema/database-failure.js';
import { DatabaseService } from '../schema/database.service.js';
import { readSqlFile } from '../sql-file.js';
import { eventLine, linkLine, portions, spanLine } from './copy-text.js';
import { KnownIds } from './known-ids.js';

const upsertResources = readSqlFile(import.meta.url, 'upsert-resources.sql');
const upsertScopes = readSqlFile(import.meta.url, 'upsert-scopes.sql');
const upsertOperations = readSqlFile(import.meta.url, 'upsert-operations.sql');
const copySpans = readSqlFile(import.meta.url, 'copy-spans.sql');
const copyEvents = readSqlFile(import.meta.url, 'copy-events.sql');
const copyLinks = readSqlFile(import.meta.url, 'copy-links.sql');

const knownIdsCapacity = 100_000;

/** A connection that says nothing for so long is given up; the server's own statement time-out is shorter. */
const writeTimeoutMs = 60_000;

/** The rows are not written, through no fault of theirs; they may be written later. */
export class WriteUnavailableError extends Error {
  override readonly name = 'WriteUnavailableError';
}

/** Writes the rows of a request in one transaction. */
@Injectable()
export class TraceWriterService {
  private readonly resources = new KnownIds(knownIdsCapacity);
  private readonly scopes = new KnownIds(knownIdsCapacity);
  private readonly operations = new KnownIds(knownIdsCapacity);
  private generation = 0;

  constructor(@Inject(DatabaseService) private readonly database: DatabaseService) {}

  /**
   * Resolves when the rows are committed. When it rejects, none of them is in the database, unless the connection broke
   * during the commit itself: then nobody knows, and the request may be written again.
   *
   * @throws WriteUnavailableError when the rows may be written later
   * @throws Error when the database refuses these rows, which is a fault of this program
   */
  async write(rows: TraceRows): Promise<void> {
    if (rows.spans.length === 0) return;
    const client = await this.connect();
    this.forgetWhatIsVoid();
    // Ends the connection under the query, which then fails.
    const timeout = setTimeout(() => void (client as PoolClient & Pick<Client, 'end'>).end(), writeTimeoutMs);
    let failure: Error | undefined;
    try {
      await client.query('BEGIN');
      await this.writeDictionaries(client, rows);
      await copy(client, copySpans, portions(rows.spans, spanLine));
      if (rows.events.length > 0) await copy(client, copyEvents, portions(rows.events, eventLine));
      if (rows.links.length > 0) await copy(client, copyLinks, portions(rows.links, linkLine));
      await client.query('COMMIT');
    } catch (cause) {
      failure = cause instanceof Error ? cause : new Error(String(cause));
      this.database.noteFailure(cause);
      if (classifyFailure(cause) === 'refused') throw cause;
      throw new WriteUnavailableError('The transaction failed', { cause });
    } finally {
      clearTimeout(timeout);
      // After a failure the connection is closed, which rolls the transaction back.
      client.release(failure);
    }
    this.remember(rows);
  }

  private async connect(): Promise<PoolClient> {
    try {
      return await this.database.connect();
    } catch (cause) {
      if (!(cause instanceof DatabaseUnavailableError)) throw cause;
      throw new WriteUnavailableError(cause.message, { cause });
    }
  }

  private async writeDictionaries(client: PoolClient, rows: TraceRows): Promise<void> {
    const resources = this.resources.unknownOf(rows.resources);
    if (resources.length > 0) {
      await client.query(upsertResources, [
        resources.map(({ id }) => id),
        resources.map(({ serviceName }) => serviceName),
        resources.map(({ attributes }) => attributes),
        resources.map(({ droppedAttributesCount }) => droppedAttributesCount),
        resources.map(({ schemaUrl }) => schemaUrl),
        resources.map(({ entityRefs }) => entityRefs),
      ]);
    }
    const scopes = this.scopes.unknownOf(rows.scopes);
    if (scopes.length > 0) {
      await client.query(upsertScopes, [
        scopes.map(({ id }) => id),
        scopes.map(({ name }) => name),
        scopes.map(({ version }) => version),
        scopes.map(({ attributes }) => attributes),
        scopes.map(({ droppedAttributesCount }) => droppedAttributesCount),
        scopes.map(({ schemaUrl }) => schemaUrl),
      ]);
    }
    const operations = this.operations.unknownOf(rows.operations);
    if (operations.length > 0) {
      await client.query(upsertOperations, [
        operations.map(({ id }) => id),
        operations.map(({ serviceName }) => serviceName),
        operations.map(({ spanKind }) => spanKind),
        operations.map(({ spanName }) => spanName),
      ]);
    }
  }

  private forgetWhatIsVoid(): void {
    if (this.generation === this.database.readyGeneration) return;
    this.generation = this.database.readyGeneration;
    for (const ids of [this.resources, this.scopes, this.operations]) ids.clear();
  }

  private remember(rows: TraceRows): void {
    // What was committed to an earlier generation's database says nothing of this one's.
    if (this.generation !== this.database.readyGeneration) return;
    this.resources.add(rows.resources.keys());
    this.scopes.add(rows.scopes.keys());
    this.operations.add(rows.operations.keys());
  }
}

async function copy(client: PoolClient, sql: string, data: Iterable<Buffer>): Promise<void> {
  const chunks = Readable.from(data, { objectMode: false });
  await pipeline(chunks, client.query(copyFrom(sql)));
}
