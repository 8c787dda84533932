import { Controller, Get, Query } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  nanoOf,
  type ServiceErrorsResponse,
  serviceErrorsResponse,
  type ServiceHistoryResponse,
  serviceHistoryResponse,
  type ServiceNeighboursResponse,
  serviceNeighboursResponse,
  type ServiceOperationsResponse,
  serviceOperationsResponse,
  type ServiceQuery,
  serviceQuery,
  type ServiceVersionsResponse,
  serviceVersionsResponse,
} from '@spandrel/console-api';
import { ClientSignal } from '@spandrel/service';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { findServiceErrors } from '../../query/service-errors/find-service-errors.js';
import { firstUnixNano, lastUnixNano } from '../../query/unix-time.js';
import { readNeighbours, readOperations, readServiceHistory, readVersions, type ServiceRange } from './read-service.js';

/** One service: its operations, neighbours, errors and versions. */
@ApiTags('services')
@Controller('api/services')
export class ServicesController {
  constructor(private readonly database: QueryDatabaseService) {}

  /** Returns the operations of a service with calls, errors, percentiles and self time. */
  @Get('operations')
  @ApiResponse({ status: 200, description: 'by self time', standardSchema: serviceOperationsResponse })
  async operations(
    @Query({ schema: serviceQuery }) query: ServiceQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<ServiceOperationsResponse> {
    return readOperations(this.database, rangeOf(query), signal);
  }

  /** Returns the services that call a service and those that it calls. */
  @Get('neighbours')
  @ApiResponse({ status: 200, description: 'the most frequent first', standardSchema: serviceNeighboursResponse })
  async neighbours(
    @Query({ schema: serviceQuery }) query: ServiceQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<ServiceNeighboursResponse> {
    return readNeighbours(this.database, rangeOf(query), signal);
  }

  /** Returns calls, errors and durations of a service over time. */
  @Get('history')
  @ApiResponse({ status: 200, description: 'in order', standardSchema: serviceHistoryResponse })
  async history(
    @Query({ schema: serviceQuery }) query: ServiceQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<ServiceHistoryResponse> {
    return readServiceHistory(this.database, rangeOf(query), signal);
  }

  /** Returns the versions of a service that a sample of its spans has. */
  @Get('versions')
  @ApiResponse({ status: 200, description: 'in the order of first seen', standardSchema: serviceVersionsResponse })
  async versions(
    @Query({ schema: serviceQuery }) query: ServiceQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<ServiceVersionsResponse> {
    return readVersions(this.database, rangeOf(query), signal);
  }

  /** Returns the errors of a service by exception type and message, of its newest failed spans. */
  @Get('errors')
  @ApiResponse({ status: 200, description: 'the most frequent first', standardSchema: serviceErrorsResponse })
  async errors(
    @Query({ schema: serviceQuery }) query: ServiceQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<ServiceErrorsResponse> {
    const { serviceName, startTimeMinUnixNano, startTimeMaxUnixNano } = rangeOf(query);
    const { groups, ...totals } = await findServiceErrors(
      this.database,
      {
        serviceName,
        startTimeMinUnixNano: startTimeMinUnixNano ?? firstUnixNano,
        startTimeMaxUnixNano: startTimeMaxUnixNano ?? lastUnixNano,
      },
      signal,
    );
    return {
      groups: groups.map(({ example: { spanName, ...ids }, ...group }) => ({
        ...group,
        example: { ...ids, operation: spanName },
      })),
      ...totals,
    };
  }
}

function rangeOf({ service, from, to }: ServiceQuery): ServiceRange {
  return { serviceName: service, startTimeMinUnixNano: nanoOf(from), startTimeMaxUnixNano: nanoOf(to) };
}
