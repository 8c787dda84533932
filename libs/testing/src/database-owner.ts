import { createHash } from 'node:crypto';
import { query, urlOf } from '@spandrel/embedded/postgres';

/** The owner of the databases of tests. */
const role = 'spandrel_tests';

/**
 * The URL of the role that owns the databases of tests. Its password is derived from the URL of the superuser, so runs on
 * one server share the role.
 */
export function ownerUrlOf(superuserUrl: string): string {
  return urlOf(superuserUrl, role, createHash('sha256').update(superuserUrl).digest('hex'), 'postgres');
}

/**
 * Creates the role that owns the databases of tests, with LOGIN and CREATEROLE, as `npm start` creates the role of
 * tracestore. It has the rights of the creator of ps_trace_reader.
 *
 * @throws Error when the server is unavailable or the role of the URL is not a superuser
 */
export async function ensureDatabaseOwner(superuserUrl: string): Promise<void> {
  const { password } = new URL(ownerUrlOf(superuserUrl));
  await query(
    superuserUrl,
    `DO $$
     BEGIN
       -- Concurrent runs wait for each other.
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
         -- The grant that the creator of the role has.
         IF current_setting('server_version_num')::int4 >= 160000 THEN
           EXECUTE 'GRANT ps_trace_reader TO ${role} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE';
         END IF;
       END IF;
     END
     $$`,
  );
}
