import { type BoundStatement, prepared, readSql } from '../sql.js';

const keep = readSql<{ readonly mode: 'auto' | 'force_generic_plan' }>(import.meta.url, 'keep-plans.sql');

/** Of how many texts their use is known, and at which use a text is prepared. */
const mostTexts = 64;
const usesBeforeName = 3;

interface Text {
  readonly name: string;
  uses: number;
}

/** The texts that were used last, the last one at the end. */
const texts = new Map<string, Text>();
let names = 0;

/** The settings of a transaction whose statements are prepared, see keep-plans.sql. */
export function keepPlans(mode: 'auto' | 'force_generic_plan'): BoundStatement {
  return prepared('keep-plans', keep.bind({ mode }));
}

/**
 * Let connections prepare a statement if its text comes again and again, as those of searches of the same form do. A search of
 * a form that comes once is not worth a plan that is kept.
 */
export function preparedIfRepeated(statement: BoundStatement): BoundStatement {
  const text = texts.get(statement.text) ?? { name: `repeated-${(names += 1)}`, uses: 0 };
  text.uses += 1;
  texts.delete(statement.text);
  texts.set(statement.text, text);
  if (texts.size > mostTexts) {
    const [oldest] = texts.keys();
    if (oldest !== undefined) texts.delete(oldest);
  }
  return text.uses < usesBeforeName ? statement : prepared(text.name, statement);
}

/**
 * The same for a statement that reads spans. It runs in a transaction of its own, in which no plan scans a partition as a whole.
 * The connection must be in no transaction.
 */
export function preparedOverPartitions(statement: BoundStatement): BoundStatement {
  const named = preparedIfRepeated(statement);
  return named.name === undefined ? named : { ...named, overPartitions: true };
}
