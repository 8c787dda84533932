import { limits } from '../limits.js';

/** Of libuv's four threads: file access and name resolution keep theirs. */
const maxRunning = limits.inflatesAtOnce.value;

/** The work of the first level, and of the first two. What takes more is at the last one. */
const levelBytes = [512 * 1024, 1024 * 1024];

/** One body that is being inflated. */
export interface InflateTurn {
  /** Counts work that was done: bytes read and written. */
  worked(bytes: number): void;
  /** Whether others have done less and wait. */
  shouldPause(): boolean;
  /** Lets others have their turn; resolves when it is this one's again. May be called again before it does. */
  pause(): Promise<void>;
  /** Gives the turn back, also one that comes later. Harmless when repeated. */
  end(): void;
}

interface Waiting {
  readonly level: number;
  /** The order in which bodies came. */
  readonly number: number;
  readonly client: string;
  readonly resolve: () => void;
}

/**
 * Bounds how many bodies are inflated at once, and gives the next turn to those on which the least work was done, to one
 * client after the other. A request of usual size is inflated in one turn, so it waits for no zip bomb, however many
 * there are. Large ones are inflated one after the other, as each takes memory from its first turn to its last.
 */
export class InflateTurns {
  private running = 0;
  private begun = 0;
  /** By level, and in each by client. */
  private readonly levels: Map<string, Set<Waiting>>[] = [];

  /** @param client as `clientOf` names it. Resolves when it is its turn. */
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

  /** Whether anybody waits who comes before one of this level. */
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
        // The client is the last one now.
        clients.delete(client);
        if (own.size > 0) clients.set(client, own);
        return waiting;
      }
    }
    return undefined;
  }
}
