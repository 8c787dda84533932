import { Controller, Get, Inject, Query, UseInterceptors } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type AttributeKeysAnswer,
  attributeKeysAnswer,
  type AttributeKeysQuery,
  attributeKeysQuery,
  type AttributeValuesAnswer,
  attributeValuesAnswer,
  type AttributeValuesQuery,
  attributeValuesQuery,
  nanoOf,
  type OperationsAnswer,
  operationsAnswer,
  type OperationsQuery,
  operationsQuery,
  type ServicesAnswer,
  servicesAnswer,
} from '@spandrel/console-api';
import { ClientSignal } from '@spandrel/service';
import { findOperations } from '../../query/operations/find-operations.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { findServices } from '../../query/services/find-services.js';
import { QueryProblemInterceptor } from '../query-problem.interceptor.js';
import { sampleSpans } from './sample-spans.js';

/** What there is to ask about. */
@ApiTags('catalogue')
@Controller('api')
@UseInterceptors(QueryProblemInterceptor)
export class CatalogueController {
  constructor(@Inject(QueryDatabaseService) private readonly database: QueryDatabaseService) {}

  /** The names of all services that have spans. */
  @Get('services')
  @ApiResponse({ status: 200, description: 'by name', standardSchema: servicesAnswer })
  async services(@ClientSignal() signal: AbortSignal): Promise<ServicesAnswer> {
    return { services: [...(await findServices(this.database, signal))] };
  }

  /** What a service does, or all do. */
  @Get('operations')
  @ApiResponse({ status: 200, description: 'by service, name and kind', standardSchema: operationsAnswer })
  async operations(
    @Query({ schema: operationsQuery }) { service, kind }: OperationsQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<OperationsAnswer> {
    const operations = await findOperations(this.database, { serviceName: service, spanKind: kind }, signal);
    return {
      operations: operations.map(({ serviceName, spanName, spanKind }) => ({
        service: serviceName,
        name: spanName,
        kind: spanKind,
      })),
    };
  }

  /** Keys of attributes, for completion: those of a sample of recent spans. */
  @Get('attribute-keys')
  @ApiResponse({ status: 200, description: 'at most 500', standardSchema: attributeKeysAnswer })
  async attributeKeys(
    @Query({ schema: attributeKeysQuery }) query: AttributeKeysQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<AttributeKeysAnswer> {
    const rows = await this.sample({ ...query, key: undefined }, signal);
    return { keys: rows.map(({ text, level, spans }) => ({ key: text, level: level ?? 'span', spans })) };
  }

  /** Values of an attribute, for completion: those of a sample of recent spans. */
  @Get('attribute-values')
  @ApiResponse({ status: 200, description: 'at most 500', standardSchema: attributeValuesAnswer })
  async attributeValues(
    @Query({ schema: attributeValuesQuery }) query: AttributeValuesQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<AttributeValuesAnswer> {
    const rows = await this.sample(query, signal);
    return { values: rows.map(({ text, spans }) => ({ value: text, spans })) };
  }

  private sample(
    { service, from, to, key }: AttributeKeysQuery & { readonly key: string | undefined },
    signal: AbortSignal,
  ) {
    return sampleSpans(
      this.database,
      { serviceName: service, startTimeMinUnixNano: nanoOf(from), startTimeMaxUnixNano: nanoOf(to), key },
      signal,
    );
  }
}
