import { describe, expect, it } from 'vitest';
import { readerLackOf, type ReaderState } from './reader-role.js';

const whole: ReaderState = {
  server_version: 180_004,
  database: 'traces',
  login: 'tracestore',
  role_exists: true,
  may_set_role: true,
  uses_schemas: true,
  reads_views: true,
  calls_functions: true,
  changes_nothing: true,
  changing_functions: ['ps_trace.delete_all_traces()'],
  makes_temporary: true,
  uses_plpgsql: true,
  logs_in: false,
  has_settings: true,
};

describe('the statement that mends ps_trace_reader', () => {
  it('is none where nothing is lacking; settings of a role that does not log in count for nothing', () => {
    expect(readerLackOf(whole)).toBeUndefined();
    expect(readerLackOf({ ...whole, has_settings: false })).toBeUndefined();
  });

  it.each([
    [{ role_exists: false, may_set_role: false }, 'CREATE ROLE ps_trace_reader NOLOGIN ROLE "tracestore";'],
    [{ may_set_role: false }, 'GRANT ps_trace_reader TO "tracestore" WITH SET TRUE, INHERIT FALSE;'],
    [
      { may_set_role: false, server_version: 160_000 },
      'GRANT ps_trace_reader TO "tracestore" WITH SET TRUE, INHERIT FALSE;',
    ],
    [{ may_set_role: false, server_version: 150_018 }, 'GRANT ps_trace_reader TO "tracestore";'],
    [{ changes_nothing: false }, 'REVOKE EXECUTE ON FUNCTION ps_trace.delete_all_traces() FROM ps_trace_reader;'],
    [{ makes_temporary: false }, 'GRANT TEMPORARY ON DATABASE "traces" TO ps_trace_reader;'],
    [{ makes_temporary: false, database: 'my "db"' }, 'GRANT TEMPORARY ON DATABASE "my ""db""" TO ps_trace_reader;'],
    [
      { uses_schemas: false, reads_views: false },
      'DO $mend$ BEGIN GRANT USAGE ON SCHEMA ps_trace, _ps_trace TO ps_trace_reader; ' +
        'GRANT SELECT ON ALL TABLES IN SCHEMA ps_trace, _ps_trace TO ps_trace_reader; END $mend$;',
    ],
  ])('for %j is one: %s', (lacking, statement) => {
    expect(readerLackOf({ ...whole, ...lacking })?.statement).toBe(statement);
  });

  it('is quoted by a tag that no name in it has', () => {
    const statement = readerLackOf({
      ...whole,
      login: '$mend$ $mend_$',
      may_set_role: false,
      reads_views: false,
    })?.statement;
    expect(statement).toMatch(/^DO \$mend__\$ BEGIN .* END \$mend__\$;$/);
  });

  it('comes with whether the SQL page can be used', () => {
    expect(readerLackOf({ ...whole, may_set_role: false })?.message).toBe(
      'The SQL page cannot be used. Role "tracestore" may not SET ROLE ps_trace_reader',
    );
    expect(readerLackOf({ ...whole, logs_in: true, has_settings: false })?.message).toBe(
      'ps_trace_reader logs in, and lacks the settings of its sessions',
    );
  });
});
