import { murmur3 } from '../storage/block-filter.js';

/** Entries that would take a larger part of the cache are not cached. */
const maxPart = 1 / 8;

/** The bytes of a resource or scope within a request, and its schema URL. */
export interface Content {
  readonly source: Buffer;
  /** A view of `source`. */
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
  readonly schemaUrl: Buffer;
}

interface Slot<Entry> {
  /** The content, then its schema URL. One buffer, because each costs a few hundred bytes and time of the collector. */
  readonly key: Buffer;
  /** Where the schema URL starts. */
  readonly schemaUrlStart: number;
  readonly entry: Entry;
}

/** Caches entries by the bytes of their content. Of two contents with the same hash, only the later one is cached. */
export class ContentCache<Entry extends { readonly bytes: number }> {
  private readonly slots = new Map<number, Slot<Entry>>();
  private bytes = 0;

  /**
   * @param capacity of contents
   * @param maxBytes of contents and entries. At either limit, the cache is emptied.
   */
  constructor(
    private readonly capacity: number,
    private readonly maxBytes: number,
  ) {}

  find(content: Content): Entry | undefined {
    const slot = this.slots.get(hashOf(content));
    if (slot === undefined) return undefined;
    const { source, start, end, schemaUrl } = content;
    const { key, schemaUrlStart, entry } = slot;
    const isSame =
      source.compare(key, 0, schemaUrlStart, start, end) === 0 && schemaUrl.compare(key, schemaUrlStart) === 0;
    return isSame ? entry : undefined;
  }

  add(content: Content, entry: Entry): void {
    const { source, start, end, schemaUrl } = content;
    const bytes = end - start + schemaUrl.length + entry.bytes;
    if (bytes > this.maxBytes * maxPart) return;
    if (this.slots.size >= this.capacity || this.bytes + bytes > this.maxBytes) this.clear();
    this.bytes += bytes;
    // A separate allocation: a slice of Node's pool would keep all 64 KiB of it alive.
    const key = Buffer.allocUnsafeSlow(end - start + schemaUrl.length);
    const schemaUrlStart = source.copy(key, 0, start, end);
    schemaUrl.copy(key, schemaUrlStart);
    this.slots.set(hashOf(content), { key, schemaUrlStart, entry });
  }

  clear(): void {
    this.slots.clear();
    this.bytes = 0;
  }
}

function hashOf({ source, view, start, end, schemaUrl }: Content): number {
  let seed = schemaUrl.length;
  for (const byte of schemaUrl) seed = Math.imul(seed ^ byte, 0x01000193);
  return murmur3(source, view, start, end, seed);
}
