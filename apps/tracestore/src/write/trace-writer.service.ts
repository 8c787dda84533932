import { Inject, Injectable } from '@nestjs/common';
import pg, { type Client, type PoolClient } from 'pg';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { CopyBatch } from '../otlp/copy-batch.js';
import { CopyBuffer } from '../otlp/copy-buffer.js';
import { appendDeltaRow } from '../otlp/delta-rows.js';
import type { Outcome } from '../otlp/transcoder.js';
import { classifyFailure, DatabaseUnavailableError } from '../schema/database-failure.js';
import { DatabaseService } from '../schema/database.service.js';
import { readSqlFile } from '../sql-file.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../tracestore.config.js';
import { BatchFlight, type CopyCall, PrepareFlight, type Statement } from './batch-flight.js';
import { dictionaryCalls, dictionaryStatements } from './dictionary-calls.js';

const insertLedger = statement('insert-ledger');
const copySpans = statement('copy-spans');
const copyEvents = statement('copy-events');
const copyLinks = statement('copy-links');
const copyBlocks = statement('copy-blocks');
const copyDeltas = statement('copy-deltas');
const statements = [insertLedger, ...dictionaryStatements, copySpans, copyEvents, copyLinks, copyBlocks, copyDeltas];

/** Requests share a transaction until their rows are so large; more would cost latency and save nothing. */
const fullBatchBytes = 4 * 1024 * 1024;

/** A connection that says nothing for so long is given up; the server's own statement time-out is shorter. */
const writeTimeoutMs = 60_000;

/** Transactions at once: more wait for the same disk, and keep more rows in memory. */
export const maxLanes = 2;

const deltaBytes = 256 * 1024;

/** The rows are not written, through no fault of theirs; they may be written later. */
export class WriteUnavailableError extends Error {
  override readonly name = 'WriteUnavailableError';
}

/** A request that is to be stored once. */
export interface WriteRequest {
  /** SHA-256 of what was sent: a request with the same digest is the same request. */
  readonly digest: Buffer;
  /** For the metrics. */
  readonly byteLength: number;
  /**
   * Adds the request's rows to a batch; may be called again, with another batch, when a transaction failed.
   *
   * @throws when the request can't be stored; the batch is then as it was
   */
  readonly fill: (batch: CopyBatch) => Outcome;
}

interface Waiting extends WriteRequest {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
  /** Another request that shared its transaction was stored before: it is tried by itself. */
  isAlone: boolean;
}

interface Filled extends Waiting {
  readonly outcome: Outcome;
}

/** A batch with what it takes to answer those whose rows are in it. */
class Transaction {
  readonly rows = new CopyBatch();
  readonly deltas = new CopyBuffer(deltaBytes);
  readonly requests: Filled[] = [];
  /** Of the database that the rows were made for. */
  generation = 0;
  /** In which the dictionaries' entries were known to be there that the rows refer to. */
  epoch = 0;

  get isFull(): boolean {
    return this.rows.byteLength >= fullBatchBytes || this.requests.at(-1)?.isAlone === true;
  }

  clear(): void {
    this.rows.clear();
    this.deltas.clear();
    this.requests.length = 0;
  }
}

/**
 * Writes requests, each in one transaction, all of it or nothing, and once: the digest of a request is written with its
 * rows, and is unique.
 *
 * Batching is natural: a request that finds a connection free goes by itself; those that come while all are busy share
 * the next transaction. So nobody waits for others to come.
 */
@Injectable()
export class TraceWriterService {
  private readonly queue: Waiting[] = [];
  private queuedBytes = 0;
  private filling: Transaction | undefined;
  private readonly free: Transaction[];
  private idleLanes: number;
  /** What is on its way, so that a retry that overtakes its first try waits for it. */
  private readonly underWay = new Map<string, Promise<Outcome>>();
  private readonly prepared = new WeakSet<PoolClient>();

  constructor(
    @Inject(TRACESTORE_CONFIG) config: Pick<TracestoreConfig, 'databaseConnections'>,
    @Inject(DatabaseService) private readonly database: DatabaseService,
    @Inject(IngestMetricsService) private readonly metrics: IngestMetricsService,
  ) {
    this.idleLanes = Math.min(config.databaseConnections, maxLanes);
    this.free = Array.from({ length: this.idleLanes + 1 }, () => new Transaction());
    metrics.observeQueue(() => ({ requests: this.queue.length, bytes: this.queuedBytes }));
  }

  /** Another number means that what was committed before says nothing of the database behind this writer. */
  get generation(): number {
    return this.database.readyGeneration;
  }

  /**
   * Resolves when the request is committed, now or before. When it rejects, nothing of it is in the database, unless
   * the connection broke during the commit itself: then nobody knows, and the request may be sent again.
   *
   * @throws WriteUnavailableError when it may be written later
   * @throws Error when the database refuses the rows, which is a fault of this program; and what `fill` throws
   */
  async write(request: WriteRequest): Promise<Outcome> {
    const key = request.digest.toString('latin1');
    const first = this.underWay.get(key);
    if (first !== undefined) {
      const outcome = await first;
      this.metrics.ledgerHit();
      return outcome;
    }
    const outcome = new Promise<Outcome>((resolve, reject) => {
      this.queue.push({ ...request, resolve, reject, isAlone: false });
    });
    this.queuedBytes += request.byteLength;
    this.underWay.set(key, outcome);
    this.pump();
    try {
      return await outcome;
    } finally {
      this.underWay.delete(key);
    }
  }

  /** Fills a transaction as far as requests wait, and sends it if a connection is free; again and again. */
  private pump(): void {
    for (;;) {
      this.fill();
      const transaction = this.filling;
      if (transaction === undefined || this.idleLanes === 0) return;
      this.filling = undefined;
      this.idleLanes -= 1;
      void this.run(transaction).finally(() => {
        transaction.clear();
        this.free.push(transaction);
        this.idleLanes += 1;
        this.pump();
      });
    }
  }

  private fill(): void {
    while (this.queue.length > 0) {
      const transaction = this.filling ?? this.free.pop();
      if (transaction === undefined) return;
      const [next] = this.queue;
      if (next === undefined || transaction.isFull || (next.isAlone && transaction.requests.length > 0)) return;
      this.queue.shift();
      this.queuedBytes -= next.byteLength;
      if (transaction.requests.length === 0) {
        transaction.generation = this.database.readyGeneration;
        transaction.epoch = this.database.epoch;
      }
      try {
        const outcome = next.fill(transaction.rows);
        if (outcome.acceptedSpans === 0) next.resolve(outcome);
        else transaction.requests.push({ ...next, outcome });
      } catch (error) {
        next.reject(error);
      }
      if (transaction.requests.length > 0) {
        this.filling = transaction;
      } else {
        transaction.clear();
        this.free.push(transaction);
      }
    }
  }

  /** Puts requests first in the queue again. */
  private putBack(requests: readonly Filled[], isAlone: boolean): void {
    this.queue.unshift(...requests.map((request) => ({ ...request, isAlone: isAlone || request.isAlone })));
    for (const { byteLength } of requests) this.queuedBytes += byteLength;
  }

  /** Never rejects: every request is answered, or waits again. */
  private async run(transaction: Transaction): Promise<void> {
    const requests = [...transaction.requests];
    try {
      const client = await this.database.connect();
      if (transaction.generation !== this.database.readyGeneration) {
        client.release();
        // The rows were made for another database, which may have held more of the dictionaries.
        this.putBack(requests, false);
        return;
      }
      await this.commit(transaction, client);
    } catch (cause) {
      await this.handleFailure(transaction, requests, cause);
      return;
    }
    for (const { resolve, outcome } of requests) resolve(outcome);
  }

  private async commit(transaction: Transaction, client: PoolClient): Promise<void> {
    const { rows, deltas, requests } = transaction;
    for (const bucket of rows.calls.buckets.values()) appendDeltaRow(deltas, bucket);
    const copies: CopyCall[] = [
      { statement: copySpans, rows: rows.spans },
      { statement: copyEvents, rows: rows.events },
      { statement: copyLinks, rows: rows.links },
      { statement: copyBlocks, rows: rows.blocks },
      { statement: copyDeltas, rows: deltas },
    ];
    const digests = `{${requests.map(({ digest }) => `"\\\\x${digest.toString('hex')}"`).join()}}`;
    const flight = new BatchFlight(
      [{ statement: insertLedger, values: [digests, String(transaction.epoch)] }, ...dictionaryCalls(rows)],
      copies.filter((copy) => copy.rows.position > 0),
    );
    const startedAt = performance.now();
    // Ends the connection under the flight, which then fails.
    const timeout = setTimeout(() => void (client as PoolClient & Pick<Client, 'end'>).end(), writeTimeoutMs);
    let broken: Error | undefined;
    try {
      await this.prepare(client);
      client.query(flight);
      await flight.done;
    } catch (cause) {
      // A duplicate leaves the connection as good as it was; so does an epoch that is over.
      if (!isInLedger(cause) && !isOutdated(cause)) broken = cause instanceof Error ? cause : new Error(String(cause));
      throw cause;
    } finally {
      clearTimeout(timeout);
      client.release(broken);
    }
    this.noteCommitted(transaction, startedAt);
  }

  private async prepare(client: PoolClient): Promise<void> {
    if (this.prepared.has(client)) return;
    const flight = new PrepareFlight(statements);
    client.query(flight);
    await flight.done;
    this.prepared.add(client);
  }

  private noteCommitted({ rows, requests, generation }: Transaction, startedAt: number): void {
    const durationSeconds = (performance.now() - startedAt) / 1000;
    this.metrics.committed({ durationSeconds, requests: requests.length, spans: rows.spanCount });
    this.metrics.spansAccepted(rows.spanCount);
    // What was committed to an earlier generation's database says nothing of this one's.
    if (generation !== this.database.readyGeneration) return;
    for (const entries of [rows.resources, rows.scopes, rows.operations]) {
      for (const entry of entries) entry.committed = true;
    }
  }

  /** Answers the requests, or fills them into another transaction where this one relied on what was known too long ago. */
  private async handleFailure(transaction: Transaction, requests: readonly Filled[], cause: unknown): Promise<void> {
    if (!isOutdated(cause)) {
      this.answerFailure(requests, cause);
      return;
    }
    try {
      await this.database.refreshEpoch();
    } catch (error) {
      this.answerFailure(requests, error);
      return;
    }
    if (this.database.epoch === transaction.epoch) this.answerFailure(requests, cause);
    else this.putBack(requests, false);
  }

  private answerFailure(requests: readonly Filled[], cause: unknown): void {
    const [only] = requests;
    if (isInLedger(cause) || (requests.length > 1 && classifyFailure(cause) === 'refused')) {
      // One of them is to blame, and the others are not to suffer for it.
      if (requests.length > 1) {
        this.putBack(requests, true);
        return;
      }
      this.metrics.ledgerHit();
      only?.resolve(only.outcome);
      return;
    }
    this.database.noteFailure(cause);
    const isRefused = !(cause instanceof DatabaseUnavailableError) && classifyFailure(cause) === 'refused';
    const error = isRefused ? cause : new WriteUnavailableError('The transaction failed', { cause });
    for (const { reject } of requests) reject(error);
  }
}

function statement(name: string): Statement {
  return { name, text: readSqlFile(import.meta.url, `${name}.sql`) };
}

/** Whether the database has refused what the transaction knew of the dictionaries: `tracestore.require_epoch`. */
function isOutdated(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === 'SPE01';
}

/** Whether a request had been stored before. */
function isInLedger(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23505' && error.table === 'ledger';
}
