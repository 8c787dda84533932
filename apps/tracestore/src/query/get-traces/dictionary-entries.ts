import type { SpanResource, SpanScope, TraceSpan } from './trace-span.js';

/**
 * How long all responses share an entry. The id of a row is a hash of its content: a row that the clean-up removed comes back
 * with the same content, unless two contents have the same hash or an administrator changed the row.
 */
const sharedMs = 60_000;

/** The memory of the shared entries of a dictionary, and how large one of them can be. */
const maxSharedBytes = 4 * 1024 * 1024;
const maxSharedEntryBytes = 64 * 1024;

/** Entries that all responses share, in the order in which they were read. */
export class SharedEntries<Entry> {
  private readonly entries = new Map<
    string,
    { readonly entry: Entry; readonly bytes: number; readonly readAtMs: number }
  >();
  private bytes = 0;

  constructor(private readonly nowMs: () => number) {}

  get(id: string): { readonly entry: Entry; readonly bytes: number } | undefined {
    const known = this.entries.get(id);
    return known === undefined || this.nowMs() - known.readAtMs > sharedMs ? undefined : known;
  }

  add(id: string, entry: Entry, bytes: number): void {
    if (bytes > maxSharedEntryBytes) return;
    this.remove(id);
    this.entries.set(id, { entry, bytes, readAtMs: this.nowMs() });
    this.bytes += bytes;
    for (const oldest of this.entries.keys()) {
      if (this.bytes <= maxSharedBytes) break;
      this.remove(oldest);
    }
  }

  private remove(id: string): void {
    this.bytes -= this.entries.get(id)?.bytes ?? 0;
    this.entries.delete(id);
  }
}

/** What all responses of a process know of the dictionaries. */
export class DictionaryEntries {
  readonly operations: SharedEntries<Pick<TraceSpan, 'serviceName' | 'name' | 'kind'>>;
  readonly resources: SharedEntries<SpanResource>;
  readonly scopes: SharedEntries<SpanScope>;

  /** @param nowMs a clock that does not go back */
  constructor(nowMs: () => number = () => performance.now()) {
    this.operations = new SharedEntries(nowMs);
    this.resources = new SharedEntries(nowMs);
    this.scopes = new SharedEntries(nowMs);
  }
}
