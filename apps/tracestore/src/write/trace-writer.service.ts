import { Inject, Injectable, Optional } from '@nestjs/common';
import pg, { type Client, type PoolClient } from 'pg';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { CopyBatch, type Outcome } from '../storage/copy-batch.js';
import { completeWritePlan, WRITE_PLAN, type WritePlan } from '../storage/write-plan.js';
import { SlicedWork } from './sliced-work.js';

import { classifyFailure, DatabaseUnavailableError, problemOf } from '../errors/database-failure.js';
import { DatabaseService } from '../database/database.service.js';
import { readSqlFile } from '../sql-file.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { BatchFlight, type CopyCall, isLong, PrepareFlight, type Statement } from '../database/batch-flight.js';
import { dictionaryCalls, dictionaryStatements } from './dictionary-calls.js';

const insertLedger = statement('insert-ledger');
const copySpans = statement('copy-spans');
const copyEvents = statement('copy-events');
const copyLinks = statement('copy-links');
const copyBlocks = statement('copy-blocks');
const statements = [insertLedger, ...dictionaryStatements, copySpans, copyEvents, copyLinks, copyBlocks];

/** Requests share a transaction until their rows are so large; more would cost latency and save nothing. */
const fullBatchBytes = 4 * 1024 * 1024;

/** A connection that says nothing for so long is given up; the server's own statement time-out is shorter. */
const writeTimeoutMs = 60_000;

/** Transactions at once: more wait for the same disk, and keep more rows in memory. */
export const maxLanes = 2;

/** The rows are not written, through no fault of theirs; they may be written later. The message names the cause. */
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
   * @returns undefined when it would take too long; the batch is then as it was
   * @throws when the request can't be stored; the batch is then as it was
   */
  readonly fill: (batch: CopyBatch) => Outcome | undefined;
  /**
   * The same, in slices; the batch is for this request alone.
   *
   * @throws when the request can't be stored; the batch is then to be cleared
   */
  readonly fillSlowly: (batch: CopyBatch) => Promise<Outcome>;
}

interface Waiting extends WriteRequest {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
  /** Another request that shared its transaction was stored before: it is tried by itself. */
  isAlone: boolean;
  /** It takes long to make its rows: it has a transaction by itself, and does not hold up those behind it. */
  isLong: boolean;
}

interface Filled extends Waiting {
  readonly outcome: Outcome;
}

/**
 * Long requests whose rows are made or written at once: as many as there are transactions for the others, so that they
 * flow as well, and one of those that are so large that their rows are a good part of this process.
 */
const maxLong = maxLanes + 1;
const maxHuge = 1;
const hugeBytes = 8 * 1024 * 1024;

/** A batch with what it takes to answer those whose rows are in it. */
class Transaction {
  readonly rows = new CopyBatch();
  readonly requests: Filled[] = [];
  /** Of the database that the rows were made for. */
  generation = 0;
  /** In which the dictionaries' entries were known to be there that the rows refer to. */
  epoch = 0;
  /** Called when it is over. */
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
  /** Of long requests, ready to be written. */
  private readonly ready: Transaction[] = [];
  private readonly long = new Places(maxLong);
  private readonly huge = new Places(maxHuge);
  /** Whether a long request comes before the others, when both wait: they take turns. */
  private isLongNext = false;
  private idleLanes: number;
  /** What is on its way, so that a retry that overtakes its first try waits for it. */
  private readonly underWay = new Map<string, Promise<Outcome>>();
  private readonly prepared = new WeakSet<PoolClient>();

  /** What takes long, on the way of any request. */
  readonly work = new SlicedWork();

  constructor(
    @Inject(TRACESTORE_CONFIG) config: Pick<TracestoreConfig, 'databaseConnections'>,
    @Inject(DatabaseService) private readonly database: DatabaseService,
    @Inject(IngestMetricsService) private readonly metrics: IngestMetricsService,
    @Optional() @Inject(WRITE_PLAN) readonly plan: WritePlan = completeWritePlan,
  ) {
    this.idleLanes = Math.min(config.databaseConnections, maxLanes);
    this.free = Array.from({ length: this.idleLanes + 1 }, () => this.pooled());
    metrics.observeQueue(() => ({ requests: this.queue.length, bytes: this.queuedBytes }));
  }

  private pooled(): Transaction {
    const transaction = new Transaction();
    transaction.whenOver = () => this.free.push(transaction);
    return transaction;
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

  /** Fills a transaction as far as requests wait, and sends it if a connection is free; again and again. */
  private pump(): void {
    for (;;) {
      this.fill();
      if (this.idleLanes === 0) return;
      const transaction = this.next();
      if (transaction === undefined) return;
      this.idleLanes -= 1;
      void this.run(transaction).finally(() => {
        transaction.clear();
        transaction.whenOver();
        this.idleLanes += 1;
        this.pump();
      });
    }
  }

  private next(): Transaction | undefined {
    const { filling } = this;
    if (this.ready.length > 0 && (filling === undefined || this.isLongNext)) {
      this.isLongNext = false;
      return this.ready.shift();
    }
    this.filling = undefined;
    this.isLongNext = true;
    return filling;
  }

  private fill(): void {
    while (this.queue.length > 0) {
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

  /** Notes of what database, and of which epoch, the rows will be. */
  private begin(transaction: Transaction): void {
    transaction.generation = this.database.readyGeneration;
    transaction.epoch = this.database.epoch;
  }

  private takeFirst(): void {
    this.queuedBytes -= this.queue.shift()?.byteLength ?? 0;
  }

  /** Makes a transaction of a request that takes long, and waits until it is over. Never rejects. */
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
    const { rows, requests } = transaction;
    const copies: CopyCall[] = [
      { statement: copySpans, rows: rows.spans },
      { statement: copyEvents, rows: rows.events },
      { statement: copyLinks, rows: rows.links },
      { statement: copyBlocks, rows: rows.blocks },
    ];
    const digests = `{${requests.map(({ digest }) => `"\\\\x${digest.toString('hex')}"`).join()}}`;
    const ledgerCalls = this.plan.ledger
      ? [{ statement: insertLedger, values: [digests, String(transaction.epoch)] }]
      : [];
    const dictionaries = await dictionaryCalls(rows, this.work);
    const rowsWritten = copies.filter((copy) => copy.rows.length > 0);
    // Others who need the same new rows of dictionaries wait for the transaction that adds them: not for a long one.
    const flights =
      isLong(rowsWritten) && dictionaries.length > 0
        ? [new BatchFlight(dictionaries, []), new BatchFlight(ledgerCalls, rowsWritten)]
        : [new BatchFlight([...ledgerCalls, ...dictionaries], rowsWritten)];
    const startedAt = performance.now();
    // Ends the connection under the flight, which then fails.
    const timeout = setTimeout(() => void (client as PoolClient & Pick<Client, 'end'>).end(), writeTimeoutMs);
    let broken: Error | undefined;
    try {
      await this.prepare(client);
      for (const flight of flights) {
        client.query(flight);
        await flight.done;
      }
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
    this.database.noteWritten();
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
    const isRefused = !(cause instanceof DatabaseUnavailableError) && classifyFailure(cause) === 'refused';
    if (!isRefused) this.database.noteFailedWrite(cause, requests.length);
    const error = isRefused ? cause : new WriteUnavailableError(problemOf(cause).message, { cause });
    for (const { reject } of requests) reject(error);
  }
}

/** So many at once; others wait for their turn. */
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
