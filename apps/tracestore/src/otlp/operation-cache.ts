import type { DictionaryEntry } from './dictionary-entry.js';
import type { OperationRow } from './trace-rows.js';

interface Slot {
  readonly hash: number;
  readonly service: string;
  readonly kind: number;
  readonly name: Uint8Array;
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
    start: number,
    length: number,
  ): DictionaryEntry<OperationRow> | undefined {
    const hash = hashOf(serviceHash, kind, source, start, length);
    let place = hash & this.mask;
    for (let slot = this.slots[place]; slot !== undefined; slot = this.slots[place]) {
      const isSame = slot.hash === hash && slot.kind === kind && slot.service === service;
      if (isSame && isSameName(slot.name, source, start, length)) return slot.entry;
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
    const hash = hashOf(serviceHash, kind, name, 0, name.length);
    let place = hash & this.mask;
    while (this.slots[place] !== undefined) place = (place + 1) & this.mask;
    this.slots[place] = { hash, service, kind, name, entry };
    this.size++;
  }

  clear(): void {
    this.slots.fill(undefined);
    this.size = 0;
  }
}

/** FNV-1a of the name, begun with what is not in it. */
function hashOf(serviceHash: number, kind: number, source: Uint8Array, start: number, length: number): number {
  let hash = Math.imul(serviceHash, 0x9e3779b1) ^ kind;
  for (let index = start; index < start + length; index++) {
    hash = Math.imul(hash ^ (source[index] as number), 0x01000193);
  }
  return hash ^ (hash >>> 15);
}

function isSameName(name: Uint8Array, source: Uint8Array, start: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let index = 0; index < length; index++) if (name[index] !== source[start + index]) return false;
  return true;
}
