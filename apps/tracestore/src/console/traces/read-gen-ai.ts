import type { QueryDatabaseService } from '../../query/query-database.service.js';
import { firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../../query/unix-time.js';
import { readSql } from '../../sql.js';

const genAiOf = readSql<{
  readonly trace_id: string;
  readonly start_min: string;
  readonly start_max: string;
  readonly with_content: boolean;
  readonly limit: number;
  readonly text_limit: number;
  readonly content_limit: number;
}>(import.meta.url, 'read-gen-ai.sql');

const maxSpans = 1_000;
/** Per attribute. */
const maxTextCharacters = 50_000;
const maxCharacters = 4_000_000;

/**
 * The spans of a trace that have gen_ai attributes, with these attributes, as JSON that the database has written.
 *
 * @param traceId 32 hex digits
 * @param withContent whether to return messages and other long values
 * @returns the body of the response, see gen-ai.schema.ts
 * @throws TracestoreError
 */
export async function readGenAi(
  database: QueryDatabaseService,
  traceId: string,
  withContent: boolean,
  signal?: AbortSignal,
): Promise<string> {
  const statement = genAiOf.bind({
    trace_id: traceId,
    start_min: timestampOf(microsecondsOf(firstUnixNano)),
    start_max: timestampOf(microsecondsOf(lastUnixNano)),
    with_content: withContent,
    limit: maxSpans + 1,
    text_limit: maxTextCharacters,
    content_limit: maxCharacters,
  });
  const rows = await database.query<{ readonly span: string; readonly is_cut: boolean }>(statement, signal);
  return `{"spans":[${rows.map(({ span }) => span).join(',')}],"isCut":${rows[0]?.is_cut === true}}`;
}
