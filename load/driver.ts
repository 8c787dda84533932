import { createHistogram } from 'node:perf_hooks';
import { createArrivals, inTurn } from './arrivals.ts';
import { createAgent, type Outcome, performRequest, type Targets } from './request.ts';
import { type Scenario, scenarios } from './scenarios.ts';

export interface LoadOptions {
  readonly targets: Targets;
  /** Requests per second of all scenarios together. */
  readonly ratePerSecond: number;
  /** The most requests in flight. A request that is due beyond that is dropped and counted. */
  readonly concurrency: number;
  readonly timeoutMs?: number;
}

/** Counts of one scenario or of all. */
export interface Counts {
  readonly good: number;
  /** Unexpected responses by status, and missing responses by reason. */
  readonly failed: Readonly<Record<string, number>>;
  readonly dropped: number;
  /** Percentiles in ms of all responses; undefined without a response. */
  readonly latency: {
    readonly p50?: number | undefined;
    readonly p95?: number | undefined;
    readonly p99?: number | undefined;
  };
}

/** A load that runs until `stop` is called. */
export interface Load {
  /** Counts since the start, by the name of the scenario. */
  counts(): ReadonlyMap<string, Counts>;
  /** Counts of all scenarios since the last call of `recent`. */
  recent(): Counts;
  /** Starts no more requests. Resolves when those in flight have an outcome, at the latest after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

const tickMs = 10;

/** Starts an open loop: makes requests at a rate, whether or not responses keep up. */
export function startLoad({ targets, ratePerSecond, concurrency, timeoutMs = 10_000 }: LoadOptions): Load {
  const agent = createAgent();
  const arrivals = createArrivals(ratePerSecond, performance.now());
  const turns = inTurn(scenarios);
  const byScenario = new Map(scenarios.map(({ name }) => [name, new Tally()]));
  let recentTally = new Tally();
  const inFlight = new Set<Promise<void>>();

  const tally = (scenario: Scenario, count: (tally: Tally) => void): void => {
    const own = byScenario.get(scenario.name);
    if (own !== undefined) count(own);
    count(recentTally);
  };
  const perform = async (scenario: Scenario): Promise<void> => {
    const outcome = await performRequest(scenario, targets, agent, timeoutMs);
    tally(scenario, (counted) => counted.add(outcome));
  };
  const timer = setInterval(() => {
    for (let due = arrivals.due(performance.now()); due > 0; due -= 1) {
      const scenario = turns.next().value;
      if (inFlight.size >= concurrency) {
        tally(scenario, (counted) => counted.drop());
        continue;
      }
      const request = perform(scenario).finally(() => inFlight.delete(request));
      inFlight.add(request);
    }
  }, tickMs);

  return {
    counts: () => new Map([...byScenario].map(([name, counted]) => [name, counted.counts()])),
    recent: () => {
      const counts = recentTally.counts();
      recentTally = new Tally();
      return counts;
    },
    stop: async (graceMs = 1_000) => {
      clearInterval(timer);
      let grace: NodeJS.Timeout | undefined;
      await Promise.race([
        Promise.all(inFlight),
        new Promise<void>((resolve) => (grace = setTimeout(resolve, graceMs))),
      ]);
      clearTimeout(grace);
      agent.destroy();
    },
  };
}

class Tally {
  private good = 0;
  private dropped = 0;
  private readonly failed = new Map<string, number>();
  /** In µs, to three digits. */
  private readonly latency = createHistogram({ lowest: 1, highest: 100_000_000, figures: 3 });

  add({ kind, status, durationMs }: Outcome): void {
    if (kind === 'good') this.good += 1;
    else this.failed.set(String(status), (this.failed.get(String(status)) ?? 0) + 1);
    if (kind !== 'none') this.latency.record(Math.min(Math.max(1, Math.round(durationMs * 1_000)), 100_000_000));
  }

  drop(): void {
    this.dropped += 1;
  }

  counts(): Counts {
    const [p50, p95, p99] = [50, 95, 99].map((share) =>
      this.latency.count === 0 ? undefined : this.latency.percentile(share) / 1_000,
    );
    return {
      good: this.good,
      dropped: this.dropped,
      failed: Object.fromEntries(this.failed),
      latency: { p50, p95, p99 },
    };
  }
}
