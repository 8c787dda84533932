import { GrpcError, grpcStatus } from './grpc-error.js';
import type { GrpcCallLimits } from './grpc-limits.js';

/** What a call waits for: the rest of the request, a client that reads the response, or this process. */
export type CallState = 'receiving' | 'sending' | 'working';

/** After this time of waiting for its client, a call may lose its place to another call. */
const waitsForClientMs = 1_000;

/** A call that works for longer is a watch: no statement of the database may take as long. */
const watchesMs = 60_000;

/** One of the places that calls share. */
export interface Place {
  enter(state: CallState): void;
  /** Idempotent. */
  release(): void;
}

interface TakenPlace {
  readonly connection: object;
  readonly client: string;
  readonly evict: (error: GrpcError) => void;
  state: CallState;
  sinceMs: number;
}

/**
 * Bounds the concurrent calls of a connection, of a client and of all clients together. If there is no free place, the
 * call that has waited for its own client for the longest time loses its place. So a client cannot occupy places with a
 * slow request or an unread response.
 */
export class CallPlaces {
  /** In the order in which they entered their states. */
  private readonly taken = new Set<TakenPlace>();

  constructor(private readonly limits: Pick<GrpcCallLimits, 'callsPerConnection' | 'callsPerClient' | 'calls'>) {}

  /**
   * @param connection identifies the connection
   * @param client as `clientOf` names it
   * @param evict called at most once; the place is released already
   * @throws GrpcError RESOURCE_EXHAUSTED
   */
  take(connection: object, client: string, evict: (error: GrpcError) => void): Place {
    this.require((place) => place.connection === connection, this.limits.callsPerConnection, 'on this connection');
    this.require((place) => place.client === client, this.limits.callsPerClient, 'of this client');
    this.require(() => true, this.limits.calls, 'in all');
    const place: TakenPlace = { connection, client, evict, state: 'receiving', sinceMs: performance.now() };
    this.taken.add(place);
    return {
      enter: (state) => {
        if (!this.taken.delete(place)) return;
        place.state = state;
        place.sinceMs = performance.now();
        this.taken.add(place);
      },
      release: () => void this.taken.delete(place),
    };
  }

  private require(isMeant: (place: TakenPlace) => boolean, most: number, where: string): void {
    let count = 0;
    let victim: TakenPlace | undefined;
    const nowMs = performance.now();
    for (const place of this.taken) {
      if (!isMeant(place)) continue;
      count += 1;
      if (nowMs - place.sinceMs >= (place.state === 'working' ? watchesMs : waitsForClientMs)) victim ??= place;
    }
    if (count < most) return;
    if (victim === undefined) {
      throw new GrpcError(grpcStatus.RESOURCE_EXHAUSTED, `${most} calls are already being processed ${where}`);
    }
    this.taken.delete(victim);
    victim.evict(
      new GrpcError(grpcStatus.RESOURCE_EXHAUSTED, 'The call waited for its client while other calls had no place'),
    );
  }
}
