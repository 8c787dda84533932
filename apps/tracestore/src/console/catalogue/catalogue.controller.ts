import { Controller, Get, Query } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  type AttributeKeysResponse,
  attributeKeysResponse,
  type AttributeKeysQuery,
  attributeKeysQuery,
  type AttributeValuesResponse,
  attributeValuesResponse,
  type AttributeValuesQuery,
  attributeValuesQuery,
  nanoOf,
  type OperationsResponse,
  operationsResponse,
  type OperationsQuery,
  operationsQuery,
  type ServicesResponse,
  servicesResponse,
} from '@spandrel/console-api';
import { ClientSignal } from '@spandrel/service';
import { findOperations } from '../../query/operations/find-operations.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { findServices } from '../../query/services/find-services.js';
import { sampleSpans } from './sample-spans.js';

/** The services, operations and attributes that a search can name. */
@ApiTags('catalogue')
@Controller('api')
export class CatalogueController {
  constructor(private readonly database: QueryDatabaseService) {}

  /** The names of all services that have spans. */
  @Get('services')
  @ApiResponse({ status: 200, description: 'by name', standardSchema: servicesResponse })
  async services(@ClientSignal() signal: AbortSignal): Promise<ServicesResponse> {
    return { services: [...(await findServices(this.database, signal))] };
  }

  /** Returns the operations of a service, or of all services. */
  @Get('operations')
  @ApiResponse({ status: 200, description: 'by service, name and kind', standardSchema: operationsResponse })
  async operations(
    @Query({ schema: operationsQuery }) { service, kind }: OperationsQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<OperationsResponse> {
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
  @ApiResponse({ status: 200, description: 'at most 500', standardSchema: attributeKeysResponse })
  async attributeKeys(
    @Query({ schema: attributeKeysQuery }) query: AttributeKeysQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<AttributeKeysResponse> {
    const rows = await this.sample({ ...query, key: undefined }, signal);
    return { keys: rows.map(({ text, level, spans }) => ({ key: text, level: level ?? 'span', spans })) };
  }

  /** Values of an attribute, for completion: those of a sample of recent spans. */
  @Get('attribute-values')
  @ApiResponse({ status: 200, description: 'at most 500', standardSchema: attributeValuesResponse })
  async attributeValues(
    @Query({ schema: attributeValuesQuery }) query: AttributeValuesQuery,
    @ClientSignal() signal: AbortSignal,
  ): Promise<AttributeValuesResponse> {
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
