import type { ClientBase } from 'pg';

/** The store id for which tests record observed time. */
const testStore = '00000000-0000-4000-8000-000000000000';
const endlessSeconds = 1e12;
/** A mark is made when the last one has this age. */
const secondsPerMark = 601;

/**
 * Sets the clock of the database's lifecycle, which runs on from there. No store has observed any of that time.
 *
 * @param client of the owner, connected to a migrated database
 * @param at the new time; undefined restores the real one
 */
export async function setDatabaseClock(client: ClientBase, at: Date | undefined): Promise<void> {
  const offsetMs = at === undefined ? 0 : at.getTime() - Date.now();
  await client.query(
    `CREATE OR REPLACE FUNCTION tracestore.database_time() RETURNS timestamptz
     LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() + interval '${offsetMs} milliseconds' $$`,
  );
}

/**
 * Adds observed time, whatever the database's clock shows. All stored data is older than that.
 *
 * @param client of the owner, connected to a migrated database
 */
export async function passTime(client: ClientBase, seconds: number): Promise<void> {
  const observe = async (elapsedSeconds: number): Promise<void> => {
    await client.query('SELECT tracestore.observe_time($1, $2, $3, $3)', [testStore, elapsedSeconds, endlessSeconds]);
    // Ignore how far the clock has moved since then.
    await client.query('UPDATE tracestore.lifecycle_time SET noted_at = NULL, latest_at = NULL');
  };
  await observe(0);
  await observe(secondsPerMark);
  await observe(Math.max(seconds - secondsPerMark, 0));
}
