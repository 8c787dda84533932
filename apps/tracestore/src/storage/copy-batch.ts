import { CopyBuffer } from './copy-buffer.js';
import type { DictionaryEntry } from './dictionary-entry.js';
import type { OperationRow, ResourceRow, ScopeRow } from './trace-rows.js';

/** The state of a batch at some moment, for `rollBack`. */
export interface BatchMark {
  readonly spans: number;
  readonly events: number;
  readonly links: number;
  readonly blocks: number;
  readonly spanCount: number;
  readonly resources: number;
  readonly scopes: number;
  readonly operations: number;
  readonly byteLength: number;
  readonly dictionaryBytes: number;
}

const spanBytes = 1024 * 1024;
let nextSerial = 0;

/**
 * The rows that one transaction writes: those of one or more requests in the binary format of COPY, and the dictionary
 * rows that they refer to and that the database may lack. A batch is reused after `clear`.
 */
export class CopyBatch {
  readonly spans = new CopyBuffer(spanBytes);
  readonly events = new CopyBuffer(spanBytes / 4);
  readonly links = new CopyBuffer(spanBytes / 16);
  readonly blocks = new CopyBuffer(spanBytes / 16);
  readonly resources: DictionaryEntry<ResourceRow>[] = [];
  readonly scopes: DictionaryEntry<ScopeRow>[] = [];
  readonly operations: DictionaryEntry<OperationRow>[] = [];
  spanCount = 0;
  /** Approximate size of the dictionary rows. */
  dictionaryBytes = 0;
  private serial = nextSerial++;

  /** Approximate memory of the batch, in bytes. */
  get weight(): number {
    return this.byteLength + this.dictionaryBytes;
  }

  /** Bytes of the rows of spans, events, links and blocks. */
  get byteLength(): number {
    return this.spans.length + this.events.length + this.links.length + this.blocks.length;
  }

  mark(): BatchMark {
    const { spans, events, links, blocks, spanCount, byteLength, dictionaryBytes } = this;
    return {
      spans: spans.length,
      events: events.length,
      links: links.length,
      blocks: blocks.length,
      spanCount,
      resources: this.resources.length,
      scopes: this.scopes.length,
      operations: this.operations.length,
      byteLength,
      dictionaryBytes,
    };
  }

  /** Removes everything that was added after a mark. */
  rollBack(mark: BatchMark): void {
    this.spans.truncate(mark.spans);
    this.events.truncate(mark.events);
    this.links.truncate(mark.links);
    this.blocks.truncate(mark.blocks);
    this.spanCount = mark.spanCount;
    this.dictionaryBytes = mark.dictionaryBytes;
    takeBack(this.resources, mark.resources);
    takeBack(this.scopes, mark.scopes);
    takeBack(this.operations, mark.operations);
  }

  referToResource(entry: DictionaryEntry<ResourceRow>): void {
    if (this.mustBeWritten(entry)) this.resources.push(entry);
  }

  referToScope(entry: DictionaryEntry<ScopeRow>): void {
    if (this.mustBeWritten(entry)) this.scopes.push(entry);
  }

  referToOperation(entry: DictionaryEntry<OperationRow>): void {
    if (this.mustBeWritten(entry)) this.operations.push(entry);
  }

  clear(): void {
    for (const buffer of [this.spans, this.events, this.links, this.blocks]) buffer.clear();
    for (const entries of [this.resources, this.scopes, this.operations]) entries.length = 0;
    this.spanCount = 0;
    this.dictionaryBytes = 0;
    this.serial = nextSerial++;
  }

  private mustBeWritten(entry: DictionaryEntry<unknown>): boolean {
    if (entry.committed || entry.batch === this.serial) return false;
    entry.batch = this.serial;
    this.dictionaryBytes += entry.bytes;
    return true;
  }
}

/** Removes entries, so that the next reference adds them again. */
function takeBack(entries: DictionaryEntry<unknown>[], length: number): void {
  for (let index = length; index < entries.length; index++) (entries[index] as DictionaryEntry<unknown>).batch = -1;
  entries.length = length;
}

/** The result of storing a request. */
export interface Outcome {
  readonly acceptedSpans: number;
  readonly rejectedSpans: number;
  /** Describes the first rejected spans by path and field, or another problem of the request; empty if there is none. */
  readonly errorMessage: string;
  /** Whether the ledger had the request: it was stored before. */
  readonly isRepeat?: boolean;
}
