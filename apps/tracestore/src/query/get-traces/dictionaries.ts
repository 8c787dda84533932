import type { QueryResultRow } from 'pg';
import { prepared, readSql, type SqlTemplate } from '../../sql.js';
import { type ResponseMemory, type ResponseReservation, weightOf } from '../response-memory.js';
import type { QueryConnection } from '../query-database.service.js';
import type { DictionaryEntries, SharedEntries } from './dictionary-entries.js';
import type { SpanResource, SpanScope, TraceSpan } from './trace-span.js';

interface Ids {
  readonly ids: readonly string[];
}

const findOperations = readSql<Ids>(import.meta.url, 'find-operations.sql');
const findResources = readSql<Ids>(import.meta.url, 'find-resources.sql');
const findScopes = readSql<Ids>(import.meta.url, 'find-scopes.sql');

/** The references of a span to dictionaries. */
export interface References {
  readonly operation_id: string;
  readonly resource_id: string;
  readonly scope_id: string;
}

interface OperationRow extends QueryResultRow {
  readonly service_name: string;
  readonly span_name: string;
  readonly span_kind: number;
}

interface ResourceRow extends QueryResultRow {
  readonly attributes: string;
  readonly dropped_attributes_count: number;
  readonly schema_url: string | null;
  readonly entity_refs: string | null;
}

interface ScopeRow extends QueryResultRow {
  readonly name: string | null;
  readonly version: string | null;
  readonly attributes: string;
  readonly dropped_attributes_count: number;
  readonly schema_url: string | null;
}

/** Entries of a dictionary are kept for the next rows until they take so much memory. */
const maxRememberedBytes = 4 * 1024 * 1024;

/** The rows of dictionaries that the spans of a result refer to. Each is read once. */
export class Dictionaries {
  private readonly operations: Dictionary<OperationRow, Pick<TraceSpan, 'serviceName' | 'name' | 'kind'>>;
  private readonly resources: Dictionary<ResourceRow, SpanResource>;
  private readonly scopes: Dictionary<ScopeRow, SpanScope>;

  constructor(connection: QueryConnection, memory: ResponseMemory, shared: DictionaryEntries) {
    this.operations = new Dictionary(connection, memory, shared.operations, findOperations, (row) => ({
      serviceName: row.service_name,
      name: row.span_name,
      kind: row.span_kind,
    }));
    this.resources = new Dictionary(connection, memory, shared.resources, findResources, (row) => ({
      attributesJson: row.attributes,
      droppedAttributesCount: row.dropped_attributes_count >>> 0,
      schemaUrl: row.schema_url ?? '',
      entityRefsJson: row.entity_refs ?? '',
    }));
    this.scopes = new Dictionary(connection, memory, shared.scopes, findScopes, (row) => ({
      name: row.name ?? '',
      version: row.version ?? '',
      attributesJson: row.attributes,
      droppedAttributesCount: row.dropped_attributes_count >>> 0,
      schemaUrl: row.schema_url ?? '',
    }));
  }

  /** Read the rows that spans refer to and that are not read yet. */
  async learn(rows: readonly References[]): Promise<void> {
    await Promise.all([
      this.operations.learn(rows.map((row) => row.operation_id)),
      this.resources.learn(rows.map((row) => row.resource_id)),
      this.scopes.learn(rows.map((row) => row.scope_id)),
    ]);
  }

  /** Release all memory. */
  forget(): void {
    for (const dictionary of [this.operations, this.resources, this.scopes]) dictionary.forget();
  }

  /** The values that a span refers to. `learn` must have had the span. */
  of(row: References): Pick<TraceSpan, 'serviceName' | 'name' | 'kind' | 'resource' | 'scope'> {
    return {
      ...this.operations.of(row.operation_id),
      resource: this.resources.of(row.resource_id),
      scope: this.scopes.of(row.scope_id),
    };
  }
}

class Dictionary<Row extends QueryResultRow, Entry> {
  private readonly entries = new Map<string, Entry>();
  private readonly reservation: ResponseReservation;

  constructor(
    private readonly connection: QueryConnection,
    memory: ResponseMemory,
    private readonly shared: SharedEntries<Entry>,
    private readonly rowsOf: SqlTemplate<Ids>,
    private readonly entryOf: (row: Row) => Entry,
  ) {
    this.reservation = memory.open();
  }

  async learn(ids: readonly string[]): Promise<void> {
    if (this.reservation.bytes > maxRememberedBytes) this.forget();
    const unknown: string[] = [];
    for (const id of new Set(ids)) {
      if (this.entries.has(id)) continue;
      const known = this.shared.get(id);
      if (known === undefined) {
        unknown.push(id);
        continue;
      }
      this.reservation.grow(known.bytes);
      this.entries.set(id, known.entry);
    }
    if (unknown.length === 0) return;
    const rows = await this.connection.query<Row & { readonly id: string }>(
      prepared(`entries-${this.rowsOf.name}`, this.rowsOf.bind({ ids: unknown })),
      this.reservation,
    );
    for (const row of rows) {
      const entry = this.entryOf(row);
      this.entries.set(row.id, entry);
      this.shared.add(row.id, entry, weightOf(row));
    }
  }

  forget(): void {
    this.entries.clear();
    this.reservation.release();
  }

  of(id: string): Entry {
    const entry = this.entries.get(id);
    if (entry === undefined) throw new Error(`A span refers to ${id}, which no dictionary has`);
    return entry;
  }
}
