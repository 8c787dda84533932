import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import type { FoundTrace, TraceOrder } from './trace-search.js';

const letters: Readonly<Record<TraceOrder, string>> = { newest: 'n', slowest: 's' };

/** Write the end of a page as an opaque token. */
export function cursorAt(order: TraceOrder, last: FoundTrace): string {
  return Buffer.from(`${letters[order]}${last.position}.${last.traceId}`).toString('base64url');
}

/**
 * Read the end of the page before.
 *
 * @throws TracestoreError `invalid` when the text is not a cursor, or one of another order
 */
export function readCursor(order: TraceOrder, cursor: string): FoundTrace {
  const text = cursor.length > 100 ? '' : Buffer.from(cursor, 'base64url').toString('latin1');
  const [, letter, position = '', traceId = ''] = /^([ns])(\d{1,19})\.([\da-f]{32})$/.exec(text) ?? [];
  if (letter !== letters[order]) {
    throw new TracestoreError(
      errorKinds.invalid,
      `cursor should be one from a page of the same search, ordered by ${order}`,
    );
  }
  return { traceId, position: BigInt(position) };
}

/** Compare traces in the order of a page: by position, the highest first, then by id. */
export function compareFound(left: FoundTrace, right: FoundTrace): number {
  if (left.position !== right.position) return left.position > right.position ? -1 : 1;
  return left.traceId < right.traceId ? -1 : left.traceId > right.traceId ? 1 : 0;
}
