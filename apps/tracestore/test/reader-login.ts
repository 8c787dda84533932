import { randomBytes } from 'node:crypto';
import { queryOnce } from './running-tracestore.js';

/** A login role that can read, created as docs/operations.md describes. */
export interface ReaderLogin {
  readonly url: string;
  drop(): Promise<void>;
}

/** @param databaseUrl of a superuser, for a migrated database */
export async function createReaderLogin(databaseUrl: string): Promise<ReaderLogin> {
  const role = `reader_${randomBytes(4).toString('hex')}`;
  const url = new URL(databaseUrl);
  const database = url.pathname.slice(1);
  await queryOnce(databaseUrl, `CREATE ROLE ${role} LOGIN PASSWORD 'secret' IN ROLE ps_trace_reader`);
  for (const setting of [
    'search_path = "$user", public, ps_trace',
    `statement_timeout = '30s'`,
    'default_transaction_read_only = on',
  ]) {
    await queryOnce(databaseUrl, `ALTER ROLE ${role} IN DATABASE ${database} SET ${setting}`);
  }
  url.username = role;
  url.password = 'secret';
  return {
    url: url.href,
    drop: async () => {
      await queryOnce(databaseUrl, `DROP ROLE ${role}`);
    },
  };
}
