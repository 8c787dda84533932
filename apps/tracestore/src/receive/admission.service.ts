import { Inject, Injectable } from '@nestjs/common';
import { limits } from '../limits.js';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';

/** What a request may weigh before its first byte: its headers above all. */
const requestFloorBytes = 16 * 1024;

/** The part of the reserve that makes a request small. */
const smallPart = 8;

/** How long a client that was refused counts as one that waits for room. */
const waitsMs = 1_000;

/** A sender's speed is measured over so much time. */
const speedWindowMs = 1_000;

/** How long it takes until slow senders are looked for again after none was found. */
const searchPauseMs = 50;

/** What one request holds of the memory that all of them share. Whoever opened it releases it. */
export interface Lease {
  /**
   * To be called before the memory is taken.
   *
   * @throws TracestoreError `overloaded` when there is no room; what is held already stays held
   */
  grow(bytes: number): void;
  /** Gives a part back. */
  shrink(bytes: number): void;
  /** Gives everything back; harmless when repeated. */
  release(): void;
  /**
   * Says that the request is being received: what it grows by from now on is what its sender sends.
   *
   * @param evict called at most once, when the sender is slow and others need the room: the lease holds nothing any more,
   *   and the caller has to free the memory at once
   * @returns to be called when nothing more is received
   */
  receive(evict: () => void): () => void;
}

/** The use of all requests of a client. */
interface ClientUse {
  readonly client: string;
  held: number;
  requests: number;
}

/** The use of one request. */
interface RequestUse {
  readonly client: ClientUse;
  held: number;
  isReleased: boolean;
  evict: (() => void) | undefined;
  arrivedAtMs: number;
  windowStartMs: number;
  windowBytes: number;
  /** Of the last whole window, in bytes per ms; undefined before there was one. */
  speed: number | undefined;
}

/**
 * Bounds the memory of requests from their first byte to their answer, so that a slow database, slow senders and zip
 * bombs fill the clients' queues rather than this process's memory. A request holds what has arrived of it, then what
 * it inflates to as it inflates, until it is answered. What it announces counts for nothing. The rows made of it are a
 * small multiple of that.
 *
 * The room is shared so that no client shuts others out:
 *
 * - an eighth is reserved for small requests, so that a newcomer is stored beside those who use the rest;
 * - a client with several requests gets at most half while another client waits for room;
 * - when there is no room, a request whose sender is slow gives way to one whose sender is not;
 * - a request that is alone, or has only small ones beside it, always has room: otherwise it could never be stored.
 */
@Injectable()
export class AdmissionService {
  private readonly maxBytes: number;
  private readonly reservedBytes: number;
  private readonly smallBytes: number;
  /** Of a client while another one waits. */
  private readonly bytesOfClient: number;
  private readonly clients = new Map<string, ClientUse>();
  private readonly receiving = new Set<RequestUse>();
  /** The last two clients that were refused, the later one first. */
  private refused: readonly { readonly client: string; readonly atMs: number }[] = [];
  /** A request that was let in though there was no room for it. */
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
   * Lets a request begin.
   *
   * @param client as `clientOf` of `@spandrel/service` names it
   * @throws TracestoreError `overloaded` when there is no room even to listen to it
   */
  open(client: string): Lease {
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

  /** Evicts requests that come in slowly, the largest first, until there is room. */
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
