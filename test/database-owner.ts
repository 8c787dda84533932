import { createHash } from 'node:crypto';
import { query, urlOf } from '../stack/postgres.ts';

/** Who owns the databases of tests. */
const role = 'spandrel_tests';

/**
 * The URL of the role that owns the databases of tests. Its password follows from the superuser's URL, so that runs that
 * share a server share the role.
 */
export function ownerUrlOf(superuserUrl: string): string {
  return urlOf(superuserUrl, role, createHash('sha256').update(superuserUrl).digest('hex'), 'postgres');
}

/**
 * Makes the role that owns the databases of tests: as `npm start` makes the one of tracestore, LOGIN and CREATEROLE, no
 * superuser. It has made ps_trace_reader, as on a server where nobody else uses tracestore.
 *
 * @throws Error when the server is away, or the URL is not a superuser's
 */
export async function ensureDatabaseOwner(superuserUrl: string): Promise<void> {
  const { password } = new URL(ownerUrlOf(superuserUrl));
  await query(
    superuserUrl,
    `DO $$
     BEGIN
       -- Runs that begin at the same time wait for each other.
       PERFORM pg_advisory_xact_lock(hashtext('${role}'));
       IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
         CREATE ROLE ${role};
       END IF;
       ALTER ROLE ${role} LOGIN CREATEROLE NOSUPERUSER PASSWORD '${password}';
       IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ps_trace_reader') THEN
         SET LOCAL ROLE ${role};
         CREATE ROLE ps_trace_reader NOLOGIN;
         RESET ROLE;
       ELSIF NOT pg_has_role('${role}', 'ps_trace_reader', 'MEMBER WITH ADMIN OPTION') THEN
         -- What it would have, had it made the role.
         IF current_setting('server_version_num')::int4 >= 160000 THEN
           EXECUTE 'GRANT ps_trace_reader TO ${role} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE';
         END IF;
       END IF;
     END
     $$`,
  );
}
