import { Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import { AccessModule } from '../access/access.module.js';
import { TRACESTORE_CONFIG } from '../config/tracestore.config.js';
import { DatabaseModule } from '../database/database.module.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { QueryModule } from '../query/query.module.js';
import { AccessService } from './access/access.service.js';
import { ConsoleGate } from './access/console-gate.js';
import { SessionController } from './access/session.controller.js';
import { SessionStore } from './access/session-store.js';
import { CatalogueController } from './catalogue/catalogue.controller.js';
import { DashboardsController } from './dashboards/dashboards.controller.js';
import { ReceiversController } from './receivers/receivers.controller.js';
import { HeatmapController } from './search/heatmap.controller.js';
import { DifferencesController } from './differences/differences.controller.js';
import { SearchController } from './search/search.controller.js';
import { ServicesController } from './services/services.controller.js';
import { SqlController } from './sql/sql.controller.js';
import { SqlService } from './sql/sql.service.js';
import { sqlThrottling } from './sql/sql-throttling.js';
import { SystemController } from './system/system.controller.js';
import { EventsController } from './traces/events.controller.js';
import { LinksController } from './traces/links.controller.js';
import { TracesController } from './traces/traces.controller.js';
import { WebController } from './web/web.controller.js';
import { WebFilesService } from './web/web-files.service.js';

/** The console, its API, and the access checks of every route on the port that they share with Jaeger's HTTP APIs. */
@Module({
  imports: [
    AccessModule,
    DatabaseModule,
    MetricsModule,
    QueryModule,
    ThrottlerModule.forRootAsync({ inject: [TRACESTORE_CONFIG], useFactory: sqlThrottling }),
  ],
  controllers: [
    SessionController,
    CatalogueController,
    ReceiversController,
    HeatmapController,
    SearchController,
    ServicesController,
    DifferencesController,
    TracesController,
    EventsController,
    LinksController,
    SqlController,
    DashboardsController,
    SystemController,
    WebController,
  ],
  providers: [AccessService, ConsoleGate, SessionStore, SqlService, WebFilesService],
})
export class ConsoleModule {}
