import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('.', import.meta.url));

/** Generated code, transaction control and messages for operators in the schema, and the table of columns that makes the COPY statements. */
const excluded =
  /(?:^gen\/|^schema\/(?:migration|reader-role|schema-objects)\.ts$|^storage\/copy-table\.ts$|\.(?:spec|int-spec)\.ts$)/;

/** Statements for an operator to run, in a message. */
const shownToOperators = /ps_trace\.confirm_(?:time_gap|trace_retention)\(/;

const comment = /^\s*(?:\*|\/\*|\/\/)/;

/** A text that begins like a statement, has a cast after a part that is put in, or a placeholder of another kind. */
const sqlText =
  /['"`]\s*(?:SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|WITH \w+ AS|CREATE|DROP|ALTER|REINDEX|COPY|DECLARE|FETCH|LOCK TABLE|SET (?:LOCAL|SESSION|\w+ =)|BEGIN|COMMIT|ROLLBACK)\b(?![a-z])|\$\{[^}]*\}::\w|\{\{\w+\}\}/;

const files = globSync('**/*.ts', { cwd: source }).filter((file) => !excluded.test(file) && file !== 'sql.ts');

describe('SQL', () => {
  it('stands in .sql files, and not in TypeScript', () => {
    const found = files.flatMap((file) =>
      readFileSync(`${source}/${file}`, 'utf8')
        .split('\n')
        .flatMap((line, n) =>
          sqlText.test(line) && !comment.test(line) && !shownToOperators.test(line)
            ? [`${file}:${n + 1}: ${line.trim()}`]
            : [],
        ),
    );
    expect(found).toEqual([]);
  });

  it('has no fragments that were made from texts', () => {
    const found = files.filter((file) => /new Fragment\(/.test(readFileSync(`${source}/${file}`, 'utf8')));
    expect(found).toEqual([]);
  });

  it('is read with readSql or readFragments', () => {
    const others = files.filter((file) =>
      /readSqlFile|\.sql['"`], 'utf8'/.test(readFileSync(`${source}/${file}`, 'utf8')),
    );
    // These two apply scripts of the schema as they are.
    const scripts = ['schema/migration.ts', 'schema/schema-objects.ts'];
    expect(others.filter((file) => file !== 'sql-file.ts' && !scripts.includes(file))).toEqual([]);
  });
});
