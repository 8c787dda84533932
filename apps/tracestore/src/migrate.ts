/**
 * The command `migrate`: brings the database to the schema of this build and ends. It has the environment of a store, and runs
 * as a Job before an upgrade; docs/upgrading.md shows how.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createProcessLogger, endOnFailure } from '@spandrel/service';
import { readTracestoreConfig } from './config/tracestore.config.js';
import { connectionOf } from './database/connection.js';
import { withMigrationSession } from './database/migration-session.js';
import { DatabaseUnavailableError, problemOf, UnsuitableDatabaseError } from './errors/database-failure.js';
import { installTimescale } from './schema/capabilities.js';
import { migrate, type MigrationOutcome } from './schema/migration.js';

const retryMs = 1_000;

/** How long the command waits for a database that is not available. A wait for a lock is not bounded. */
const longestAwayMs = 300_000;

const awayCodes: ReadonlySet<string> = new Set([
  'connection-refused',
  'unknown-host',
  'no-answer',
  'connection-lost',
  'starting-or-stopping',
  'too-many-connections',
  'sign-in',
]);

await endOnFailure(async () => {
  const config = readTracestoreConfig();
  const logger = createProcessLogger('tracestore', config.logLevel);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

  const runOnce = (): Promise<MigrationOutcome> =>
    withMigrationSession(
      connectionOf(config.databaseUrl, 'tracestore migrate'),
      (what) => logger.warn(`The migration waits for ${what}`),
      stop.signal,
      async (client) => {
        const withoutTimescale = await installTimescale(client);
        if (withoutTimescale !== undefined) logger.info(`TimescaleDB is not used: ${withoutTimescale}`);
        return migrate(client, undefined, ({ name, remaining }) =>
          logger.info(`Applies ${name}${remaining === 0 ? '' : `, ${remaining} more to follow`}`),
        );
      },
    );

  const startMs = performance.now();
  let awaySinceMs: number | undefined;
  let said: string | undefined;
  for (;;) {
    try {
      const { applied, newer, objects, readerLack } = await runOnce();
      const what = applied.length === 0 ? 'no migration was missing' : `applied ${applied.join(', ')}`;
      const tookMs = Math.round(performance.now() - startMs);
      logger.info(`The database is migrated after ${tookMs} ms: ${what}; views and functions: ${objects}`);
      if (newer.length > 0) logger.info(`The database is of a newer build, which admits this one: ${newer.join(', ')}`);
      if (readerLack !== undefined) logger.warn(`${readerLack.message}:\n${readerLack.statement}`);
      return;
    } catch (error) {
      const { code, message } = problemOf(error);
      const isAway = awayCodes.has(code);
      const mayRetry = (isAway || code === 'lock-timeout') && !stop.signal.aborted;
      if (error instanceof UnsuitableDatabaseError || !mayRetry) throw error;
      awaySinceMs = isAway ? (awaySinceMs ?? performance.now()) : undefined;
      if (awaySinceMs !== undefined && performance.now() - awaySinceMs > longestAwayMs) throw error;
      if (code !== said) logger.warn(error instanceof DatabaseUnavailableError ? error.message : message);
      said = code;
    }
    await sleep(retryMs, undefined, { signal: stop.signal });
  }
});
