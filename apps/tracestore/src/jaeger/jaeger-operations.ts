import { findOperations } from '../query/operations/find-operations.js';
import type { QueryDatabaseService } from '../query/query-database.service.js';
import { type SpanKind, spanKinds } from '../query/span-enums.js';

/** An operation of a service, in Jaeger's terms. */
export interface JaegerOperation {
  readonly name: string;
  /** Empty if it is unspecified. */
  readonly spanKind: string;
}

/**
 * Returns the operations of a service.
 *
 * @param spanKind a word such as `server`, in any case; empty for all
 * @throws TracestoreError
 */
export async function findJaegerOperations(
  database: QueryDatabaseService,
  serviceName: string,
  spanKind: string,
  signal?: AbortSignal,
): Promise<readonly JaegerOperation[]> {
  const kind = spanKindNamed(spanKind);
  // No span has an unknown kind.
  if (spanKind !== '' && kind === undefined) return [];
  const operations = await findOperations(database, { serviceName, spanKind: kind }, signal);
  return operations.map((operation) => ({
    name: operation.spanName,
    spanKind: operation.spanKind === 'unspecified' ? '' : operation.spanKind,
  }));
}

/** @param word in any case */
export function spanKindNamed(word: string): SpanKind | undefined {
  return spanKinds.find((kind) => kind === word.toLowerCase());
}
