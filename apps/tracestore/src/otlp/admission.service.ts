import { Inject, Injectable } from '@nestjs/common';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../tracestore.config.js';
import { Refusal, refusals } from './refusal.js';

/**
 * Bounds what is being decoded and written at once, so that a slow database fills the clients' queues rather than
 * this process's memory. Counted are the bytes of a request as decoded from; its rows are a small multiple of them.
 */
@Injectable()
export class AdmissionService {
  private readonly maxBytes: number;
  private bytesInFlight = 0;

  constructor(@Inject(TRACESTORE_CONFIG) config: TracestoreConfig) {
    this.maxBytes = config.maxBytesInFlight;
  }

  /**
   * Does the work if there is room for it. A request that is alone always has room.
   *
   * @param bytes what the request's body takes, after decompression
   * @throws Refusal `overloaded` when there is no room, and whatever the work throws
   */
  async admit<Result>(bytes: number, work: () => Promise<Result>): Promise<Result> {
    if (this.bytesInFlight > 0 && this.bytesInFlight + bytes > this.maxBytes) throw new Refusal(refusals.overloaded);
    this.bytesInFlight += bytes;
    try {
      return await work();
    } finally {
      this.bytesInFlight -= bytes;
    }
  }
}
