import { storableText } from '../../storage/attribute-json.js';

/** The parameters of a statement that is put together: a value becomes one of them, and its place goes into the text. */
export class SqlParameters {
  readonly values: unknown[];

  /** @param first those that the statement has anyway */
  constructor(first: readonly unknown[]) {
    this.values = [...first];
  }

  /** Takes back those from a place on: a statement may not have parameters that it does not use. */
  dropFrom(place: number): void {
    this.values.length = place;
  }

  /** @returns the parameter as text that PostgreSQL can hold, which is how all text is stored */
  text(value: string): string {
    return this.add(storableText(value), 'text');
  }

  /** @param type of PostgreSQL, one of ours */
  add(
    value: unknown,
    type: 'text' | 'jsonb' | 'numeric' | 'float8' | 'int8' | 'int8[]' | 'int4[]' | 'interval' | 'uuid',
  ): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}
