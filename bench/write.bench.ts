import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { CorpusShape } from './corpus/corpus.ts';
import { type Results, rounded } from './results.ts';
import { median } from './median.ts';
import { cpuTimeNs, machineCpuTimeNs, rssBytes, treeCpuTimeNs } from './process-accounting.ts';
import { type BenchDatabase, startBenchDatabase, useBenchDatabase } from './write/bench-database.ts';
import type { ContestantPlan, Way } from './write/contestant.ts';
import { type Cores, findCores, moveTree } from './write/cores.ts';
import { defaultConnections } from './write/ingest-path.ts';
import { measurePeers } from './write/peers.ts';
import { ownRoot, type RunningContestant, type RunningStore, startContestant, startStore } from './write/processes.ts';
import {
  compress,
  countRows,
  countTransactions,
  diskUse,
  empty,
  holdCounting,
  settle,
  spanTables,
  untilCounted,
} from './write/stored.ts';

const shapes: readonly CorpusShape[] = ['services', 'clickhouse'];

interface WriteOptions {
  readonly shape: CorpusShape;
  readonly spans: number;
  readonly spansPerRequest: number;
  readonly spansPerSecond: number;
  readonly rounds: number;
  readonly connections: number;
  readonly requestsInFlight: number;
  readonly soakSeconds: number;
  readonly peers: boolean;
  /** Another built checkout to compare this one with; nothing else is measured. */
  readonly before: string | undefined;
  readonly databaseUrl: string | undefined;
}

/**
 * Compares tracestore, from OTLP to committed rows, with the ceiling: the same rows, encoded before the clock starts.
 * docs/benchmarks.md explains each result.
 */
export async function writeBench(say: (line: string) => void, args: readonly string[]): Promise<Results> {
  const options = await readOptions(args);
  const cores = findCores();
  const database =
    options.databaseUrl === undefined
      ? await startBenchDatabase({ sharedBuffers: '512MB' })
      : await useBenchDatabase(options.databaseUrl);
  try {
    const bench = new WriteBench(say, options, database, cores);
    if (options.before === undefined) return await bench.run();
    // A separate database, because the schema of the other build can differ.
    const databaseBefore = await startBenchDatabase({ sharedBuffers: '512MB' });
    try {
      return await bench.compareWith(options.before, databaseBefore);
    } finally {
      await databaseBefore.stop();
    }
  } finally {
    await database.stop();
  }
}

async function readOptions(args: readonly string[]): Promise<WriteOptions> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      shape: { type: 'string', default: 'services' },
      spans: { type: 'string', default: '200000' },
      'spans-per-request': { type: 'string', default: '1000' },
      'spans-per-second': { type: 'string', default: '20000' },
      rounds: { type: 'string', default: '9' },
      connections: { type: 'string', default: String(await defaultConnections()) },
      'in-flight': { type: 'string', default: '16' },
      soak: { type: 'string', default: '60' },
      peers: { type: 'boolean', default: false },
      before: { type: 'string' },
      database: { type: 'string' },
    },
  });
  const count = (name: string, text: string, least: number): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least) return value;
    throw new Error(`--${name} must be an integer of at least ${least}, got ${text}`);
  };
  const shape = shapes.find((known) => known === values.shape);
  if (shape === undefined) throw new Error(`--shape must be one of ${shapes.join(', ')}, got ${values.shape}`);
  const spansPerRequest = count('spans-per-request', values['spans-per-request'], 1);
  const requestsInFlight = count('in-flight', values['in-flight'], 1);
  return {
    shape,
    spansPerRequest,
    requestsInFlight,
    // A request is changed in place before it is sent again, so there must be more requests than are in flight.
    spans: count('spans', values.spans, 2 * requestsInFlight * spansPerRequest),
    spansPerSecond: count('spans-per-second', values['spans-per-second'], 1),
    rounds: count('rounds', values.rounds, 1),
    connections: count('connections', values.connections, 1),
    soakSeconds: count('soak', values.soak, 0),
    peers: values.peers,
    before: values.before === undefined ? undefined : path.resolve(values.before),
    databaseUrl: values.database ?? process.env['TEST_DATABASE_URL'],
  };
}

/** The measurement of one variant that sends the whole corpus once. */
interface Sample {
  readonly wallMs: number;
  /** Of the process under test. */
  readonly nodeCpuMs: number;
  /** NaN if the processes of the server are not visible. */
  readonly postgresCpuMs: number;
  /** The number of cores that other processes used at the same time, without this benchmark's sender. */
  readonly disturbance: number;
}

/** A variant with its process, which waits for orders. */
interface Competitor {
  readonly name: WayName;
  readonly contestant: RunningContestant;
  /** The process under test: the contestant itself, or the store that it sends to. */
  readonly pid: number;
  /** The database that it writes to. */
  readonly database: BenchDatabase;
}

type WayName =
  'ceiling' | 'bytes' | 'withoutLedger' | 'withBlocks' | 'http' | 'grpc' | 'bytesBefore' | 'httpBefore' | 'grpcBefore';

type Stored = typeof import('./write/stored.ts');

type Pair = readonly [name: WayName, against: WayName, times: number];

/**
 * The pairs to compare, with a factor for the number of rounds. The first pair has three results, and the result of the
 * second is small. Nine rounds leave an error of ± 5 %.
 */
const pairs: readonly Pair[] = [
  ['bytes', 'ceiling', 3],
  ['bytes', 'withoutLedger', 3],
  ['withBlocks', 'bytes', 1],
  ['http', 'ceiling', 1],
  ['grpc', 'ceiling', 1],
];

/** The pairs of this build and another one. */
const pairsWithBefore: readonly Pair[] = [
  ['bytes', 'bytesBefore', 2],
  ['http', 'httpBefore', 2],
  ['grpc', 'grpcBefore', 1],
];

/** Two measurements directly after each other, because a shared machine changes within half a minute. */
interface Duel {
  readonly name: WayName;
  readonly against: WayName;
  readonly sample: Sample;
  readonly other: Sample;
}

const uncountedDuels = 3;

const nsPerMs = 1_000_000;

class WriteBench {
  readonly #say: (line: string) => void;
  readonly #options: WriteOptions;
  readonly #database: BenchDatabase;
  readonly #cores: Cores | undefined;
  readonly #startTimeUnixNano: string;

  constructor(say: (line: string) => void, options: WriteOptions, database: BenchDatabase, cores: Cores | undefined) {
    this.#say = say;
    this.#options = options;
    this.#database = database;
    this.#cores = cores;
    // Within the last two hours, for which a store has partitions.
    this.#startTimeUnixNano = `${Date.now() - 2 * 3_600_000}000000`;
  }

  async run(): Promise<Results> {
    const pinned = await this.#pinDatabase(this.#database);
    const { connections, spansPerRequest } = this.#options;
    const store = await startStore(this.#database.url, connections, this.#cores?.node);
    const competitors: Competitor[] = [];
    try {
      competitors.push(...(await this.#startCompetitors(store)));
      const letCount = await holdCounting(this.#database);
      const requestsPerTransaction = await this.#warmUp(competitors);
      const duels = await this.#duels(competitors, pairs);
      await letCount();
      const results = {
        pinned: pinned ? 1 : 0,
        spansPerRequest,
        connections,
        requestsPerTransaction: rounded(requestsPerTransaction, 2),
        ...this.#compare(duels),
        ...(await this.#weighOnDisk(store)),
        ...(await this.#soak(store, competitors)),
      };
      for (const { contestant } of competitors) await contestant.leave();
      await store.stop();
      if (!this.#options.peers) return results;
      await empty(this.#database);
      return { ...results, ...(await this.#comparePeers()) };
    } finally {
      await Promise.all(competitors.map(({ contestant }) => contestant.leave()));
      await store.stop();
    }
  }

  /**
   * Compares this build with another one by turns: the ingest path alone, and the whole store over HTTP and gRPC.
   *
   * @param root the other checkout, which is built
   * @param databaseBefore the database of the other build
   */
  async compareWith(root: string, databaseBefore: BenchDatabase): Promise<Results> {
    const sides = [
      { suffix: '', root: ownRoot, database: this.#database },
      { suffix: 'Before', root, database: databaseBefore },
    ] as const;
    const stores: RunningStore[] = [];
    const competitors: Competitor[] = [];
    const releases: ((() => Promise<void>) | undefined)[] = [];
    try {
      let pinned = true;
      for (const { suffix, root: checkout, database } of sides) {
        pinned = (await this.#pinDatabase(database)) && pinned;
        const store = await startStore(database.url, this.#options.connections, this.#cores?.node, checkout);
        stores.push(store);
        const ways: readonly (readonly [WayName, Way])[] = [
          [`bytes${suffix}`, { name: 'bytes', without: ['blocks'] }],
          [`http${suffix}`, { name: 'http', port: store.otlpHttpPort }],
          [`grpc${suffix}`, { name: 'grpc', port: store.otlpGrpcPort }],
        ];
        for (const [name, way] of ways) {
          competitors.push(await this.#startCompetitor(name, way, store, database, checkout));
        }
        // Each build has its own means to prevent aggregation.
        const { holdCounting: hold } = (await import(path.join(checkout, 'bench/write/stored.ts'))) as Stored;
        releases.push(await hold(database));
      }
      for (const competitor of competitors) {
        for (let time = 1; time <= 2; time++) await this.#measure(competitor);
      }
      const duels = await this.#duels(competitors, pairsWithBefore);
      for (const { contestant } of competitors) await contestant.leave();
      return { pinned: pinned ? 1 : 0, ...compareWithBefore(duels) };
    } finally {
      await Promise.all(competitors.map(({ contestant }) => contestant.leave()));
      await Promise.all(stores.map((store) => store.stop()));
      // The lock of an older build ends with its connection, and has no function to call.
      await Promise.all(releases.map((release) => release?.()));
    }
  }

  async #duels(competitors: readonly Competitor[], planned: readonly Pair[]): Promise<readonly Duel[]> {
    const duels: Duel[] = [];
    for (const [name, against, times] of planned) {
      // These rounds do not count: idle processes lose pages and caches to others.
      for (let round = 1; round <= uncountedDuels; round++) await this.#duel(competitors, name, against, false);
      for (let round = 1; round <= this.#options.rounds * times; round++) {
        const duel = await this.#duel(competitors, name, against, round % 2 === 1);
        this.#say(`${name.padEnd(13)} ${this.#describe(duel.sample)}`);
        this.#say(`${against.padEnd(13)} ${this.#describe(duel.other)}`);
        duels.push(duel);
      }
    }
    return duels;
  }

  async #pinDatabase({ serverPid }: BenchDatabase): Promise<boolean> {
    if (this.#cores === undefined) {
      this.#say('NOT PINNED: pinning needs Linux, taskset and two cores. In the ratios, each side disturbs the other.');
      return false;
    }
    if (serverPid === undefined) {
      this.#say('NOT PINNED, and no CPU results: the processes of the given server are not visible.');
      return false;
    }
    await moveTree(serverPid, this.#cores.postgres);
    const { postgres, node, sender } = this.#cores;
    this.#say(`PostgreSQL on core ${postgres}, the process under test on core ${node}, the sender on core ${sender}`);
    return true;
  }

  async #startCompetitors(store: RunningStore): Promise<readonly Competitor[]> {
    const all: readonly (readonly [WayName, Way])[] = [
      ['ceiling', { name: 'ceiling' }],
      ['bytes', { name: 'bytes', without: ['blocks'] }],
      ['withoutLedger', { name: 'bytes', without: ['ledger', 'blocks'] }],
      ['withBlocks', { name: 'bytes', without: [] }],
      ['http', { name: 'http', port: store.otlpHttpPort }],
      ['grpc', { name: 'grpc', port: store.otlpGrpcPort }],
    ];
    const competitors: Competitor[] = [];
    for (const [name, way] of all) {
      competitors.push(await this.#startCompetitor(name, way, store, this.#database, ownRoot));
    }
    return competitors;
  }

  async #startCompetitor(
    name: WayName,
    way: Way,
    store: RunningStore,
    database: BenchDatabase,
    root: string,
  ): Promise<Competitor> {
    const sends = way.name === 'http' || way.name === 'grpc';
    const plan = { ...this.#plan(way), databaseUrl: database.url };
    const contestant = await startContestant(plan, sends ? this.#cores?.sender : this.#cores?.node, root);
    return { name, contestant, pid: sends ? store.pid : contestant.pid, database };
  }

  #plan(way: Way): ContestantPlan {
    const { shape, spans, spansPerRequest, spansPerSecond, connections, requestsInFlight } = this.#options;
    const corpus = { shape, spans, spansPerRequest, spansPerSecond, startTimeUnixNano: this.#startTimeUnixNano };
    return { way, databaseUrl: this.#database.url, connections, requestsInFlight, corpus };
  }

  /**
   * Runs every variant twice, so that V8 has compiled it. The ceiling then gets the rows and transactions of the variant
   * from bytes to committed.
   */
  async #warmUp(competitors: readonly Competitor[]): Promise<number> {
    const [ceiling] = competitors.filter(({ name }) => name === 'ceiling');
    const others = competitors.filter((competitor) => competitor !== ceiling);
    let requestsPerTransaction = Number.NaN;
    for (const competitor of others) {
      const { name, contestant } = competitor;
      for (let time = 1; time <= 2; time++) await this.#measure(competitor);
      const perTransaction = contestant.corpus.requests / (await countTransactions(this.#database));
      this.#say(`warm-up: ${name.padEnd(13)} ${perTransaction.toFixed(1)} requests a transaction`);
      if (name !== 'bytes') continue;
      requestsPerTransaction = perTransaction;
      await ceiling?.contestant.obey({ order: 'capture' });
    }
    if (ceiling !== undefined) await this.#measure(ceiling);
    return requestsPerTransaction;
  }

  async #duel(competitors: readonly Competitor[], name: WayName, against: WayName, isFirst: boolean): Promise<Duel> {
    const measured = new Map<WayName, Sample>();
    for (const way of isFirst ? [name, against] : [against, name]) {
      const competitor = competitors.find((known) => known.name === way);
      if (competitor === undefined) throw new Error(`there is no contestant for ${way}`);
      const sample = await this.#measureUndisturbed(competitor);
      measured.set(way, sample);
    }
    return { name, against, sample: measured.get(name) as Sample, other: measured.get(against) as Sample };
  }

  /** Repeats a measurement up to three times while other processes use the cores. The least disturbed one counts. */
  async #measureUndisturbed(competitor: Competitor): Promise<Sample> {
    let best = await this.#measure(competitor);
    for (let tries = 1; tries < mostTries && best.disturbance > tolerableDisturbance; tries++) {
      await untilCalm();
      const sample = await this.#measure(competitor);
      if (sample.disturbance < best.disturbance) best = sample;
    }
    return best;
  }

  async #measure({ name, contestant, pid, database }: Competitor): Promise<Sample> {
    await empty(database);
    const nodeBefore = await this.#cpuMs(pid);
    const postgresBefore = await postgresCpuMsOf(database);
    const machineBefore = await machineCpuMs();
    const ownBefore = process.cpuUsage();
    const { wallMs, cpuMs } = await contestant.obey({ order: 'run' });
    const own = process.cpuUsage(ownBefore);
    const machine = (await machineCpuMs()) - machineBefore;
    const postgresCpuMs = (await postgresCpuMsOf(database)) - postgresBefore;
    // The contestant reports its own CPU time exactly. That of a store is read from /proc.
    const nodeCpuMs = pid === contestant.pid ? cpuMs : (await this.#cpuMs(pid)) - nodeBefore;
    const counts = await countRows(database);
    for (const table of spanTables) {
      const expected = contestant.corpus.rows[table];
      if (counts[table] === expected) continue;
      throw new Error(`${name} left ${counts[table]} rows in ${table}, ${expected} were expected`);
    }
    const senderCpuMs = pid === contestant.pid ? 0 : cpuMs;
    const accounted = nodeCpuMs + postgresCpuMs + senderCpuMs + (own.user + own.system) / 1000;
    return { wallMs, nodeCpuMs, postgresCpuMs, disturbance: Math.max(0, machine - accounted) / wallMs };
  }

  async #cpuMs(pid: number): Promise<number> {
    return process.platform === 'linux' ? (await cpuTimeNs(pid)) / nsPerMs : Number.NaN;
  }

  #describe({ wallMs, nodeCpuMs, postgresCpuMs, disturbance }: Sample): string {
    const perSecond = Math.round((this.#options.spans / wallMs) * 1000);
    const perMillion = (cpuMs: number): string => (cpuMs / 1000 / (this.#options.spans / 1e6)).toFixed(2);
    return `${perSecond} spans/s; CPU-s per million: Node ${perMillion(nodeCpuMs)}, PostgreSQL ${perMillion(postgresCpuMs)}; others used ${disturbance.toFixed(2)} cores`;
  }

  /** Returns the medians of the ratios of consecutive measurements. */
  #compare(duels: readonly Duel[]): Results {
    const millions = this.#options.spans / 1e6;
    const ratios = (name: WayName, against: WayName, ratio: (sample: Sample, other: Sample) => number): number =>
      median(
        duels
          .filter((duel) => duel.name === name && duel.against === against)
          .map(({ sample, other }) => ratio(sample, other)),
      );
    const samples = duels.flatMap(({ name, against, sample, other }) => [
      { name, sample },
      { name: against, sample: other },
    ]);
    const middle = (name: WayName, result: (sample: Sample) => number): number =>
      median(samples.filter((measured) => measured.name === name).map(({ sample }) => result(sample)));
    const throughput = (name: WayName): number => ratios(name, 'ceiling', (a, b) => b.wallMs / a.wallMs);
    const nodeCpu = (name: WayName): number => ratios(name, 'ceiling', (a, b) => a.nodeCpuMs / b.postgresCpuMs);
    const postgresCpu = (name: WayName): number => ratios(name, 'ceiling', (a, b) => a.postgresCpuMs / b.postgresCpuMs);
    const cpu = ({ nodeCpuMs, postgresCpuMs }: Sample): number => nodeCpuMs + postgresCpuMs;
    const extraCpu = (name: WayName, to: WayName): number => ratios(name, to, (a, b) => cpu(a) / cpu(b) - 1);
    const extraTime = (name: WayName, to: WayName): number => ratios(name, to, (a, b) => a.wallMs / b.wallMs - 1);
    const absolute = (suffix: string, name: WayName): Results => ({
      [`spansPerSecond${suffix}`]: rounded(this.#options.spans / middle(name, ({ wallMs }) => wallMs / 1000), 0),
      [`nodeCpuSecondsPerMillion${suffix}`]: rounded(middle(name, ({ nodeCpuMs }) => nodeCpuMs / 1000) / millions, 2),
      [`postgresCpuSecondsPerMillion${suffix}`]: rounded(
        middle(name, ({ postgresCpuMs }) => postgresCpuMs / 1000) / millions,
        2,
      ),
    });
    return known({
      throughputRatio: rounded(throughput('bytes'), 3),
      throughputRatioHttp: rounded(throughput('http'), 3),
      throughputRatioGrpc: rounded(throughput('grpc'), 3),
      postgresCpuRatio: rounded(postgresCpu('bytes'), 3),
      postgresCpuRatioHttp: rounded(postgresCpu('http'), 3),
      postgresCpuRatioGrpc: rounded(postgresCpu('grpc'), 3),
      nodeCpuRatio: rounded(nodeCpu('bytes'), 3),
      nodeCpuRatioHttp: rounded(nodeCpu('http'), 3),
      nodeCpuRatioGrpc: rounded(nodeCpu('grpc'), 3),
      exactlyOnceCost: rounded(extraCpu('bytes', 'withoutLedger'), 3),
      exactlyOnceTimeCost: rounded(extraTime('bytes', 'withoutLedger'), 3),
      searchCost: rounded(extraCpu('withBlocks', 'bytes'), 3),
      searchTimeCost: rounded(extraTime('withBlocks', 'bytes'), 3),
      disturbanceCores: rounded(median(samples.map(({ sample }) => sample.disturbance)), 2),
      ...absolute('Ceiling', 'ceiling'),
      ...absolute('', 'bytes'),
      ...absolute('WithBlocks', 'withBlocks'),
      ...absolute('Http', 'http'),
      ...absolute('Grpc', 'grpc'),
    });
  }

  /** Sends a longer corpus through the store, and measures its size on disk after maintenance. */
  async #weighOnDisk(store: RunningStore): Promise<Results> {
    const spans = Math.max(this.#options.spans, leastSpansOnDisk);
    const plan = this.#plan({ name: 'grpc', port: store.otlpGrpcPort });
    const contestant = await startContestant({ ...plan, corpus: { ...plan.corpus, spans } }, this.#cores?.sender);
    const millions = spans / 1e6;
    const before = await postgresCpuMsOf(this.#database);
    const { postgresCpuMs } = await this.#measure({
      name: 'grpc',
      contestant,
      pid: store.pid,
      database: this.#database,
    });
    await contestant.leave();
    await untilCounted(this.#database);
    const aggregatingMs = (await postgresCpuMsOf(this.#database)) - before - postgresCpuMs;
    const aggregateCpuSecondsPerMillion = rounded(aggregatingMs / 1000 / millions, 2);
    await settle(this.#database);
    const perSpan = async (suffix: string): Promise<Results> => {
      const uses = await diskUse(this.#database);
      for (const { name, bytes } of uses) this.#say(`on disk: ${name} ${(bytes / spans).toFixed(1)} B a span`);
      const weight = (isAggregate: boolean): number =>
        uses
          .filter(({ name }) => aggregateTables.test(name) === isAggregate)
          .reduce((sum, { bytes }) => sum + bytes, 0);
      return {
        [`diskBytesPerSpan${suffix}`]: rounded(weight(false) / spans, 1),
        [`aggregateBytesPerSpan${suffix}`]: rounded(weight(true) / spans, 1),
      };
    };
    const plain = { ...(await perSpan('')), aggregateCpuSecondsPerMillion };
    if (!(await compress(this.#database))) return known(plain);
    await settle(this.#database);
    return known({ ...plain, ...(await perSpan('Compressed')) });
  }

  /** Measures the memory of the store at full load over both protocols: its maximum and its medians in both halves. */
  async #soak(store: RunningStore, competitors: readonly Competitor[]): Promise<Results> {
    const { soakSeconds } = this.#options;
    const senders = competitors.filter(({ name }) => name === 'http' || name === 'grpc');
    if (soakSeconds === 0 || process.platform !== 'linux') return {};
    await empty(this.#database);
    const startedAt = performance.now();
    const over = new AbortController();
    const reports = Promise.all(
      senders.map(({ contestant }) => contestant.obey({ order: 'soak', seconds: soakSeconds })),
    ).finally(() => over.abort());
    const weights: number[] = [];
    let emptiedAt = startedAt;
    const weigh = async (): Promise<void> => {
      while (!over.signal.aborted) {
        weights.push(await rssBytes(store.pid));
        await sleep(weighEveryMs);
        if (performance.now() - emptiedAt < emptyEveryMs) continue;
        // Ten minutes at full load would fill a small disk.
        await empty(this.#database).catch((error: unknown) => this.#say(`not emptied: ${String(error)}`));
        emptiedAt = performance.now();
      }
    };
    const [done] = await Promise.all([reports, weigh()]);
    const seconds = (performance.now() - startedAt) / 1000;
    const spans = done.reduce((sum, report) => sum + report.spans, 0);
    const megabytes = (bytes: number): number => rounded(bytes / 1e6, 0);
    const half = (values: readonly number[]): number => (values.length === 0 ? Number.NaN : median(values));
    return known({
      rssMb: megabytes(Math.max(...weights)),
      rssFirstHalfMb: megabytes(half(weights.slice(0, weights.length >> 1))),
      rssSecondHalfMb: megabytes(half(weights.slice(weights.length >> 1))),
      soakSeconds: rounded(seconds, 0),
      soakSpansPerSecond: rounded(spans / seconds, 0),
      soakRefusedRequests: done.reduce((sum, { refused }) => sum + refused, 0),
    });
  }

  /** Compares with other systems. Every system uses all cores, and has the same sender. */
  async #comparePeers(): Promise<Results> {
    const { serverPid } = this.#database;
    return measurePeers({
      say: this.#say,
      plan: (port) => this.#plan({ name: 'grpc', port }),
      startOurs: () => startStore(this.#database.url, this.#options.connections, undefined),
      databasePid: serverPid,
    });
  }
}

/** Returns ratios of this build to the other one: of the time, and of the CPU time of Node and PostgreSQL together. */
function compareWithBefore(duels: readonly Duel[]): Results {
  const ratio = (name: WayName, result: (sample: Sample) => number): number =>
    rounded(
      median(duels.filter((duel) => duel.name === name).map(({ sample, other }) => result(sample) / result(other))),
      3,
    );
  const wallMs = (sample: Sample): number => sample.wallMs;
  const cpuMs = ({ nodeCpuMs, postgresCpuMs }: Sample): number => nodeCpuMs + postgresCpuMs;
  return known({
    timeOverBefore: ratio('bytes', wallMs),
    timeOverBeforeHttp: ratio('http', wallMs),
    timeOverBeforeGrpc: ratio('grpc', wallMs),
    cpuOverBefore: ratio('bytes', cpuMs),
    cpuOverBeforeHttp: ratio('http', cpuMs),
    cpuOverBeforeGrpc: ratio('grpc', cpuMs),
    disturbanceCores: rounded(median(duels.flatMap(({ sample, other }) => [sample.disturbance, other.disturbance])), 2),
  });
}

/** The tables that grow with time and operations instead of spans. */
const aggregateTables = /^tracestore\.(service_)?call_/;

/** With fewer spans, empty partitions would distort the size. */
const leastSpansOnDisk = 1_000_000;

/** The CPU time of the kernel is never attributed completely. */
const tolerableDisturbance = 0.15;
const mostTries = 4;

/** @returns NaN if the processes of the server are not visible */
async function postgresCpuMsOf({ serverPid }: BenchDatabase): Promise<number> {
  return serverPid === undefined || process.platform !== 'linux'
    ? Number.NaN
    : (await treeCpuTimeNs(serverPid)) / nsPerMs;
}

/** @returns NaN if it is unknown */
async function machineCpuMs(): Promise<number> {
  return process.platform === 'linux' ? (await machineCpuTimeNs()) / nsPerMs : Number.NaN;
}

/** Waits until no other process uses the cores, but not longer than `longestWaitMs`. */
async function untilCalm(): Promise<void> {
  for (let waited = 0; waited < longestWaitMs; waited += calmMs) {
    const before = await machineCpuMs();
    await sleep(calmMs);
    if ((await machineCpuMs()) - before < calmMs * tolerableDisturbance) return;
  }
}

const calmMs = 500;
const longestWaitMs = 15_000;

const weighEveryMs = 500;
const emptyEveryMs = 30_000;

/** @returns the results without those that could not be measured */
function known(results: Results): Results {
  return Object.fromEntries(Object.entries(results).filter(([, value]) => Number.isFinite(value)));
}
