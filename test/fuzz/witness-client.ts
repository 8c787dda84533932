/**
 * A healthy client: about every 100 ms it sends a small request and reads the trace, on its own connections. It runs in a
 * thread, so that other work of the process is not measured as latency of tracestore.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { StorePorts } from './requests.ts';

/** The results of the healthy client. */
export interface WitnessStats {
  readonly requests: number;
  /** The counts of other responses than success, by kind. */
  readonly failures: Readonly<Record<string, number>>;
  /** Acknowledged requests whose trace was not found immediately afterwards. */
  readonly notReadable: number;
  readonly slowestMs: number;
  readonly p99Ms: number;
}

/** A response that was slower than `slowMs`. */
export interface SlowResponse {
  readonly ms: number;
  readonly what: string;
}

/** Controls the thread of the healthy client. */
export class WitnessClient {
  readonly #worker: Worker;

  /** @param onSlow called for each response that is slower than `slowMs` */
  constructor(ports: StorePorts, slowMs: number, onSlow: (response: SlowResponse) => void) {
    this.#worker = new Worker(new URL('witness-thread.ts', import.meta.url), { workerData: { ports, slowMs } });
    this.#worker.on('message', (message: { readonly slow?: SlowResponse }) => {
      if (message.slow !== undefined) onSlow(message.slow);
    });
  }

  /** Pauses while the test itself uses the database. Resolves when no request is in flight. */
  async pause(): Promise<void> {
    await this.#command('pause');
  }

  async resume(): Promise<void> {
    await this.#command('resume');
  }

  async stop(): Promise<WitnessStats> {
    const stats = (await this.#command('stop')) as WitnessStats;
    await this.#worker.terminate();
    return stats;
  }

  async #command(command: 'pause' | 'resume' | 'stop'): Promise<unknown> {
    this.#worker.postMessage(command, []);
    for (;;) {
      const [message] = (await once(this.#worker, 'message')) as [{ readonly done?: string; readonly stats?: unknown }];
      if (message.done === command) return message.stats;
    }
  }
}
