import { murmur3 } from '../storage/block-filter.js';
import type { DictionaryEntry } from '../storage/dictionary-entry.js';
import type { OperationRow } from '../storage/trace-rows.js';

const initialNameBytes = 64 * 1024;

/**
 * Finds the operation of a span by the bytes of its name, without creating a string. It is a hash table with open
 * addressing and linear probing, which is emptied when it is half full. The names are stored one after the other.
 */
export class OperationCache {
  private readonly entries: (DictionaryEntry<OperationRow> | undefined)[];
  private readonly hashes: Int32Array;
  private readonly kinds: Int32Array;
  private readonly starts: Int32Array;
  private readonly lengths: Int32Array;
  private readonly mask: number;
  private names = Buffer.allocUnsafeSlow(initialNameBytes);
  private namesView = new DataView(this.names.buffer);
  private nameBytes = 0;
  private size = 0;
  private bytes = 0;

  /**
   * @param capacity of operations; a power of two
   * @param maxBytes of names and entries. At either limit, the cache is emptied.
   */
  constructor(
    capacity: number,
    private readonly maxBytes: number,
  ) {
    const slots = capacity * 2;
    this.entries = Array.from({ length: slots });
    this.hashes = new Int32Array(slots);
    this.kinds = new Int32Array(slots);
    this.starts = new Int32Array(slots);
    this.lengths = new Int32Array(slots);
    this.mask = slots - 1;
  }

  /** @param serviceHash any number that depends only on the service */
  find(
    service: string,
    serviceHash: number,
    kind: number,
    source: Uint8Array,
    view: DataView,
    start: number,
    length: number,
  ): DictionaryEntry<OperationRow> | undefined {
    const { entries, hashes, kinds, lengths, mask } = this;
    const hash = hashOf(serviceHash, kind, source, view, start, length);
    let place = hash & mask;
    for (let entry = entries[place]; entry !== undefined; entry = entries[place]) {
      const isSame =
        hashes[place] === hash &&
        kinds[place] === kind &&
        lengths[place] === length &&
        entry.row.serviceName === service;
      if (isSame && this.hasName(place, source, view, start, length)) return entry;
      place = (place + 1) & mask;
    }
    return undefined;
  }

  /** Adds an operation that was not found. Copies its name. */
  add(
    serviceHash: number,
    kind: number,
    source: Uint8Array,
    view: DataView,
    start: number,
    length: number,
    entry: DictionaryEntry<OperationRow>,
  ): void {
    const bytes = length + entry.bytes;
    if (this.size * 2 >= this.entries.length || this.bytes + bytes > this.maxBytes) this.clear();
    const hash = hashOf(serviceHash, kind, source, view, start, length);
    let place = hash & this.mask;
    while (this.entries[place] !== undefined) place = (place + 1) & this.mask;
    this.entries[place] = entry;
    this.hashes[place] = hash;
    this.kinds[place] = kind;
    this.starts[place] = this.addName(source, start, length);
    this.lengths[place] = length;
    this.size++;
    this.bytes += bytes;
  }

  clear(): void {
    this.entries.fill(undefined);
    this.size = 0;
    this.bytes = 0;
    this.nameBytes = 0;
  }

  private addName(source: Uint8Array, start: number, length: number): number {
    const at = this.nameBytes;
    this.nameBytes += length;
    if (this.nameBytes > this.names.length) {
      const longer = Buffer.allocUnsafeSlow(Math.max(this.nameBytes, this.names.length * 2));
      this.names.copy(longer, 0, 0, at);
      this.names = longer;
      this.namesView = new DataView(longer.buffer);
    }
    this.names.set(source.subarray(start, start + length), at);
    return at;
  }

  private hasName(place: number, source: Uint8Array, view: DataView, start: number, length: number): boolean {
    const { names, namesView } = this;
    const at = this.starts[place] as number;
    let index = 0;
    for (; index + 4 <= length; index += 4) {
      if (namesView.getInt32(at + index) !== view.getInt32(start + index)) return false;
    }
    for (; index < length; index++) if (names[at + index] !== source[start + index]) return false;
    return true;
  }
}

/** The hash of the name, with the service and the kind as seed. */
function hashOf(
  serviceHash: number,
  kind: number,
  source: Uint8Array,
  view: DataView,
  start: number,
  length: number,
): number {
  return murmur3(source, view, start, start + length, serviceHash ^ kind) | 0;
}
