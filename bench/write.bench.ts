import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { CorpusShape } from './corpus/corpus.ts';
import { type Figures, rounded } from './figures.ts';
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
  /** Another built checkout to compare this one with; then that alone is measured. */
  readonly before: string | undefined;
  readonly databaseUrl: string | undefined;
}

/**
 * tracestore's way from OTLP to committed rows against the ceiling, which is the same rows, encoded before the clock
 * runs. docs/benchmarks.md says what each figure means.
 */
export async function writeBench(say: (line: string) => void, args: readonly string[]): Promise<Figures> {
  const options = await readOptions(args);
  const cores = findCores();
  const database =
    options.databaseUrl === undefined
      ? await startBenchDatabase({ sharedBuffers: '512MB' })
      : await useBenchDatabase(options.databaseUrl);
  try {
    const bench = new WriteBench(say, options, database, cores);
    if (options.before === undefined) return await bench.run();
    // Of its own: the other build may know another schema.
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
    throw new Error(`--${name} is a whole number of at least ${least}, not ${text}`);
  };
  const shape = shapes.find((known) => known === values.shape);
  if (shape === undefined) throw new Error(`--shape is one of ${shapes.join(', ')}`);
  const spansPerRequest = count('spans-per-request', values['spans-per-request'], 1);
  const requestsInFlight = count('in-flight', values['in-flight'], 1);
  return {
    shape,
    spansPerRequest,
    requestsInFlight,
    // A request is changed in place before it is sent again, so there have to be more than are on their way.
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

/** What one way took for the whole corpus, once. */
interface Sample {
  readonly wallMs: number;
  /** Of the process under test. */
  readonly nodeCpuMs: number;
  /** NaN where the server's processes cannot be seen. */
  readonly postgresCpuMs: number;
  /** How many cores others were using meanwhile, this benchmark's own sender left out. */
  readonly disturbance: number;
}

/** A way with all that it needs, warm and waiting. */
interface Competitor {
  readonly name: WayName;
  readonly contestant: RunningContestant;
  /** Whose CPU counts: the contestant itself, or the store that it sends to. */
  readonly pid: number;
  /** Where it writes. */
  readonly database: BenchDatabase;
}

type WayName =
  'ceiling' | 'bytes' | 'withoutLedger' | 'withBlocks' | 'http' | 'grpc' | 'bytesBefore' | 'httpBefore' | 'grpcBefore';

type Stored = typeof import('./write/stored.ts');

type Pair = readonly [name: WayName, against: WayName, times: number];

/**
 * Who is compared with whom, and how many times as often: three figures hang on the first pair, and the next one's is so
 * small; nine rounds leave ± 5 %.
 */
const pairs: readonly Pair[] = [
  ['bytes', 'ceiling', 3],
  ['bytes', 'withoutLedger', 3],
  ['withBlocks', 'bytes', 1],
  ['http', 'ceiling', 1],
  ['grpc', 'ceiling', 1],
];

/** This build and another one, over the same way. */
const pairsWithBefore: readonly Pair[] = [
  ['bytes', 'bytesBefore', 2],
  ['http', 'httpBefore', 2],
  ['grpc', 'grpcBefore', 1],
];

/** Two ways, one right after the other: a machine that has neighbours is another one half a minute later. */
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
    // Within the last two hours, where a store has its partitions.
    this.#startTimeUnixNano = `${Date.now() - 2 * 3_600_000}000000`;
  }

  async run(): Promise<Figures> {
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
      const figures = {
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
      if (!this.#options.peers) return figures;
      await empty(this.#database);
      return { ...figures, ...(await this.#comparePeers()) };
    } finally {
      await Promise.all(competitors.map(({ contestant }) => contestant.leave()));
      await store.stop();
    }
  }

  /**
   * This build against another one, by turns: the ingest path alone, and the whole store over HTTP and gRPC.
   *
   * @param root of the other checkout, which is built
   * @param databaseBefore where the other build writes
   */
  async compareWith(root: string, databaseBefore: BenchDatabase): Promise<Figures> {
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
        // Each build has its own way to keep stores from counting.
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
      // An older build's lock ends with the connection of its database, and has nothing to call.
      await Promise.all(releases.map((release) => release?.()));
    }
  }

  async #duels(competitors: readonly Competitor[], planned: readonly Pair[]): Promise<readonly Duel[]> {
    const duels: Duel[] = [];
    for (const [name, against, times] of planned) {
      // Uncounted: a machine takes from idle processes what they have in memory and in its caches.
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
      this.#say(
        'NOT PINNED: this needs Linux, taskset and two cores. The ratios mix what each side takes of the other.',
      );
      return false;
    }
    if (serverPid === undefined) {
      this.#say('NOT PINNED, and no figures of its CPU: the processes of the given server cannot be seen from here.');
      return false;
    }
    await moveTree(serverPid, this.#cores.postgres);
    const { postgres, node, sender } = this.#cores;
    this.#say(
      `PostgreSQL on core ${postgres}, the process under test on core ${node}, what sends to it on core ${sender}`,
    );
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
   * Every way twice, uncounted, for V8 to be done with it. What comes in while a transaction is on its way shares the next, so the ceiling takes
   * rows and transactions as they came out for the way from bytes to committed.
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
      if (competitor === undefined) throw new Error(`nobody goes the way ${way}`);
      const sample = await this.#measureUndisturbed(competitor);
      measured.set(way, sample);
    }
    return { name, against, sample: measured.get(name) as Sample, other: measured.get(against) as Sample };
  }

  /** Measures again, a few times and in a calm if there is one, when others were using the cores; the least disturbed counts. */
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
    // What a process knows of itself is exact; another's is read from outside, where that is possible.
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

  /** Ratios are taken between neighbours in time; of these, the middle one counts. */
  #compare(duels: readonly Duel[]): Figures {
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
    const middle = (name: WayName, figure: (sample: Sample) => number): number =>
      median(samples.filter((measured) => measured.name === name).map(({ sample }) => figure(sample)));
    const throughput = (name: WayName): number => ratios(name, 'ceiling', (a, b) => b.wallMs / a.wallMs);
    const nodeCpu = (name: WayName): number => ratios(name, 'ceiling', (a, b) => a.nodeCpuMs / b.postgresCpuMs);
    const postgresCpu = (name: WayName): number => ratios(name, 'ceiling', (a, b) => a.postgresCpuMs / b.postgresCpuMs);
    const cpu = ({ nodeCpuMs, postgresCpuMs }: Sample): number => nodeCpuMs + postgresCpuMs;
    const extraCpu = (name: WayName, to: WayName): number => ratios(name, to, (a, b) => cpu(a) / cpu(b) - 1);
    const extraTime = (name: WayName, to: WayName): number => ratios(name, to, (a, b) => a.wallMs / b.wallMs - 1);
    const absolute = (suffix: string, name: WayName): Figures => ({
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

  /** A longer corpus through the real store, and what it takes when the database has come to rest. */
  async #weighOnDisk(store: RunningStore): Promise<Figures> {
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
    const perSpan = async (suffix: string): Promise<Figures> => {
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

  /** The real store at full load over both protocols, for a while: what it holds, at the most and towards the end. */
  async #soak(store: RunningStore, competitors: readonly Competitor[]): Promise<Figures> {
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

  /** Both sides use all cores, and are asked the same by the same sender. */
  async #comparePeers(): Promise<Figures> {
    const { serverPid } = this.#database;
    return measurePeers({
      say: this.#say,
      plan: (port) => this.#plan({ name: 'grpc', port }),
      startOurs: () => startStore(this.#database.url, this.#options.connections, undefined),
      databasePid: serverPid,
    });
  }
}

/** This build over the other one: of wall time, and of the CPU time of Node and PostgreSQL together. */
function compareWithBefore(duels: readonly Duel[]): Figures {
  const ratio = (name: WayName, figure: (sample: Sample) => number): number =>
    rounded(
      median(duels.filter((duel) => duel.name === name).map(({ sample, other }) => figure(sample) / figure(other))),
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

/** What grows with time and operations rather than with spans. */
const aggregateTables = /^tracestore\.(service_)?call_/;

/** With fewer, empty partitions would weigh. */
const leastSpansOnDisk = 1_000_000;

/** What the kernel does for all of them is never quite accounted for. */
const tolerableDisturbance = 0.15;
const mostTries = 4;

/** NaN where the server's processes cannot be seen. */
async function postgresCpuMsOf({ serverPid }: BenchDatabase): Promise<number> {
  return serverPid === undefined || process.platform !== 'linux'
    ? Number.NaN
    : (await treeCpuTimeNs(serverPid)) / nsPerMs;
}

/** NaN where it cannot be known. */
async function machineCpuMs(): Promise<number> {
  return process.platform === 'linux' ? (await machineCpuTimeNs()) / nsPerMs : Number.NaN;
}

/** Waits for nobody to use the cores, but not for ever. */
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

/** Without what could not be measured. */
function known(figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
}
