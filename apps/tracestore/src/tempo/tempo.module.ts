import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { QueryModule } from '../query/query.module.js';
import { CallAccess } from '../protocols/call-access.js';
import { ExplainController, TempoExplainController } from './http/explain.controller.js';
import { McpController } from './http/mcp.controller.js';
import { TempoController } from './http/tempo.controller.js';
import { TempoTracesController } from './http/traces.controller.js';
import { TempoPortService } from './tempo-port.service.js';
import { TempoService } from './tempo.service.js';

/** Grafana Tempo's API over HTTP and gRPC, on one port, and over MCP. */
@Module({
  imports: [AccessModule, DatabaseModule, MetricsModule, QueryModule],
  controllers: [McpController, ExplainController, TempoExplainController, TempoTracesController, TempoController],
  providers: [CallAccess, TempoPortService, TempoService],
})
export class TempoModule {}
