import type { CopyBatch } from './copy-batch.js';
import { appendEventRow, appendLinkRow, appendSpanRow } from './copy-rows.js';
import { type DictionaryEntry, dictionaryEntry } from './dictionary-entry.js';
import { SpanBlocks } from './span-blocks.js';
import type { OperationRow, ResourceRow, ScopeRow, SpanRows, TraceRows } from './trace-rows.js';

const capacity = 8_192;

/** Adds rows that the reference has made to batches. It remembers the dictionaries' rows that it has met, by id. */
export class RowAdder {
  private readonly resources = new EntriesById<ResourceRow>();
  private readonly scopes = new EntriesById<ScopeRow>();
  private readonly operations = new EntriesById<OperationRow>();
  private readonly blocks = new SpanBlocks();

  /** Forgets that anything is in the database: it may be another one. */
  forget(): void {
    for (const entries of [this.resources, this.scopes, this.operations]) entries.clear();
  }

  /**
   * @param byteLength of the request's body
   * @throws Refusal `tooLarge` when the rows are; the batch is then as it was
   */
  add(rows: TraceRows, batch: CopyBatch, byteLength: number): void {
    const before = batch.mark();
    try {
      this.blocks.begin(byteLength);
      for (const spanRows of rows.spans) {
        appendRows(batch, spanRows);
        const resource = rows.resources.get(spanRows.span.resourceId);
        if (resource === undefined) throw new RangeError('a span refers to a resource that is not there');
        this.blocks.addRows(batch.blocks, spanRows, resource.serviceName);
      }
      this.blocks.end(batch.blocks);
    } catch (error) {
      batch.rollBack(before);
      throw error;
    }
    batch.spanCount += rows.spans.length;
    for (const row of rows.resources.values()) batch.referToResource(this.resources.entryOf(row));
    for (const row of rows.scopes.values()) batch.referToScope(this.scopes.entryOf(row));
    for (const row of rows.operations.values()) batch.referToOperation(this.operations.entryOf(row));
    for (const { span } of rows.spans) {
      const operation = rows.operations.get(span.operationId);
      if (operation !== undefined) batch.calls.addRow(this.operations.entryOf(operation), span);
    }
  }
}

/** The rows of a span, its events and its links. */
export function appendRows(batch: CopyBatch, { span, events, links }: SpanRows): void {
  appendSpanRow(batch.spans, span);
  for (const event of events) appendEventRow(batch.events, event);
  for (const link of links) appendLinkRow(batch.links, link);
}

class EntriesById<Row extends { readonly id: bigint }> {
  private readonly entries = new Map<bigint, DictionaryEntry<Row>>();

  entryOf(row: Row): DictionaryEntry<Row> {
    let entry = this.entries.get(row.id);
    if (entry === undefined) {
      if (this.entries.size >= capacity) this.entries.clear();
      entry = dictionaryEntry(row);
      this.entries.set(row.id, entry);
    }
    return entry;
  }

  clear(): void {
    this.entries.clear();
  }
}
