import { startGuarded } from '@spandrel/embedded/parent-guard';
import { type PostgresOptions, preparePostgres } from '@spandrel/embedded/postgres';
import { untilPostgresAnswers } from '@spandrel/embedded/readiness';

/** A PostgreSQL server that ends with this process at the latest. */
export interface RunningPostgres {
  /** The URL of the superuser, for database `postgres`. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts the embedded PostgreSQL and waits until it answers.
 *
 * @throws Error with its last output when it does not start
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { launch, url } = await preparePostgres(options);
  const server = await startGuarded(launch);
  let output = '';
  for (const stream of [server.stdout, server.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-2_000)));
  const stop = async (): Promise<void> => {
    server.release();
    await server.exited;
  };
  try {
    await untilPostgresAnswers(url, server);
  } catch (error) {
    await stop();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${output.trim()}`, { cause: error });
  }
  return { url, stop };
}
