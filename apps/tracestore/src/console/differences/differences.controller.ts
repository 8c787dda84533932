import { Controller, Get, Query } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type DifferencesQuery,
  differencesQuery,
  type DifferencesResponse,
  differencesResponse,
  groupFieldNames,
  type GroupsQuery,
  groupsQuery,
  type GroupsResponse,
  groupsResponse,
  nanoOf,
} from '@spandrel/console-api';
import { ClientSignal } from '@spandrel/service';
import { type Difference, findDifferences } from '../../query/differences/find-differences.js';
import { groupSpans } from '../../query/differences/group-spans.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { filterOf, traceConditionsOf } from '../search/search-filter.js';

/** Compares the attributes of traces, and groups spans by a value. */
@ApiTags('traces')
@Controller('api/traces')
export class DifferencesController {
  constructor(private readonly database: QueryDatabaseService) {}

  /** The attributes that are more or less frequent in selected traces than in the other traces of a search. */
  @Get('differences')
  @ApiResponse({ status: 200, description: 'the strongest first', standardSchema: differencesResponse })
  async differences(
    @Query({ schema: differencesQuery }) query: DifferencesQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<DifferencesResponse> {
    const { inside, outside, slowestFromNs, differences } = await findDifferences(
      this.database,
      traceConditionsOf(query),
      {
        filter: filterOf({
          service: query.selectService,
          operation: query.selectOperation,
          status: query.selectStatus,
          attribute: query.selectAttribute,
        }),
        isSlowest: query.selectSlowest === 'true',
        durationMinNs: nanoOf(query.selectMinDurationNs),
        durationMaxNs: nanoOf(query.selectMaxDurationNs),
        startTimeMinUnixNano: nanoOf(query.selectFrom),
        startTimeMaxUnixNano: nanoOf(query.selectTo),
      },
      signal,
    );
    return { inside, outside, slowestFromNs: slowestFromNs ?? null, differences: differences.map(differenceOf) };
  }

  /** The matching spans of a search, counted by a field or an attribute. */
  @Get('groups')
  @ApiResponse({ status: 200, description: 'the most calls first', standardSchema: groupsResponse })
  async groups(
    @Query({ schema: groupsQuery }) query: GroupsQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<GroupsResponse> {
    const field = query.byAttribute === 'true' ? undefined : groupFieldNames.find((name) => name === query.by);
    const { groups, rest, sampledShare } = await groupSpans(
      this.database,
      traceConditionsOf(query),
      field === undefined ? { attribute: query.by } : { field },
      signal,
    );
    return {
      groups: groups.map(({ value, ...counts }) => ({ value: value ?? null, ...counts })),
      rest: rest ?? null,
      sampledShare,
    };
  }
}

function differenceOf({ value, range, ...rest }: Difference): DifferencesResponse['differences'][number] {
  return {
    ...rest,
    value: value ?? null,
    range: range === undefined ? null : { min: boundOf(range.min), max: boundOf(range.max) },
  };
}

/** JSON has no infinite number. */
function boundOf(bound: number): number | null {
  return Number.isFinite(bound) ? bound : null;
}
