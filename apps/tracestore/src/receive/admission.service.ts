import { Inject, Injectable } from '@nestjs/common';
import { limits } from '../limits.js';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';

/** Reserved for a request before its first byte, mainly for its headers. */
const requestFloorBytes = 16 * 1024;

/** A request is small while it holds at most this part (1/8) of the reserve for small requests. */
const smallPart = 8;

/** A refused client counts as waiting for room for this long. */
const waitsMs = 1_000;

/** The window over which a sender's speed is measured. */
const speedWindowMs = 1_000;

/** The pause after a search that found no slow sender. */
const searchPauseMs = 50;

/** The memory that one request holds of the bytes in flight. The code that opens it must release it. */
export interface Reservation {
  /**
   * Reserves more memory. Call it before allocating.
   *
   * @throws TracestoreError `overloaded` when there is no room; the reservation then stays as it was
   */
  grow(bytes: number): void;
  /** Releases a part of the reservation, in bytes. */
  shrink(bytes: number): void;
  /** Releases everything. A second call does nothing. */
  release(): void;
  /**
   * Marks the start of the body: until the returned function is called, `grow` measures the speed of the sender.
   *
   * @param evict called at most once, when the sender is slow and other requests need the room. The reservation is then
   *   released, and the callback must free the memory at once.
   * @returns a function to call when the body has ended or reading it has failed
   */
  receive(evict: () => void): () => void;
}

/** What all requests of one client hold. */
interface ClientUse {
  readonly client: string;
  held: number;
  requests: number;
}

/** What one request holds, and the speed of its sender. */
interface RequestUse {
  readonly client: ClientUse;
  held: number;
  isReleased: boolean;
  evict: (() => void) | undefined;
  arrivedAtMs: number;
  windowStartMs: number;
  windowBytes: number;
  /** The speed in the last complete window, in bytes per ms; undefined before the first one has ended. */
  speed: number | undefined;
}

/**
 * Bounds the bytes in flight: the memory of requests from their first byte to their response. A slow database, slow
 * senders and zip bombs then fill the queues of the clients instead of the memory of this process.
 *
 * A request holds the bytes that have arrived and the bytes that it has been decompressed to. Announced lengths do not
 * count. The rows made from a request are bounded by a small multiple of its size.
 *
 * Rules that keep one client from starving the others:
 *
 * - one eighth is reserved for small requests, so that a new client gets in while others use the rest;
 * - a client with several requests gets at most half while another client waits for room;
 * - without room, a request from a slow sender is evicted for one from a fast sender;
 * - a request that is alone, or has only small ones beside it, is always admitted: otherwise it could never be stored.
 */
@Injectable()
export class AdmissionService {
  private readonly maxBytes: number;
  private readonly reservedBytes: number;
  private readonly smallBytes: number;
  /** The most that one client may hold while another one waits. */
  private readonly bytesOfClient: number;
  private readonly clients = new Map<string, ClientUse>();
  private readonly receiving = new Set<RequestUse>();
  /** The last two clients that were refused, the latest first. */
  private refused: readonly { readonly client: string; readonly atMs: number }[] = [];
  /** A request that was admitted without room because it was alone. */
  private lone: RequestUse | undefined;
  private bytesInFlight = 0;
  private searchAgainAtMs = 0;

  constructor(@Inject(TRACESTORE_CONFIG) config: TracestoreConfig, metrics: IngestMetricsService) {
    this.maxBytes = config.maxBytesInFlight;
    this.reservedBytes = Math.floor((this.maxBytes * limits.reservedPercent.value) / 100);
    this.smallBytes = Math.floor(this.reservedBytes / smallPart);
    this.bytesOfClient = (this.maxBytes * limits.percentPerClient.value) / 100;
    metrics.observeInFlight(() => this.bytesInFlight, this.maxBytes);
  }

  /**
   * Opens the reservation of a request.
   *
   * @param client as `clientOf` of `@spandrel/service` names it
   * @throws TracestoreError `overloaded` when there is no room even for its headers
   */
  open(client: string): Reservation {
    const use: RequestUse = {
      client: this.clientUse(client),
      held: 0,
      isReleased: false,
      evict: undefined,
      arrivedAtMs: 0,
      windowStartMs: 0,
      windowBytes: 0,
      speed: undefined,
    };
    use.client.requests += 1;
    try {
      this.grow(use, requestFloorBytes);
    } catch (error) {
      this.release(use);
      throw error;
    }
    return {
      grow: (bytes) => this.grow(use, bytes),
      shrink: (bytes) => this.shrink(use, bytes),
      release: () => this.release(use),
      receive: (evict) => this.receive(use, evict),
    };
  }

  private grow(use: RequestUse, bytes: number): void {
    if (use.isReleased) throw new TracestoreError(errorKinds.overloaded);
    if (use.evict !== undefined) measureSpeed(use, bytes);
    if (!this.hasRoom(use, bytes) && !this.makeRoom(use, bytes)) {
      const { client } = use.client;
      const [last] = this.refused;
      const other = last?.client === client ? this.refused[1] : last;
      this.refused = [{ client, atMs: performance.now() }, ...(other === undefined ? [] : [other])];
      throw new TracestoreError(errorKinds.overloaded);
    }
    use.held += bytes;
    use.client.held += bytes;
    this.bytesInFlight += bytes;
  }

  private shrink(use: RequestUse, bytes: number): void {
    if (use.isReleased) return;
    use.held -= bytes;
    use.client.held -= bytes;
    this.bytesInFlight -= bytes;
  }

  private release(use: RequestUse): void {
    if (use.isReleased) return;
    this.shrink(use, use.held);
    use.isReleased = true;
    this.receiving.delete(use);
    if (this.lone === use) this.lone = undefined;
    use.client.requests -= 1;
    if (use.client.requests === 0) this.clients.delete(use.client.client);
  }

  private receive(use: RequestUse, evict: () => void): () => void {
    use.evict = evict;
    use.arrivedAtMs = use.windowStartMs = performance.now();
    this.receiving.add(use);
    return () => {
      use.evict = undefined;
      this.receiving.delete(use);
    };
  }

  private hasRoom(use: RequestUse, bytes: number): boolean {
    const inFlight = this.bytesInFlight;
    const othersHold = inFlight - use.held;
    if (othersHold <= this.reservedBytes) {
      if (inFlight + bytes > this.maxBytes - this.reservedBytes) this.lone = use;
      return true;
    }
    if (use.held + bytes <= this.smallBytes) {
      const loneHolds = this.lone === undefined ? 0 : this.lone.held;
      return inFlight + bytes <= this.maxBytes || inFlight - loneHolds + bytes <= this.reservedBytes;
    }
    if (inFlight + bytes > this.maxBytes - this.reservedBytes) return false;
    const { client } = use;
    return client.requests === 1 || client.held + bytes <= this.bytesOfClient || !this.isAwaitedByOthers(client.client);
  }

  private isAwaitedByOthers(client: string): boolean {
    const since = performance.now() - waitsMs;
    return this.refused.some((other) => other.client !== client && other.atMs > since);
  }

  /** Evicts requests of slow senders, the largest first, until there is room. */
  private makeRoom(use: RequestUse, bytes: number): boolean {
    const nowMs = performance.now();
    if (nowMs < this.searchAgainAtMs) return false;
    const slow = [...this.receiving]
      .filter((other) => other !== use && isSlow(other, nowMs))
      .toSorted((one, other) => other.held - one.held);
    for (const victim of slow) {
      const { evict } = victim;
      this.release(victim);
      evict?.();
      if (this.hasRoom(use, bytes)) return true;
    }
    this.searchAgainAtMs = nowMs + searchPauseMs;
    return false;
  }

  private clientUse(client: string): ClientUse {
    let use = this.clients.get(client);
    if (use === undefined) this.clients.set(client, (use = { client, held: 0, requests: 0 }));
    return use;
  }
}

function measureSpeed(use: RequestUse, bytes: number): void {
  const nowMs = performance.now();
  const elapsedMs = nowMs - use.windowStartMs;
  if (elapsedMs >= speedWindowMs) {
    use.speed = use.windowBytes / elapsedMs;
    use.windowStartMs = nowMs;
    use.windowBytes = 0;
  }
  use.windowBytes += bytes;
  use.arrivedAtMs = nowMs;
}

function isSlow({ arrivedAtMs, speed }: RequestUse, nowMs: number): boolean {
  if (nowMs - arrivedAtMs >= speedWindowMs) return true;
  return speed !== undefined && speed * 1_000 < limits.slowBytesPerSecond.value;
}
