import { Client, type Connection, type Submittable } from 'pg';
import { spanTables } from './stored.ts';

/*
 * The ceiling: the maximum throughput of PostgreSQL for the same rows. The rows are read back from what the measured
 * variant has written, with one transaction for each of its transactions and the same rows in the same order. A
 * transaction is one query with a COPY for each table, sent in one piece with its data, and has one response.
 *
 * COPY's binary format (PostgreSQL manual, "COPY", "Binary Format"):
 *
 *   file    "PGCOPY\n\xff\r\n\0", int32 flags = 0, int32 length of the extension = 0, rows, int16 -1
 *   row     int16 number of columns, then for each int32 length (-1: NULL) and the value
 */

const head = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const tail = Buffer.from([0xff, 0xff]);

/** Maximum bytes of rows in one message. PostgreSQL reads a message completely before it processes it. */
const messageBytes = 1024 * 1024;

export class Ceiling {
  readonly #clients: readonly Client[];
  #transactions: readonly Buffer[] = [];

  private constructor(clients: readonly Client[]) {
    this.#clients = clients;
  }

  static async open(databaseUrl: string, connections: number): Promise<Ceiling> {
    const clients = Array.from({ length: connections }, () => new Client(databaseUrl));
    await Promise.all(clients.map((client) => client.connect()));
    return new Ceiling(clients);
  }

  /** Reads the content of the tables, which `run` then writes. */
  async capture(): Promise<void> {
    const [client] = this.#clients;
    if (client === undefined) throw new Error('the ceiling needs a connection');
    const contents = new Map<bigint, TransactionContent>();
    for (const table of spanTables) {
      const columns = await readColumns(client, table);
      const list = columns.join(', ');
      const copy = `COPY tracestore.${table} (${list}) FROM STDIN (FORMAT binary)`;
      // The partitions of a table would follow each other, so the rows are sorted by transaction.
      const sql = `COPY (SELECT xmin::text::int8, ${list} FROM tracestore.${table} ORDER BY 1, tableoid, ctid)
        TO STDOUT (FORMAT binary)`;
      for (const [transaction, rows] of rowsByTransaction(await readCopy(client, sql))) {
        const content = contents.get(transaction) ?? { statements: [], data: [] };
        contents.set(transaction, content);
        content.statements.push(copy);
        const file = Buffer.concat([head, ...rows, tail]);
        for (let offset = 0; offset < file.length; offset += messageBytes) {
          content.data.push(message('d', file.subarray(offset, offset + messageBytes)));
        }
        content.data.push(message('c', Buffer.alloc(0)));
      }
    }
    // Several statements of one simple query are one transaction.
    this.#transactions = Array.from(contents.values(), ({ statements, data }) =>
      Buffer.concat([message('Q', Buffer.from(`${statements.join(';')}\0`)), ...data]),
    );
  }

  /** Sends all transactions, one at a time on each connection. */
  async run(): Promise<void> {
    const waiting = this.#transactions.values();
    await Promise.all(
      this.#clients.map(async (client) => {
        for (const bytes of waiting) {
          await submit(client, (connection) => {
            connection.stream.write(bytes);
          });
        }
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.end()));
  }
}

interface TransactionContent {
  readonly statements: string[];
  /** Encoded messages. */
  readonly data: Buffer[];
}

async function readColumns(client: Client, table: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT quote_ident(attname) AS name FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
    [`tracestore.${table}`],
  );
  return rows.map(({ name }) => name);
}

/**
 * Splits a COPY file by transaction.
 *
 * @param file with rows that begin with their transaction id and are sorted by it
 * @returns the encoded rows without the id, by transaction
 */
function rowsByTransaction(file: Buffer): ReadonlyMap<bigint, readonly Buffer[]> {
  const found = new Map<bigint, Buffer[]>();
  for (let offset = head.length; file.readInt16BE(offset) !== -1;) {
    const columns = file.readInt16BE(offset);
    const transaction = file.readBigInt64BE(offset + 6);
    const start = offset + 14;
    let end = start;
    for (let column = 1; column < columns; column++) end += 4 + Math.max(0, file.readInt32BE(end));
    const count = Buffer.alloc(2);
    count.writeInt16BE(columns - 1);
    const rows = found.get(transaction);
    const row = [count, file.subarray(start, end)];
    if (rows === undefined) found.set(transaction, row);
    else rows.push(...row);
    offset = end;
  }
  return found;
}

async function readCopy(client: Client, sql: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await submit(
    client,
    (connection) => connection.query(sql),
    // pg reuses the memory of a chunk.
    ({ chunk }) => chunks.push(Buffer.from(chunk)),
  );
  return Buffer.concat(chunks);
}

function message(type: string, content: Buffer): Buffer {
  const start = Buffer.alloc(5);
  start.write(type, 'latin1');
  start.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([start, content]);
}

/** Resolves when the server is ready for the next query, that is, after the commit. */
function submit(
  client: Client,
  send: (connection: Connection) => void,
  takeData: (message: { readonly chunk: Buffer }) => void = () => {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    const nothing = (): void => {};
    const query = {
      submit: send,
      // pg calls these methods by name for the messages of the server.
      handleRowDescription: nothing,
      handleDataRow: nothing,
      handleCommandComplete: nothing,
      handleEmptyQuery: nothing,
      handlePortalSuspended: nothing,
      handleCopyInResponse: nothing,
      handleCopyData: takeData,
      handleError: (error: Error) => {
        failure = error;
      },
      handleReadyForQuery: () => (failure === undefined ? resolve() : reject(failure)),
    } satisfies Submittable & Record<string, unknown>;
    client.query(query);
  });
}
