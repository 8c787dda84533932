import { Inject, Injectable } from '@nestjs/common';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../tracestore.config.js';
import { Refusal, refusals } from './refusal.js';

/** What a request may weigh before its first byte: its headers above all. */
const requestFloorBytes = 16 * 1024;

/** What one request holds of the memory that all of them share. Whoever opened it releases it. */
export interface Lease {
  /**
   * To be called before the memory is taken.
   *
   * @throws Refusal `overloaded` when there is no room; what is held already stays held
   */
  grow(bytes: number): void;
  /** Gives a part back. */
  shrink(bytes: number): void;
  /** Gives everything back; harmless when repeated. */
  release(): void;
}

/**
 * Bounds the memory of requests from their first byte to their answer, so that a slow database, slow senders and zip
 * bombs fill the clients' queues rather than this process's memory. A request holds what it is known to need: first
 * the length that it announces, or what has come in, then what it inflates to as it inflates, until it is answered.
 * The rows made of it are a small multiple of that.
 */
@Injectable()
export class AdmissionService {
  private readonly maxBytes: number;
  private bytesInFlight = 0;

  constructor(
    @Inject(TRACESTORE_CONFIG) config: TracestoreConfig,
    @Inject(IngestMetricsService) metrics: IngestMetricsService,
  ) {
    this.maxBytes = config.maxBytesInFlight;
    metrics.observeInFlight(() => this.bytesInFlight, this.maxBytes);
  }

  /**
   * Lets a request begin. One that is alone always has room, however much it needs, or it could never be stored.
   *
   * @throws Refusal `overloaded` when there is no room even to listen to it
   */
  open(): Lease {
    let held = 0;
    const grow = (bytes: number): void => {
      const others = this.bytesInFlight - held;
      if (others > 0 && this.bytesInFlight + bytes > this.maxBytes) throw new Refusal(refusals.overloaded);
      held += bytes;
      this.bytesInFlight += bytes;
    };
    const shrink = (bytes: number): void => {
      held -= bytes;
      this.bytesInFlight -= bytes;
    };
    grow(requestFloorBytes);
    return { grow, shrink, release: () => shrink(held) };
  }
}
