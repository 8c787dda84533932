import type { ModuleMetadata } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import { clientOf } from '@spandrel/service';
import { minuteMs } from '../duration.js';
import { AccessService } from './access/access.service.js';
import { ConsoleGate } from './access/console-gate.js';
import { SessionController } from './access/session.controller.js';
import { SessionStore } from './access/session-store.js';
import { CatalogueController } from './catalogue/catalogue.controller.js';
import type { ConsoleConfig } from '../config/console.config.js';
import { DashboardsController } from './dashboards/dashboards.controller.js';
import { SearchController } from './search/search.controller.js';
import { SqlController } from './sql/sql.controller.js';
import { SqlDeskService } from './sql/sql-desk.service.js';
import { SystemController } from './system/system.controller.js';
import { TracesController } from './traces/traces.controller.js';
import { WebController } from './web/web.controller.js';
import { WebFilesService } from './web/web-files.service.js';

/** What the console and its API add to the module that has the store. */
export function consoleParts({ sqlPerMinute }: ConsoleConfig) {
  return {
    imports: [
      ThrottlerModule.forRoot({
        throttlers: [{ ttl: minuteMs, limit: sqlPerMinute }],
        getTracker: ({ ip }: Record<string, unknown>) => clientOf(String(ip)),
      }),
    ],
    controllers: [
      SessionController,
      CatalogueController,
      SearchController,
      TracesController,
      SqlController,
      DashboardsController,
      SystemController,
      WebController,
    ],
    providers: [AccessService, ConsoleGate, SessionStore, SqlDeskService, WebFilesService],
  } satisfies ModuleMetadata;
}
