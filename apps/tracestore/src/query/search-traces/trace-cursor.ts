import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';

/** The order of traces: by their start, newest first, or by their duration, slowest first. */
export type TraceOrder = 'newest' | 'slowest';

/** Where a page ends, and which time its search covers. */
export interface TraceCursor {
  /** Of the last trace: its start in ns since 1970, or its duration in ns. */
  readonly position: bigint;
  /** 32 hex digits; all `f` if no trace with this position is left. */
  readonly traceId: string;
  /** In µs since 1970: the first start of a trace, and the last start of a span. */
  readonly startMin: bigint;
  readonly spanStartMax: bigint;
}

const letters: Readonly<Record<TraceOrder, string>> = { newest: 't', slowest: 'd' };

/** Write a cursor as an opaque token. */
export function writeCursor(order: TraceOrder, { position, traceId, startMin, spanStartMax }: TraceCursor): string {
  return Buffer.from(`${letters[order]}${position}.${traceId}.${startMin}.${spanStartMax}`).toString('base64url');
}

/**
 * Read a cursor.
 *
 * @throws TracestoreError `invalid` when the text is not a cursor, or one of another order
 */
export function readCursor(order: TraceOrder, cursor: string): TraceCursor {
  const text = cursor.length > 200 ? '' : Buffer.from(cursor, 'base64url').toString('latin1');
  const [, letter, position = '', traceId = '', startMin = '', spanStartMax = ''] =
    /^([td])(\d{1,19})\.([\da-f]{32})\.(\d{1,16})\.(\d{1,16})$/.exec(text) ?? [];
  if (letter !== letters[order]) {
    throw new TracestoreError(
      errorKinds.invalid,
      `cursor must be nextCursor of a page of the same search, ordered by ${order}`,
    );
  }
  return { position: BigInt(position), traceId, startMin: BigInt(startMin), spanStartMax: BigInt(spanStartMax) };
}
