import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { limits } from '../limits.js';

/** Memory of a value besides its characters, in the row and in the response: its header and the reference to it. */
const valueBytes = 128;

/** A character takes up to two bytes, and it is held twice: in the row and in the response. */
const bytesPerCharacter = 4;

/** Memory that one response holds. */
export interface ResponseReservation {
  /** What it holds. */
  readonly bytes: number;
  /**
   * Takes memory, before or just after it is filled.
   *
   * @throws TracestoreError `responseTooLarge` if one response may not hold as much, `busy` if others hold the rest
   */
  grow(bytes: number): void;
  /** Gives everything back; harmless when repeated. */
  release(): void;
  /** Gives everything back in the next turn of the event loop, when rows have become a response. */
  releaseSoon(): void;
}

/**
 * Bounds the heap that the rows of all responses take together. A response of up to `smallBytes` is always admitted, so
 * that large responses do not block small ones. The number of connections bounds how many small ones there are.
 */
export class ResponseMemory {
  private held = 0;

  constructor(
    private readonly maxBytes: number = limits.responseMemoryBytes.value,
    private readonly smallBytes: number = limits.smallResponseBytes.value,
  ) {}

  /** The memory that all responses hold, in bytes. */
  get heldBytes(): number {
    return this.held;
  }

  /** Begins a response that holds nothing yet. */
  open(): ResponseReservation {
    let own = 0;
    const release = (): void => {
      this.held -= own;
      own = 0;
    };
    return {
      get bytes() {
        return own;
      },
      grow: (bytes) => {
        if (own + bytes > this.maxBytes) throw new TracestoreError(errorKinds.responseTooLarge);
        if (own + bytes > this.smallBytes && this.held + bytes > this.maxBytes)
          throw new TracestoreError(errorKinds.busy);
        own += bytes;
        this.held += bytes;
      },
      release,
      releaseSoon: () => void setImmediate(release),
    };
  }
}

/** The memory that a row takes until its response is written, in bytes. */
export function weightOf(value: unknown): number {
  if (typeof value === 'string') return valueBytes + bytesPerCharacter * value.length;
  if (value === null || typeof value !== 'object' || value instanceof Date) return valueBytes;
  let bytes = valueBytes;
  // Runs for each row: Object.values would make a list of it.
  for (const key in value) bytes += weightOf(value[key as keyof typeof value]);
  return bytes;
}
