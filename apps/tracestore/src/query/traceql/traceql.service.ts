import { Injectable } from '@nestjs/common';
import { parseQuery, type Pipeline, type Query, simplifyQuery, TraceqlError } from '@spandrel/traceql';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { QueryDatabaseService } from '../query-database.service.js';
import { expressionsOf, sizeOf } from './expressions.js';
import type { TraceqlSearch, TraceqlSearchResult, TraceqlTraceFilter } from './results.js';
import { findMatchingSpans, searchTraces } from './search.js';

/** Answers queries in TraceQL from the store. */
@Injectable()
export class TraceqlService {
  constructor(private readonly database: QueryDatabaseService) {}

  /** Answer a search. @throws TracestoreError */
  async search(search: TraceqlSearch, signal?: AbortSignal): Promise<TraceqlSearchResult> {
    return searchTraces(this.database, readSearch(search.query), search, signal);
  }

  /** The ids of the spans of one trace that a search finds. @throws TracestoreError */
  async matchingSpans({ query, traceId }: TraceqlTraceFilter, signal?: AbortSignal): Promise<readonly string[]> {
    return findMatchingSpans(this.database, readSearch(query), traceId, signal);
  }
}

/** A statement with more comparisons than these takes PostgreSQL long to plan. */
const maxNodes = 1_000;

/** Read a query, and compute its constants. @throws TracestoreError `invalid` */
export function readQuery(text: string): Query {
  try {
    return simplifyQuery(parseQuery(text));
  } catch (error) {
    if (error instanceof TraceqlError) throw new TracestoreError(errorKinds.invalid, error.message, { cause: error });
    throw error;
  }
}

function readSearch(text: string): Query & { readonly body: Pipeline } {
  const query = readQuery(text);
  if (query.body.node !== 'pipeline')
    throw new TracestoreError(errorKinds.invalid, 'the query is one of metrics, not a search');
  requireSize(query.body);
  return { ...query, body: query.body };
}

/** @throws TracestoreError `invalid` for a pipeline that is too large */
export function requireSize(pipeline: Pipeline): void {
  const nodes = expressionsOf(pipeline).reduce((sum, expression) => sum + sizeOf(expression), 0);
  if (nodes > maxNodes || pipeline.stages.length > maxStages)
    throw new TracestoreError(
      errorKinds.invalid,
      `a query must have at most ${maxNodes} fields, constants and operators, got ${nodes}`,
    );
}

const maxStages = 100;
