import pg, { type QueryResultRow } from 'pg';
import type { BoundStatement } from '../sql.js';
import { type ResponseReservation, weightOf } from './response-memory.js';

/**
 * Run a statement and collect its rows while there is memory for them. Later rows are dropped as they arrive.
 *
 * @param memory is empty again when this fails for want of memory
 * @param cancel called when no more rows are wanted
 * @throws TracestoreError as `ResponseReservation.grow`, when the statement has ended
 */
export function rowsWithin<Row extends QueryResultRow>(
  client: pg.ClientBase,
  statement: BoundStatement,
  memory: ResponseReservation,
  cancel: () => void,
): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    let rows: Row[] = [];
    let failure: unknown;
    const query = new pg.Query<Row>(statement);
    query.on('row', (row: Row) => {
      if (failure !== undefined) return;
      try {
        memory.grow(weightOf(row));
        rows.push(row);
      } catch (error) {
        failure = error;
        rows = [];
        memory.release();
        cancel();
      }
    });
    query.on('error', (error: Error) => reject((failure as Error | undefined) ?? error));
    query.on('end', () => {
      if (failure === undefined) resolve(rows);
      else reject(failure as Error);
    });
    client.query(query);
  });
}
