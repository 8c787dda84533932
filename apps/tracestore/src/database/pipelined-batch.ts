import type { Writable } from 'node:stream';
import type { Connection, Submittable } from 'pg';
import { serialize } from 'pg-protocol';
import type { CopyBuffer } from '../storage/copy-buffer.js';

/** A statement that is sent repeatedly. Each connection prepares it once, under its name. */
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

/** Messages that are sent on a connection without waiting for results; `done` settles with the last one. */
abstract class Pipeline implements Submittable {
  readonly done: Promise<void>;
  private resolve: () => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // The caller of `done` handles a failure. Until then it is not an unhandled rejection.
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
export class PipelinedPrepare extends Pipeline {
  constructor(private readonly statements: readonly Statement[]) {
    super();
  }

  override submit({ stream }: Connection): void {
    stream.write(Buffer.concat([...this.statements.map((statement) => serialize.parse(statement)), serialize.sync()]));
  }
}

/** Rows up to this size are written to the socket at once. Larger ones are written in pieces, at the pace of the socket. */
const maxAtOnceBytes = 8 * 1024 * 1024;
const pieceBytes = 1024 * 1024;

/** Whether rows take so long to send and store that other requests should not wait for them. */
export function isLong(copies: readonly CopyCall[]): boolean {
  return copies.reduce((sum, { rows }) => sum + rows.length, 0) > maxAtOnceBytes;
}

/**
 * A whole transaction in one round trip: everything is sent without waiting until the server requests the data of a COPY
 * (PostgreSQL manual, "Message Flow", "Pipelining"). All statements before one Sync are one transaction. If a statement
 * fails, the server skips the rest and rolls back.
 *
 * The rows' buffers must stay as they are until `done` has settled.
 */
export class PipelinedBatch extends Pipeline {
  private hasFailed = false;

  constructor(
    private readonly calls: readonly StatementCall[],
    private readonly copies: readonly CopyCall[],
  ) {
    super();
  }

  override submit({ stream }: Connection): void {
    stream.cork();
    for (const { statement, values } of this.calls) stream.write(executeMessages(statement, values));
    if (isLong(this.copies)) {
      stream.uncork();
      this.sendInPieces(stream).catch((error: unknown) => this.handleError(error));
    } else {
      this.sendAtOnce(stream);
      stream.uncork();
    }
  }

  override handleError(error: unknown): void {
    this.hasFailed = true;
    super.handleError(error);
  }

  private sendAtOnce(stream: Writable): void {
    for (const { statement, rows } of this.copies) {
      const length = copyHeader.length + rows.length + copyTrailer.length;
      stream.write(Buffer.concat([executeMessages(statement, []), copyDataHead(length), copyHeader]));
      for (const chunk of rows.chunks()) stream.write(chunk);
      stream.write(Buffer.concat([copyTrailer, serialize.copyDone()]));
    }
    stream.write(serialize.sync());
  }

  /** A failed transaction needs no more rows, but a Sync. Without it, the server does not respond any more. */
  private async sendInPieces(stream: Writable): Promise<void> {
    for (const { statement, rows } of this.copies) {
      if (this.hasFailed) break;
      stream.write(Buffer.concat([executeMessages(statement, []), copyDataHead(copyHeader.length), copyHeader]));
      for (const chunk of rows.chunks()) {
        for (let from = 0; from < chunk.length && !this.hasFailed; from += pieceBytes) {
          const piece = chunk.subarray(from, from + pieceBytes);
          stream.write(copyDataHead(piece.length));
          if (!stream.write(piece)) await drained(stream);
        }
      }
      stream.write(Buffer.concat([copyDataHead(copyTrailer.length), copyTrailer, serialize.copyDone()]));
    }
    stream.write(serialize.sync());
  }
}

/** The header of a message with data of a COPY. */
function copyDataHead(length: number): Buffer {
  const head = Buffer.allocUnsafe(5);
  head.writeUInt8(copyDataTag);
  head.writeInt32BE(4 + length, 1);
  return head;
}

/** Resolves when a stream can accept more data, or is closed. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) {
      resolve();
      return;
    }
    const settle = (): void => {
      stream.off('drain', settle).off('close', settle);
      resolve();
    };
    stream.on('drain', settle).on('close', settle);
  });
}

function executeMessages({ name }: Statement, values: StatementCall['values']): Buffer {
  return Buffer.concat([serialize.bind({ statement: name, values: [...values] }), serialize.execute({})]);
}
