import { Inject, Injectable, Optional } from '@nestjs/common';
import pg, { type Client, type PoolClient } from 'pg';
import { IngestMetricsService, type IngestProtocol } from '../metrics/ingest-metrics.service.js';
import { CopyBatch, type Outcome } from '../storage/copy-batch.js';
import { eventTable, linkTable, spanTable } from '../storage/copy-rows.js';
import { blockTable } from '../storage/span-blocks.js';
import { completeWritePlan, WRITE_PLAN, type WritePlan } from '../storage/write-plan.js';
import { SlicedWork } from './sliced-work.js';

import { classifyFailure, DatabaseUnavailableError, problemOf } from '../errors/database-failure.js';
import { DatabaseService } from '../database/database.service.js';
import { readSql } from '../sql.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { PipelinedBatch, type CopyCall, isLong, PipelinedPrepare } from '../database/pipelined-batch.js';
import { dictionaryCalls, dictionaryStatements } from './dictionary-calls.js';
import { endCommitSpan, type IngestSpan, startCommitSpan } from './own-spans.js';

const insertLedger = readSql<{ readonly digests: string; readonly epoch: string }>(
  import.meta.url,
  'insert-ledger.sql',
);
const copyStatements = [spanTable, eventTable, linkTable, blockTable].map((table) => table.statement);
const statements = [insertLedger, ...dictionaryStatements, ...copyStatements];

/** Requests share a transaction until their rows have this size. More would add latency without saving anything. */
const fullBatchBytes = 4 * 1024 * 1024;

/** How long one turn of the event loop makes rows, in ms. The next turn goes on with the same batch. */
const maxFillMs = 20;

/** A connection without a response for this time is closed. The server's statement time-out is shorter. */
const writeTimeoutMs = 60_000;

/** The number of slots. More transactions would wait for the same disk, and hold more rows in memory. */
export const maxSlots = 2;

/** The rows could not be written, but a retry may succeed. The message names the cause. */
export class WriteUnavailableError extends Error {
  override readonly name = 'WriteUnavailableError';
}

/** A request to store. */
export interface WriteRequest {
  /** The request digest: requests with equal digests are the same request. */
  readonly digest: Buffer;
  /** For the metrics. */
  readonly byteLength: number;
  readonly protocol: IngestProtocol;
  /** The span of this store's own traces; undefined without one. */
  readonly span?: IngestSpan | undefined;
  /**
   * Adds the rows of the request to a batch. It is called again, with another batch, when a transaction has failed.
   *
   * @returns undefined when it would take too long; the batch is then unchanged
   * @throws when the request cannot be stored; the batch is then unchanged
   */
  readonly fill: (batch: CopyBatch) => Outcome | undefined;
  /**
   * Does the same in slices. The batch is for this request alone.
   *
   * @throws when the request cannot be stored; the batch must then be cleared
   */
  readonly fillSlowly: (batch: CopyBatch) => Promise<Outcome>;
}

interface Waiting extends WriteRequest {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
  /** Whether it needs a transaction of its own, because a shared one has failed. */
  isAlone: boolean;
  /** Whether making its rows takes long: it then has its own transaction and does not delay the requests behind it. */
  isLong: boolean;
}

interface Filled extends Waiting {
  readonly outcome: Outcome;
}

/**
 * Long requests whose rows are made or written concurrently: as many as there are transactions for the others, so that
 * they progress as fast. Of huge requests there is one, because its rows take a large part of the process's memory.
 */
const maxLong = maxSlots + 1;
const maxHuge = 1;
const hugeBytes = 8 * 1024 * 1024;

/** A batch with the requests whose rows are in it. */
class Transaction {
  readonly rows = new CopyBatch();
  readonly requests: Filled[] = [];
  /** The generation of the database that the rows were made for. */
  generation = 0;
  /** The epoch in which the cached dictionary rows that the rows refer to were known to exist. */
  epoch = 0;
  /** Called after the commit or the failure. */
  whenOver: () => void = () => undefined;

  get isFull(): boolean {
    return this.rows.weight >= fullBatchBytes || this.requests.at(-1)?.isAlone === true;
  }

  clear(): void {
    this.rows.clear();
    this.requests.length = 0;
  }
}

/**
 * Writes requests. Each is written once and in one transaction, completely or not at all: the transaction also writes the
 * request's digest, which is unique.
 *
 * A request that finds a free slot is written at once. Requests that arrive while all slots are busy share the next
 * transaction. So no request waits for a batch to fill.
 */
@Injectable()
export class TraceWriterService {
  private readonly queue: Waiting[] = [];
  private queuedBytes = 0;
  private filling: Transaction | undefined;
  /** Whether filling goes on in the next turn. Until then no part of a batch is sent. */
  private isFillPaused = false;
  private readonly free: Transaction[];
  /** Transactions of long requests that are ready to be written. */
  private readonly ready: Transaction[] = [];
  private readonly long = new Places(maxLong);
  private readonly huge = new Places(maxHuge);
  /** Whether a long request is next when both kinds wait: they take turns. */
  private isLongNext = false;
  private idleSlots: number;
  /** Requests in progress by digest, so that a retry waits for the first attempt. */
  private readonly underWay = new Map<string, Promise<Outcome>>();
  private readonly prepared = new WeakSet<PoolClient>();

  /** Runs the long work of all requests in slices. */
  readonly work = new SlicedWork();

  constructor(
    @Inject(TRACESTORE_CONFIG) config: Pick<TracestoreConfig, 'databaseConnections'>,
    private readonly database: DatabaseService,
    private readonly metrics: IngestMetricsService,
    @Optional() @Inject(WRITE_PLAN) readonly plan: WritePlan = completeWritePlan,
  ) {
    this.idleSlots = Math.min(config.databaseConnections, maxSlots);
    this.free = Array.from({ length: this.idleSlots + 1 }, () => this.pooled());
    metrics.observeQueue(() => ({ requests: this.queue.length, bytes: this.queuedBytes }));
  }

  private pooled(): Transaction {
    const transaction = new Transaction();
    transaction.whenOver = () => this.free.push(transaction);
    return transaction;
  }

  /** Changes when the database may be another one, so that cached dictionary rows are no longer valid. */
  get generation(): number {
    return this.database.readyGeneration;
  }

  /**
   * Stores a request. Resolves when it is committed, now or by an earlier attempt. When this rejects, nothing of the
   * request is stored, unless the connection broke during the commit. The result is then unknown, and a retry is safe.
   *
   * @throws WriteUnavailableError when a retry may succeed
   * @throws Error when the database refuses the rows, which is a defect of this program; and what `fill` throws
   */
  async write(request: WriteRequest): Promise<Outcome> {
    const key = request.digest.toString('latin1');
    const first = this.underWay.get(key);
    if (first !== undefined) {
      const outcome = await first;
      this.metrics.ledgerHit();
      return { ...outcome, isRepeat: true };
    }
    const outcome = new Promise<Outcome>((resolve, reject) => {
      this.queue.push({ ...request, resolve, reject, isAlone: false, isLong: false });
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

  /** Fills transactions with the waiting requests, and runs them while there are idle slots. */
  private pump(): void {
    for (;;) {
      if (!this.isFillPaused) this.fill();
      if (this.idleSlots === 0) return;
      const transaction = this.next();
      if (transaction === undefined) return;
      this.idleSlots -= 1;
      void this.run(transaction).finally(() => {
        transaction.clear();
        transaction.whenOver();
        this.idleSlots += 1;
        this.pump();
      });
    }
  }

  private next(): Transaction | undefined {
    const filling = this.isFillPaused ? undefined : this.filling;
    if (this.ready.length > 0 && (filling === undefined || this.isLongNext)) {
      this.isLongNext = false;
      return this.ready.shift();
    }
    if (this.isFillPaused) return undefined;
    this.filling = undefined;
    this.isLongNext = true;
    return filling;
  }

  private fill(): void {
    const startedAtMs = performance.now();
    while (this.queue.length > 0) {
      if (performance.now() - startedAtMs >= maxFillMs) {
        this.pauseFilling();
        return;
      }
      const [next] = this.queue;
      if (next === undefined) return;
      if (next.isLong) {
        this.takeFirst();
        void this.fillSlowly(next);
        continue;
      }
      const transaction = this.filling ?? this.free.pop();
      if (transaction === undefined) return;
      if (transaction.isFull || (next.isAlone && transaction.requests.length > 0)) return;
      this.takeFirst();
      if (transaction.requests.length === 0) this.begin(transaction);
      try {
        const outcome = next.fill(transaction.rows);
        if (outcome === undefined) void this.fillSlowly(next);
        else if (outcome.acceptedSpans === 0) next.resolve(outcome);
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

  /** Let other work run before the batch is filled further. */
  private pauseFilling(): void {
    this.isFillPaused = true;
    setImmediate(() => {
      this.isFillPaused = false;
      this.pump();
    });
  }

  /** Records the generation and the epoch that the rows will be valid for. */
  private begin(transaction: Transaction): void {
    transaction.generation = this.database.readyGeneration;
    transaction.epoch = this.database.epoch;
  }

  private takeFirst(): void {
    this.queuedBytes -= this.queue.shift()?.byteLength ?? 0;
  }

  /** Fills a transaction with one long request, and waits for its end. Never rejects. */
  private async fillSlowly(request: Waiting): Promise<void> {
    const places = request.byteLength > hugeBytes ? this.huge : this.long;
    this.queuedBytes += request.byteLength;
    await places.take();
    this.queuedBytes -= request.byteLength;
    const transaction = new Transaction();
    this.begin(transaction);
    try {
      const outcome = await request.fillSlowly(transaction.rows);
      if (outcome.acceptedSpans === 0) {
        request.resolve(outcome);
      } else {
        transaction.requests.push({ ...request, isLong: true, outcome });
        await new Promise<void>((resolve) => {
          transaction.whenOver = resolve;
          this.ready.push(transaction);
          this.pump();
        });
      }
    } catch (error) {
      request.reject(error);
    } finally {
      places.give();
    }
  }

  /** Returns requests to the front of the queue. */
  private putBack(requests: readonly Filled[], isAlone: boolean): void {
    this.queue.unshift(...requests.map((request) => ({ ...request, isAlone: isAlone || request.isAlone })));
    for (const { byteLength } of requests) this.queuedBytes += byteLength;
  }

  /** Runs a transaction. Never rejects: every request is settled or returns to the queue. */
  private async run(transaction: Transaction): Promise<void> {
    const requests = [...transaction.requests];
    try {
      const client = await this.database.connect();
      if (transaction.generation !== this.database.readyGeneration) {
        client.release();
        // The rows were made for another database. This one can lack dictionary rows that they refer to.
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
    const { rows, requests } = transaction;
    const copies: CopyCall[] = [
      { statement: spanTable.statement, rows: rows.spans },
      { statement: eventTable.statement, rows: rows.events },
      { statement: linkTable.statement, rows: rows.links },
      { statement: blockTable.statement, rows: rows.blocks },
    ];
    const digests = `{${requests.map(({ digest }) => `"\\\\x${digest.toString('hex')}"`).join()}}`;
    const ledgerCalls = this.plan.ledger
      ? [{ statement: insertLedger, values: insertLedger.values({ digests, epoch: String(transaction.epoch) }) }]
      : [];
    const dictionaries = await dictionaryCalls(rows, this.work);
    const rowsWritten = copies.filter((copy) => copy.rows.length > 0);
    // Writers that need the same new dictionary rows wait for this transaction. A long one adds them in a short one first.
    const pipelines =
      isLong(rowsWritten) && dictionaries.length > 0
        ? [new PipelinedBatch(dictionaries, []), new PipelinedBatch(ledgerCalls, rowsWritten)]
        : [new PipelinedBatch([...ledgerCalls, ...dictionaries], rowsWritten)];
    const startedAt = performance.now();
    const span = startCommitSpan(requests, rows.spanCount);
    // Closing the connection makes the pipeline fail.
    const timeout = setTimeout(() => void (client as PoolClient & Pick<Client, 'end'>).end(), writeTimeoutMs);
    let broken: Error | undefined;
    try {
      await this.prepare(client);
      for (const pipeline of pipelines) {
        client.query(pipeline);
        await pipeline.done;
      }
    } catch (cause) {
      // After a duplicate or an outdated epoch, the connection is still usable.
      if (!isInLedger(cause) && !isOutdated(cause)) broken = cause instanceof Error ? cause : new Error(String(cause));
      throw cause;
    } finally {
      clearTimeout(timeout);
      endCommitSpan(span, broken);
      client.release(broken);
    }
    this.noteCommitted(transaction, startedAt);
  }

  private async prepare(client: PoolClient): Promise<void> {
    if (this.prepared.has(client)) return;
    const pipeline = new PipelinedPrepare(statements);
    client.query(pipeline);
    await pipeline.done;
    this.prepared.add(client);
  }

  private noteCommitted({ rows, requests, generation }: Transaction, startedAt: number): void {
    const durationSeconds = (performance.now() - startedAt) / 1000;
    this.database.noteWritten();
    this.metrics.committed({ durationSeconds, requests: requests.length, spans: rows.spanCount });
    for (const { protocol, outcome } of requests) this.metrics.spansAccepted(protocol, outcome.acceptedSpans);
    // A commit to an earlier generation's database says nothing about the current one.
    if (generation !== this.database.readyGeneration) return;
    for (const entries of [rows.resources, rows.scopes, rows.operations]) {
      for (const entry of entries) entry.committed = true;
    }
  }

  /** Rejects the requests, or returns them to the queue if the transaction's epoch was outdated. */
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
      // Only one of the requests is the cause. Each is tried again in its own transaction.
      if (requests.length > 1) {
        this.putBack(requests, true);
        return;
      }
      this.metrics.ledgerHit();
      only?.resolve({ ...only.outcome, isRepeat: true });
      return;
    }
    const isRefused = !(cause instanceof DatabaseUnavailableError) && classifyFailure(cause) === 'refused';
    if (!isRefused) {
      this.database.noteFailedWrite(cause, requests.length);
      this.metrics.commitFailed(problemOf(cause).code);
    }
    const error = isRefused ? cause : new WriteUnavailableError(problemOf(cause).message, { cause });
    for (const { reject } of requests) reject(error);
  }
}

/** A counting semaphore. */
class Places {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async take(): Promise<void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  give(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free += 1;
    else next();
  }
}

/** Whether `tracestore.require_epoch` has refused the transaction's epoch. */
function isOutdated(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === 'SPE01';
}

/** Whether a request of the transaction is already in the ledger. */
function isInLedger(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23505' && error.table === 'ledger';
}
