import { murmur3 } from './block-filter.js';
import type { DictionaryEntry } from './dictionary-entry.js';
import type { OperationRow } from './trace-rows.js';

interface Slot {
  readonly hash: number;
  readonly service: string;
  readonly kind: number;
  readonly name: DataView;
  /** Asking a view is a call. */
  readonly nameLength: number;
  readonly entry: DictionaryEntry<OperationRow>;
}

/** Longer names are not remembered, so that the cache is bounded in bytes. */
const maxNameBytes = 256;

/**
 * Finds a span's operation by the bytes of its name, without making a string of them: a hash table with open
 * addressing and linear probing, which is emptied when it is half full.
 */
export class OperationCache {
  private readonly slots: (Slot | undefined)[];
  private readonly mask: number;
  private size = 0;

  /** @param capacity how many operations are remembered; a power of two */
  constructor(capacity: number) {
    this.slots = Array.from({ length: capacity * 2 });
    this.mask = capacity * 2 - 1;
  }

  /** @param serviceHash any number that goes with the service, always the same */
  find(
    service: string,
    serviceHash: number,
    kind: number,
    source: Uint8Array,
    view: DataView,
    start: number,
    length: number,
  ): DictionaryEntry<OperationRow> | undefined {
    const hash = hashOf(serviceHash, kind, source, view, start, length);
    let place = hash & this.mask;
    for (let slot = this.slots[place]; slot !== undefined; slot = this.slots[place]) {
      const isSame = slot.hash === hash && slot.kind === kind && slot.service === service;
      if (isSame && isSameName(slot, view, start, length)) return slot.entry;
      place = (place + 1) & this.mask;
    }
    return undefined;
  }

  /** @param name is kept */
  add(
    service: string,
    serviceHash: number,
    kind: number,
    name: Uint8Array,
    entry: DictionaryEntry<OperationRow>,
  ): void {
    if (name.length > maxNameBytes) return;
    if (this.size * 2 >= this.slots.length) this.clear();
    const nameView = new DataView(name.buffer, name.byteOffset, name.byteLength);
    const hash = hashOf(serviceHash, kind, name, nameView, 0, name.length);
    let place = hash & this.mask;
    while (this.slots[place] !== undefined) place = (place + 1) & this.mask;
    this.slots[place] = { hash, service, kind, name: nameView, nameLength: name.length, entry };
    this.size++;
  }

  clear(): void {
    this.slots.fill(undefined);
    this.size = 0;
  }
}

/** Of the name, begun with what is not in it. */
function hashOf(
  serviceHash: number,
  kind: number,
  source: Uint8Array,
  view: DataView,
  start: number,
  length: number,
): number {
  return murmur3(source, view, start, start + length, serviceHash ^ kind);
}

function isSameName({ name, nameLength }: Slot, view: DataView, start: number, length: number): boolean {
  if (nameLength !== length) return false;
  let index = 0;
  for (; index + 4 <= length; index += 4) if (name.getInt32(index) !== view.getInt32(start + index)) return false;
  for (; index < length; index++) if (name.getInt8(index) !== view.getInt8(start + index)) return false;
  return true;
}
