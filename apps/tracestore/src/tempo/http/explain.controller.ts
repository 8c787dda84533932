import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiExcludeController, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  nanoOf,
  type TraceqlExplainQuery,
  traceqlExplainQuery,
  type TraceqlPlanResponse,
  traceqlPlanResponse,
} from '@spandrel/console-api';
import { TempoService } from '../tempo.service.js';

/** How the store evaluates TraceQL. */
@ApiTags('traceql')
@Controller('api/traceql')
export class ExplainController {
  constructor(private readonly tempo: TempoService) {}

  /** Returns the SQL that a TraceQL query stands for, and what evaluates each part of it. Nothing is run. */
  @Post('explain')
  @HttpCode(200)
  @ApiResponse({ status: 200, description: 'the statement and the plan', standardSchema: traceqlPlanResponse })
  @ApiResponse({ status: 400, description: 'The text is not TraceQL: `detail` says where' })
  explain(@Body({ schema: traceqlExplainQuery }) request: TraceqlExplainQuery): TraceqlPlanResponse {
    const { query, from, to, step, limit } = request;
    const { sql, parts } = this.tempo.explain({
      query,
      limit,
      startNs: nanoOf(from),
      endNs: nanoOf(to),
      stepNs: nanoOf(step),
    });
    return { sql, parts: [...parts] };
  }
}

/** The same for clients of the port of Tempo's API. */
@ApiExcludeController()
@Controller('tempo/api/traceql')
export class TempoExplainController extends ExplainController {}
