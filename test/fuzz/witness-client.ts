/**
 * A healthy client: about every 100 ms it sends a small request and reads it back, on connections of its own. It runs in
 * a thread, so that what its process does otherwise does not count as time that tracestore took.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { StorePorts } from './requests.ts';

/** What the witness has seen. Times in ms. */
export interface WitnessFigures {
  readonly requests: number;
  /** Answered by anything but success: by what, how often. */
  readonly failures: Readonly<Record<string, number>>;
  /** Requests that were acknowledged, and not there when read at once. */
  readonly notReadable: number;
  readonly slowestMs: number;
  readonly p99Ms: number;
}

/** An answer that was slower than any before it. */
export interface SlowAnswer {
  readonly ms: number;
  readonly what: string;
}

/** The witness, from the outside. */
export class WitnessClient {
  readonly #worker: Worker;

  /** @param onSlow is told of each answer that is slower than `slowMs` */
  constructor(ports: StorePorts, slowMs: number, onSlow: (answer: SlowAnswer) => void) {
    this.#worker = new Worker(new URL('witness-thread.ts', import.meta.url), { workerData: { ports, slowMs } });
    this.#worker.on('message', (told: { readonly slow?: SlowAnswer }) => {
      if (told.slow !== undefined) onSlow(told.slow);
    });
  }

  /** Stops for a while: what the test does to the database should not count. Resolves when nothing of it is under way. */
  async pause(): Promise<void> {
    await this.#ask('pause');
  }

  async resume(): Promise<void> {
    await this.#ask('resume');
  }

  async stop(): Promise<WitnessFigures> {
    const figures = (await this.#ask('stop')) as WitnessFigures;
    await this.#worker.terminate();
    return figures;
  }

  async #ask(order: 'pause' | 'resume' | 'stop'): Promise<unknown> {
    this.#worker.postMessage(order, []);
    for (;;) {
      const [told] = (await once(this.#worker, 'message')) as [{ readonly done?: string; readonly figures?: unknown }];
      if (told.done === order) return told.figures;
    }
  }
}
