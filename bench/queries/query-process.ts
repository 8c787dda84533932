import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Results } from '../results.ts';

/*
 * A build that is compared with another one has a process of its own, so that it shares neither memory nor compiled code
 * with the other. The process loads the benchmark of its own checkout: `loadSpans`, `openReadModel`, `Asks` and
 * `askPanels` keep their names and files, so that an older checkout can be compared.
 */

/** The first argument of a query process, as JSON. */
export interface QueryProcessPlan {
  /** The checkout whose build is measured. */
  readonly root: string;
  readonly databaseUrl: string;
  readonly spans: number;
  /** Queries of each kind. */
  readonly asks: number;
}

export type QueryOrder =
  /** Runs one query, of the warm-up or of those that count. */
  | { readonly order: 'query'; readonly kind: string; readonly index: number; readonly isWarmUp: boolean }
  /** Runs the queries of all dashboards. */
  | { readonly order: 'panels' }
  | { readonly order: 'leave' };

/** The response to an order. */
export type QueryReport = { readonly durationMs: number; readonly results: number } | { readonly panels: Results };

/** Sent once, when the database is loaded and the queries are made. */
export interface ReadyReport {
  readonly kinds: readonly string[];
}

/** A build with its loaded database that waits for orders. */
export interface QueryProcess {
  readonly kinds: readonly string[];
  /** @returns the time of the query in ms */
  query(order: Omit<Extract<QueryOrder, { order: 'query' }>, 'order'>): Promise<number>;
  /** @returns the 95th percentiles of the slowest panels in ms */
  panels(): Promise<Results>;
  leave(): Promise<void>;
}

/** @throws Error if the process ends before it is ready */
export async function startQueryProcess(plan: QueryProcessPlan): Promise<QueryProcess> {
  const child = fork(path.join(import.meta.dirname, 'query-process-main.ts'), [JSON.stringify(plan)], {
    cwd: plan.root,
    // stdout holds only the result of the benchmark.
    stdio: ['ignore', process.stderr, 'inherit', 'ipc'],
  });
  const { kinds } = await nextMessage<ReadyReport>(child, plan.root);
  const obey = async (order: QueryOrder): Promise<QueryReport> => {
    const report = nextMessage<QueryReport>(child, plan.root);
    child.send(order);
    return report;
  };
  return {
    kinds,
    query: async (order) => {
      const report = await obey({ order: 'query', ...order });
      return 'durationMs' in report ? report.durationMs : Number.NaN;
    },
    panels: async () => {
      const report = await obey({ order: 'panels' });
      return 'panels' in report ? report.panels : {};
    },
    leave: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.send({ order: 'leave' } satisfies QueryOrder);
      await exited;
    },
  };
}

function nextMessage<Message>(child: ChildProcess, name: string): Promise<Message> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error(`the process of ${name} ended early`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as Message);
    });
  });
}
