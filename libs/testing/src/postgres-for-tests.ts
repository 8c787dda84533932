import { freePort } from './free-port.ts';
import { startPostgres } from './embedded-postgres.ts';
import { databaseUser, makeTemporaryFolder, removeFolder } from '@spandrel/embedded/unprivileged';

interface SharedServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Vitest loads a global setup once per project, so the projects cannot share a module variable. */
const shared = globalThis as typeof globalThis & {
  spandrelTestServer?: { users: number; readonly server: Promise<SharedServer> } | undefined;
};

/**
 * Returns the server of this test run. The first caller starts it, and the last release stops it.
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
    const { url, stop } = await startPostgres({ folder, port: await freePort(), durable: false, tempFolder: folder });
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
