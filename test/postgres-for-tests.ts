import { freePort } from '../stack/free-port.ts';
import { startPostgres } from '../stack/postgres.ts';
import { databaseUser, makeTemporaryFolder, removeFolder } from '../stack/unprivileged.ts';

interface SharedServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Vitest loads a global setup once a project, so what they share cannot live in a module. */
const shared = globalThis as typeof globalThis & {
  spandrelTestServer?: { users: number; readonly server: Promise<SharedServer> } | undefined;
};

/**
 * The server for this test run: the first caller starts it, the last to release it stops it.
 *
 * @throws Error when the embedded PostgreSQL does not start
 */
export async function findPostgresForTests(): Promise<{ readonly url: string; release(): Promise<void> }> {
  const entry = (shared.spandrelTestServer ??= { users: 0, server: start() });
  entry.users += 1;
  const { url, stop } = await entry.server;
  return {
    url,
    release: async () => {
      entry.users -= 1;
      if (entry.users > 0) return;
      shared.spandrelTestServer = undefined;
      await stop();
    },
  };
}

async function start(): Promise<SharedServer> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given) return { url: given, stop: async () => {} };
  const folder = makeTemporaryFolder(databaseUser());
  try {
    const { url, stop } = await startPostgres({ folder, port: await freePort(), durable: false, rubbish: folder });
    return {
      url,
      stop: async () => {
        await stop();
        removeFolder(folder);
      },
    };
  } catch (error) {
    removeFolder(folder);
    throw error;
  }
}
