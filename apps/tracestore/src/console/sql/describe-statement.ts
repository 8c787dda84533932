import type pg from 'pg';

/** A column of an answer, as the server describes it. */
export interface DescribedColumn {
  readonly name: string;
  readonly typeOid: number;
}

/** The wire as pg gives it to whatever is submitted in the place of a query. */
interface Wire {
  parse(query: { readonly name: string; readonly text: string; readonly types: readonly number[] }): void;
  describe(statement: { readonly type: 'S'; readonly name: string }): void;
  sync(): void;
}

/**
 * What a statement will answer, without running any of it. The server takes one statement alone here.
 *
 * @param client inside of a transaction
 * @returns undefined for a statement that gives no rows
 * @throws DatabaseError of pg when it is wrong
 */
export function describeStatement(
  client: pg.ClientBase,
  text: string,
): Promise<readonly DescribedColumn[] | undefined> {
  return new Promise((resolve, reject) => {
    let columns: readonly DescribedColumn[] | undefined;
    let failure: Error | undefined;
    const submittable = {
      submit(wire: Wire): void {
        wire.parse({ name: '', text, types: [] });
        wire.describe({ type: 'S', name: '' });
        wire.sync();
      },
      handleRowDescription({
        fields,
      }: {
        readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
      }): void {
        columns = fields.map(({ name, dataTypeID }) => ({ name, typeOid: dataTypeID }));
      },
      handleError(error: Error): void {
        failure = error;
        // pg ends a query with its error; the server still says that it is ready.
        reject(error);
      },
      handleReadyForQuery(): void {
        if (failure === undefined) resolve(columns);
      },
    };
    client.query(submittable as unknown as pg.Submittable);
  });
}
