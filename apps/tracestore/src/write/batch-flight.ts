import type { Connection, Submittable } from 'pg';
import { serialize } from 'pg-protocol';
import type { CopyBuffer } from '../otlp/copy-buffer.js';

/** A statement that is sent again and again; each connection prepares it once, under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Values for a statement, each in PostgreSQL's text form or, as a Buffer, in its binary one. */
export interface StatementCall {
  readonly statement: Statement;
  readonly values: readonly (string | null | Buffer)[];
}

/** Rows for a `COPY … FROM STDIN (FORMAT binary)`. */
export interface CopyCall {
  readonly statement: Statement;
  readonly rows: CopyBuffer;
}

/** PostgreSQL manual, "COPY", "Binary Format": signature, no flags, no extension. */
const copyHeader = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const copyTrailer = Buffer.from([0xff, 0xff]);
const copyDataTag = 0x64;

/** What a connection is asked, and what is asked of whoever asks it. */
abstract class Flight implements Submittable {
  readonly done: Promise<void>;
  private resolve: () => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever awaits `done` gets the failure; that nobody has yet is no fault.
    this.done.catch(() => undefined);
  }

  abstract submit(connection: Connection): void;

  handleError(error: unknown): void {
    this.reject(error);
  }

  handleReadyForQuery(): void {
    this.resolve();
  }

  handleCommandComplete(): void {}
  handleCopyInResponse(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}

/** Prepares statements on a connection, all of them or none. */
export class PrepareFlight extends Flight {
  constructor(private readonly statements: readonly Statement[]) {
    super();
  }

  override submit({ stream }: Connection): void {
    stream.write(Buffer.concat([...this.statements.map((statement) => serialize.parse(statement)), serialize.sync()]));
  }
}

/**
 * A whole transaction in one round trip: everything is sent at once, without waiting for the server to ask for the data
 * of a COPY (PostgreSQL manual, "Message Flow", "Pipelining"). What stands before one Sync is one transaction; when a
 * statement fails, the server skips the rest and nothing of it has happened.
 *
 * The rows' buffers must stay as they are until `done` has settled.
 */
export class BatchFlight extends Flight {
  constructor(
    private readonly calls: readonly StatementCall[],
    private readonly copies: readonly CopyCall[],
  ) {
    super();
  }

  override submit({ stream }: Connection): void {
    stream.cork();
    for (const { statement, values } of this.calls) stream.write(executeMessages(statement, values));
    for (const { statement, rows } of this.copies) {
      const { bytes, position } = rows;
      const head = Buffer.allocUnsafe(5);
      head.writeUInt8(copyDataTag);
      head.writeInt32BE(4 + copyHeader.length + position + copyTrailer.length, 1);
      stream.write(Buffer.concat([executeMessages(statement, []), head, copyHeader]));
      stream.write(bytes.subarray(0, position));
      stream.write(Buffer.concat([copyTrailer, serialize.copyDone()]));
    }
    stream.write(serialize.sync());
    stream.uncork();
  }
}

function executeMessages({ name }: Statement, values: StatementCall['values']): Buffer {
  return Buffer.concat([serialize.bind({ statement: name, values: [...values] }), serialize.execute({})]);
}
