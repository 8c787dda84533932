import type { QueryResultRow } from 'pg';
import { readSql, type SqlTemplate } from '../../sql.js';
import type { ResponseMemory, ResponseReservation } from '../response-memory.js';
import type { QueryConnection } from '../query-database.service.js';
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

  constructor(connection: QueryConnection, memory: ResponseMemory) {
    this.operations = new Dictionary(connection, memory, findOperations, (row) => ({
      serviceName: row.service_name,
      name: row.span_name,
      kind: row.span_kind,
    }));
    this.resources = new Dictionary(connection, memory, findResources, (row) => ({
      attributesJson: row.attributes,
      droppedAttributesCount: row.dropped_attributes_count >>> 0,
      schemaUrl: row.schema_url ?? '',
      entityRefsJson: row.entity_refs ?? '',
    }));
    this.scopes = new Dictionary(connection, memory, findScopes, (row) => ({
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
    private readonly rowsOf: SqlTemplate<Ids>,
    private readonly entryOf: (row: Row) => Entry,
  ) {
    this.reservation = memory.open();
  }

  async learn(ids: readonly string[]): Promise<void> {
    if (this.reservation.bytes > maxRememberedBytes) this.forget();
    const unknown = [...new Set(ids)].filter((id) => !this.entries.has(id));
    if (unknown.length === 0) return;
    const rows = await this.connection.query<Row & { readonly id: string }>(
      this.rowsOf.bind({ ids: unknown }),
      this.reservation,
    );
    for (const row of rows) this.entries.set(row.id, this.entryOf(row));
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
