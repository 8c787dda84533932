import { limits } from '../limits.js';

/** libuv has four threads; the others stay free for file access and name resolution. */
const maxRunning = limits.inflatesAtOnce.value;

/** A body moves to the second level after 512 KiB of work, and to the last one after 1 MiB. */
const levelBytes = [512 * 1024, 1024 * 1024];

/** The turn of one body that is being decompressed. */
export interface InflateTurn {
  /** Counts work: bytes read and written. */
  worked(bytes: number): void;
  /** Whether a body with less work is waiting. */
  shouldPause(): boolean;
  /** Ends the turn and resolves at the next one. A call before that returns the same promise. */
  pause(): Promise<void>;
  /** Ends the turn, or the next one if it is pausing. A second call does nothing. */
  end(): void;
}

interface Waiting {
  readonly level: number;
  /** The position of the body in the order of arrival. */
  readonly number: number;
  readonly client: string;
  readonly resolve: () => void;
}

/**
 * Bounds how many bodies are decompressed at once. The next turn goes to the level with the least work, and within a
 * level to the clients in rotation.
 *
 * A request of usual size is decompressed in one turn, so it never waits for zip bombs. Large bodies are decompressed one
 * after the other, because each holds memory from its first turn to its last.
 */
export class InflateTurns {
  private running = 0;
  private begun = 0;
  /** Waiting bodies by level, then by client in the order of their turns. */
  private readonly levels: Map<string, Set<Waiting>>[] = [];

  /** Resolves when the body has its first turn. @param client as `clientOf` names it */
  async begin(client: string): Promise<InflateTurn> {
    let done = 0;
    let hasTurn = false;
    let isOver = false;
    let pausing: Promise<void> | undefined;
    const number = (this.begun += 1);
    const level = (): number => levelBytes.filter((bytes) => done > bytes).length;
    const take = async (): Promise<void> => {
      if (this.running < maxRunning) this.running += 1;
      else await new Promise<void>((resolve) => this.wait({ level: level(), number, client, resolve }));
      hasTurn = true;
      if (isOver) giveBack();
    };
    const giveBack = (): void => {
      if (!hasTurn) return;
      hasTurn = false;
      const next = this.next();
      if (next === undefined) this.running -= 1;
      else next.resolve();
    };
    await take();
    return {
      worked: (bytes) => {
        done += bytes;
      },
      shouldPause: () => this.hasWaitingBelow(level()),
      pause: () => {
        if (pausing === undefined) {
          giveBack();
          pausing = take().finally(() => {
            pausing = undefined;
          });
        }
        return pausing;
      },
      end: () => {
        isOver = true;
        giveBack();
      },
    };
  }

  private wait(waiting: Waiting): void {
    const clients = (this.levels[waiting.level] ??= new Map<string, Set<Waiting>>());
    const own = clients.get(waiting.client);
    if (own === undefined) clients.set(waiting.client, new Set([waiting]));
    else own.add(waiting);
  }

  /** Whether a waiting body precedes one of this level. */
  private hasWaitingBelow(level: number): boolean {
    const before = this.levels.slice(0, Math.min(level + 1, levelBytes.length));
    return before.some((clients) => clients !== undefined && clients.size > 0);
  }

  private next(): Waiting | undefined {
    for (const clients of this.levels) {
      if (clients === undefined) continue;
      for (const [client, own] of clients) {
        const waiting = [...own].reduce((first, other) => (other.number < first.number ? other : first));
        own.delete(waiting);
        // The client moves to the end of the rotation.
        clients.delete(client);
        if (own.size > 0) clients.set(client, own);
        return waiting;
      }
    }
    return undefined;
  }
}
