import { CallCounts } from './call-counts.js';
import { CopyBuffer } from './copy-buffer.js';
import type { DictionaryEntry } from './dictionary-entry.js';
import type { OperationRow, ResourceRow, ScopeRow } from './trace-rows.js';

/** How far each table's rows had come at some moment. */
export interface BatchMark {
  readonly spans: number;
  readonly events: number;
  readonly links: number;
  readonly blocks: number;
  readonly spanCount: number;
}

const spanBytes = 1024 * 1024;
let nextSerial = 0;

/**
 * What one transaction writes: the rows of one or more requests in the binary format of COPY, the calls to be counted,
 * and the rows of the dictionaries that they refer to and the database may not have. It is filled, written, and filled
 * again.
 */
export class CopyBatch {
  readonly spans = new CopyBuffer(spanBytes);
  readonly events = new CopyBuffer(spanBytes / 4);
  readonly links = new CopyBuffer(spanBytes / 16);
  readonly blocks = new CopyBuffer(spanBytes / 16);
  readonly resources: DictionaryEntry<ResourceRow>[] = [];
  readonly scopes: DictionaryEntry<ScopeRow>[] = [];
  readonly operations: DictionaryEntry<OperationRow>[] = [];
  readonly calls = new CallCounts();
  spanCount = 0;
  private serial = nextSerial++;

  /** Bytes of rows so far. */
  get byteLength(): number {
    return this.spans.position + this.events.position + this.links.position + this.blocks.position;
  }

  mark(): BatchMark {
    const { spans, events, links, blocks, spanCount } = this;
    return {
      spans: spans.position,
      events: events.position,
      links: links.position,
      blocks: blocks.position,
      spanCount,
    };
  }

  /**
   * Takes back the rows that came after a mark. Entries of dictionaries stay, which does no harm; so no call may have
   * been counted since.
   */
  rollBack(mark: BatchMark): void {
    this.spans.position = mark.spans;
    this.events.position = mark.events;
    this.links.position = mark.links;
    this.blocks.position = mark.blocks;
    this.spanCount = mark.spanCount;
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
    this.calls.clear();
    this.spanCount = 0;
    this.serial = nextSerial++;
  }

  private mustBeWritten(entry: DictionaryEntry<unknown>): boolean {
    if (entry.committed || entry.batch === this.serial) return false;
    entry.batch = this.serial;
    return true;
  }
}
