import type { FastifyRequest } from 'fastify';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { parseGoBool, parseGoDuration } from './go-text.js';

/** The parameters of a URL. If a parameter has several names, the first present one counts. */
export class QueryParameters {
  private readonly values: Readonly<Record<string, string | readonly string[] | undefined>>;

  constructor({ query }: FastifyRequest) {
    this.values = query as Readonly<Record<string, string | readonly string[] | undefined>>;
  }

  /** All that are there. */
  get names(): readonly string[] {
    return Object.keys(this.values);
  }

  /** Empty if it is absent. */
  text(...names: readonly string[]): string {
    for (const name of names) {
      const [first = ''] = this.all(name);
      if (first !== '') return first;
    }
    return '';
  }

  /** All values of a parameter that may be repeated. */
  all(name: string): readonly string[] {
    const value = Object.hasOwn(this.values, name) ? this.values[name] : undefined;
    if (value === undefined) return [];
    return typeof value === 'string' ? [value] : value;
  }

  /** @throws JaegerHttpError when it is no whole number */
  integer(name: string): bigint | undefined {
    const text = this.text(name);
    if (text === '') return undefined;
    if (!/^[+-]?\d{1,18}$/.test(text)) throw malformed(name, `should be a whole number, but is ${quoted(text)}`);
    return BigInt(text.replace('+', ''));
  }

  /** @throws JaegerHttpError when it is neither true nor false */
  flag(name: string): boolean {
    const text = this.text(name);
    const value = text === '' ? false : parseGoBool(text);
    if (value === undefined) throw malformed(name, `should be true or false, but is ${quoted(text)}`);
    return value;
  }

  /** In ns; 0 where it is not given. @throws JaegerHttpError when it is no duration as Go writes them */
  duration(...names: readonly string[]): bigint {
    const text = this.text(...names);
    const value = text === '' ? 0n : parseGoDuration(text);
    if (value === undefined)
      throw malformed(names[0] ?? '', `should be a duration such as 1.5s, but is ${quoted(text)}`);
    return value;
  }
}

/** An error of a query parameter. @param problem completes a sentence that begins with the parameter */
export function malformed(parameter: string, problem: string): TracestoreError {
  return new TracestoreError(errorKinds.invalid, `parameter '${parameter}' ${problem}`);
}

/** Shortens a value for an error message. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

/** Parses an object of texts, the form of attributes in Jaeger's clients. @throws JaegerHttpError when it is none */
export function stringMap(name: string, json: string): readonly (readonly [string, string])[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw malformed(name, `should be a JSON object of strings, but is ${quoted(json)}`);
  }
  const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  const entries: readonly [string, unknown][] = isObject ? Object.entries(parsed as object) : [];
  if (!isObject || entries.some(([, value]) => typeof value !== 'string')) {
    throw malformed(name, `should be a JSON object of strings, but is ${quoted(json)}`);
  }
  return entries as readonly [string, string][];
}
