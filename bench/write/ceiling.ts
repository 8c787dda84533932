import { Client, type Connection, type Submittable } from 'pg';
import { loadReferenceDecoder, type ReferenceRow, type SpanTable, spanTables } from './built-tracestore.ts';
import { type Column, columnsOf, encodeCopyFile } from './copy-binary.ts';

/*
 * The ceiling: what PostgreSQL takes when nobody has to think. The rows were encoded before the clock runs; a
 * transaction is one query with a COPY a table, sent in one piece together with its data, and one answer.
 */

/** One transaction, as the bytes that are put on the wire. */
interface Transaction {
  readonly bytes: Buffer;
}

/** How many bytes of rows one CopyData message carries: what psql and libpq send would be less, one message most. */
const portionBytes = 1024 * 1024;

export class Ceiling {
  readonly #clients: readonly Client[];
  #transactions: readonly Transaction[] = [];

  private constructor(clients: readonly Client[]) {
    this.#clients = clients;
  }

  static async open(databaseUrl: string, connections: number): Promise<Ceiling> {
    const clients = Array.from({ length: connections }, () => new Client(databaseUrl));
    await Promise.all(clients.map((client) => client.connect()));
    return new Ceiling(clients);
  }

  /** Encodes the rows of all requests, so many requests a transaction. */
  async prepare(bodies: readonly Uint8Array[], requestsPerTransaction: number): Promise<void> {
    const [client] = this.#clients;
    if (client === undefined) throw new Error('a ceiling needs a connection');
    const columns = await readColumns(client);
    const readRows = await loadReferenceDecoder();
    const transactions: Transaction[] = [];
    for (let first = 0; first < bodies.length; first += requestsPerTransaction) {
      const rows: Record<SpanTable, ReferenceRow[]> = { span: [], event: [], link: [] };
      for (const [index, body] of bodies.slice(first, first + requestsPerTransaction).entries()) {
        const ofRequest = readRows(body, (first + index) << 12);
        for (const table of spanTables) for (const row of ofRequest[table]) rows[table].push(row);
      }
      transactions.push({ bytes: encodeTransaction(rows, columns) });
    }
    this.#transactions = transactions;
  }

  /** Sends all of it, a transaction at a time on each connection. */
  async run(): Promise<void> {
    const waiting = this.#transactions.values();
    await Promise.all(
      this.#clients.map(async (client) => {
        for (const { bytes } of waiting) await send(client, bytes);
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end()));
  }
}

async function readColumns(client: Client): Promise<Readonly<Record<SpanTable, readonly Column[]>>> {
  const { rows } = await client.query<Column & { readonly table: SpanTable }>(
    `SELECT c.relname AS "table", a.attname AS name, format_type(a.atttypid, NULL) AS type,
       NOT a.attnotnull OR a.atthasdef OR a.attidentity <> '' AS optional
     FROM pg_attribute a
     JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = 'tracestore'::regnamespace AND c.relname = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum`,
    [[...spanTables]],
  );
  const of = (table: SpanTable): readonly Column[] => rows.filter((row) => row.table === table);
  return { span: of('span'), event: of('event'), link: of('link') };
}

function encodeTransaction(
  rows: Readonly<Record<SpanTable, readonly ReferenceRow[]>>,
  columns: Readonly<Record<SpanTable, readonly Column[]>>,
): Buffer {
  const statements: string[] = [];
  const data: Buffer[] = [];
  for (const table of spanTables) {
    const [sample] = rows[table];
    if (sample === undefined) continue;
    const written = columnsOf(columns[table], sample);
    statements.push(
      `COPY tracestore.${table} (${written.map(({ name }) => name).join(', ')}) FROM STDIN (FORMAT binary)`,
    );
    const file = encodeCopyFile(rows[table], written);
    for (let offset = 0; offset < file.length; offset += portionBytes) {
      data.push(message('d', file.subarray(offset, offset + portionBytes)));
    }
    data.push(message('c', Buffer.alloc(0)));
  }
  // Several statements of one simple query are one transaction.
  return Buffer.concat([message('Q', Buffer.from(`${statements.join(';')}\0`)), ...data]);
}

function message(type: string, content: Buffer): Buffer {
  const start = Buffer.alloc(5);
  start.write(type, 'latin1');
  start.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([start, content]);
}

/** Resolves when the server is ready for the next query, which is after the commit. */
function send(client: Client, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    const nothing = (): void => {};
    const query = {
      submit: (connection: Connection) => {
        connection.stream.write(bytes);
      },
      // pg calls these by name for whatever the server sends.
      handleRowDescription: nothing,
      handleDataRow: nothing,
      handleCommandComplete: nothing,
      handleEmptyQuery: nothing,
      handlePortalSuspended: nothing,
      handleCopyInResponse: nothing,
      handleCopyData: nothing,
      handleError: (error: Error) => {
        failure = error;
      },
      handleReadyForQuery: () => (failure === undefined ? resolve() : reject(failure)),
    } satisfies Submittable & Record<string, unknown>;
    client.query(query);
  });
}
