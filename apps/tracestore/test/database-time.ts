import type { ClientBase } from 'pg';

/** The store on whose behalf tests note time that has passed. */
const testStore = '00000000-0000-4000-8000-000000000000';
const endlessSeconds = 1e12;
/** A mark is made when the last one is so old. */
const secondsPerMark = 601;

/**
 * Sets the clock that the database's lifecycle goes by; it runs on from there. No store has observed any of it.
 *
 * @param client of the owner, to a migrated database
 * @param at what the clock shows now; undefined sets it right
 */
export async function setDatabaseClock(client: ClientBase, at: Date | undefined): Promise<void> {
  const offsetMs = at === undefined ? 0 : at.getTime() - Date.now();
  await client.query(
    `CREATE OR REPLACE FUNCTION tracestore.database_time() RETURNS timestamptz
     LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() + interval '${offsetMs} milliseconds' $$`,
  );
}

/**
 * Lets stores observe that time passes, whatever the database's clock shows. All that is stored was received before.
 *
 * @param client of the owner, to a migrated database
 */
export async function passTime(client: ClientBase, seconds: number): Promise<void> {
  const observe = async (elapsedSeconds: number): Promise<void> => {
    await client.query('SELECT tracestore.observe_time($1, $2, $3, $3)', [testStore, elapsedSeconds, endlessSeconds]);
    // What the clock did meanwhile is not to count.
    await client.query('UPDATE tracestore.lifecycle_time SET noted_at = NULL, latest_at = NULL');
  };
  await observe(0);
  await observe(secondsPerMark);
  await observe(Math.max(seconds - secondsPerMark, 0));
}
