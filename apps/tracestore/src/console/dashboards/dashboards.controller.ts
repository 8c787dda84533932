import { readFileSync } from 'node:fs';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type Dashboard,
  type DashboardQuery,
  dashboardsResponse,
  type QueryResponse,
  queryResponse,
  type QueryParameters,
  queryParameters,
  type QueryValues,
  queryValues,
} from '@spandrel/console-api';
import { ClientSignal } from '@spandrel/service';
import { storableText } from '../../storage/attribute-json.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';

/** As `npm run generate` has made them of dashboards/. */
const dashboards: readonly Dashboard[] = dashboardsResponse.shape.dashboards.parse(
  JSON.parse(readFileSync(new URL('../dashboards.json', import.meta.url), 'utf8')),
);

/** The dashboards, and what their panels show. */
@ApiTags('dashboards')
@Controller('api/dashboards')
export class DashboardsController {
  constructor(private readonly database: QueryDatabaseService) {}

  /** Returns all dashboards with their panels and the SQL of each panel. */
  @Get()
  @ApiResponse({
    status: 200,
    description: 'in the order in which they are listed',
    standardSchema: dashboardsResponse,
  })
  list(): { readonly dashboards: readonly Dashboard[] } {
    return { dashboards };
  }

  /** Returns the rows of a query of a panel or of a variable. Its parameters are in the query string. */
  @Get(':uid/queries/:query')
  @ApiResponse({ status: 200, description: 'the rows', standardSchema: queryResponse })
  @ApiResponse({ status: 404, description: 'There is no such dashboard, or no such query in it' })
  async ask(
    @Param({ schema: queryParameters }) { uid, query: name }: QueryParameters,
    @Query({ schema: queryValues }) values: QueryValues,
    @ClientSignal() signal: AbortSignal,
  ): Promise<QueryResponse> {
    const { sql, parameters } = queryOf(uid, name);
    const unknown = Object.keys(values).find((key) => parameters.every((parameter) => parameter.name !== key));
    if (unknown !== undefined)
      throw new TracestoreError(errorKinds.wrongParameter, `${name} has no parameter ${unknown}`);
    const rows = await this.database.query<Record<string, unknown>>(
      {
        text: sql,
        values: parameters.map(({ name: key, default: value }) => parameterValue(key, values[key] ?? value)),
      },
      signal,
    );
    const columns = Object.keys(rows[0] ?? {});
    return { columns, rows: rows.map((row) => columns.map((column) => row[column])) };
  }
}

/** A time in words; `ps_trace.time_of` reads these, too. */
const timeInWords = /^now(?:[+-]\d{1,6}[smhdw])?$/;

/** A time in ISO 8601, as browsers write it. */
const isoTime = /^[1-9]\d{3}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** A step in words, or a number of units, as `ps_trace.step_of` reads it. */
const step = /^(?:auto|sparse|\d{1,9} ?(?:s|seconds?|m|min|minutes?|h|hours?|d|days?))$/;

/**
 * The value of a parameter as the database takes it.
 *
 * @throws TracestoreError `invalid` when it is no time or no step, and the parameter is one
 */
function parameterValue(name: string, text: string): string {
  const requireThat = (isRight: boolean, right: string): void => {
    if (isRight) return;
    throw new TracestoreError(
      errorKinds.invalid,
      `${name} must be ${right}, got ${JSON.stringify(text.slice(0, 100))}`,
    );
  };
  if (name === 'from' || name === 'to') {
    const isTime = timeInWords.test(text) || (isoTime.test(text) && !Number.isNaN(Date.parse(text)));
    requireThat(isTime, 'a time such as now, now-15m or 2026-01-31T12:00:00Z');
  }
  if (name === 'interval') requireThat(step.test(text), 'auto, sparse or a step such as 5m');
  return storableText(text);
}

function queryOf(uid: string, name: string): DashboardQuery {
  const dashboard = dashboards.find((each) => each.uid === uid);
  const queries = [
    ...(dashboard?.panels.flatMap((panel) => panel.queries) ?? []),
    ...(dashboard?.variables.map((variable) => variable.query) ?? []),
  ];
  const found = queries.find((query) => query.name === name);
  if (found === undefined) throw new TracestoreError(errorKinds.unknownQuery, `Dashboard ${uid} has no query ${name}`);
  return found;
}
