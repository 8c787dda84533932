import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder of the lessons. */
export const lessonsFolder = path.join(import.meta.dirname, '../docs/workshop');

/** A query of a lesson: a block of SQL, and the block of text below it, which shows its result. */
export interface LessonQuery {
  /** The first line of the query, a comment: `-- Which requests fail?` without the dashes. */
  readonly question: string;
  readonly sql: string;
  /** The query in TraceQL above it that returns the same traces, if there is one. */
  readonly traceql: string | undefined;
}

/** A lesson: a document with queries. */
export interface Lesson {
  /** The name of the file, such as `01-rates.md`. */
  readonly file: string;
  readonly text: string;
  readonly queries: readonly LessonQuery[];
}

const queryBlock =
  /(?:^```traceql\n(?<traceql>(?:(?!^```)[^])*?)^```\n\n(?:(?!^```)[^])*?)?^```sql\n(?<sql>[^]*?)^```\n\n^```text\n[^]*?^```$/gm;

/** Reads all lessons, in their order. @throws Error for a block of SQL without a question or without a result */
export function readLessons(): readonly Lesson[] {
  return readdirSync(lessonsFolder)
    .filter((file) => /^\d\d-.*\.md$/.test(file))
    .toSorted()
    .map((file) => parseLesson(file, readFileSync(path.join(lessonsFolder, file), 'utf8')));
}

function parseLesson(file: string, text: string): Lesson {
  const queries = [...text.matchAll(queryBlock)].map(({ groups = {} }): LessonQuery => {
    const sql = groups['sql'] ?? '';
    const [, question] = /^-- (.*)/.exec(sql) ?? [];
    if (question === undefined)
      throw new Error(`${file}: a query must begin with a comment, got ${sql.split('\n')[0]}`);
    return { question, sql, traceql: groups['traceql'] };
  });
  for (const language of ['sql', 'traceql'] as const) {
    const blocks = text.split(`\n\`\`\`${language}\n`).length - 1;
    const found = queries.filter((query) => query[language] !== undefined).length;
    if (blocks !== found)
      throw new Error(
        `${file}: each block of ${language} must have a result, ${blocks - found} of ${blocks} have none`,
      );
  }
  return { file, text, queries };
}

/** The text of a lesson with other results. @param results one for each query, in their order */
export function withResults({ text }: Lesson, results: readonly string[]): string {
  let index = 0;
  return text.replaceAll(queryBlock, (block) =>
    block.replace(/```text\n[^]*?^```$/m, () => `\`\`\`text\n${results[index++] ?? ''}\n\`\`\``),
  );
}
