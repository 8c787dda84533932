import { z } from 'zod';
import { columnLinks, panelKinds, units } from './dashboard-names.js';

const query = z.object({
  name: z.string(),
  sql: z.string().describe('with $1, $2, … for the parameters, each of type text'),
  parameters: z.array(z.object({ name: z.string(), default: z.string() })),
});

const panel = z.object({
  id: z.int(),
  kind: z.enum(panelKinds),
  title: z.string(),
  description: z.string(),
  grid: z.object({ x: z.int(), y: z.int(), width: z.int(), height: z.int() }),
  unit: z.enum(units).optional(),
  timeFrom: z.string().optional().describe('how much of the end of the range it shows, such as 5m'),
  isStacked: z.boolean().optional(),
  emptyText: z.string().optional().describe('what an empty result means'),
  linksToErrors: z.boolean().optional().describe('whether its links lead to failed traces only'),
  columns: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      unit: z.enum(units).optional(),
      link: z.enum(columnLinks).optional(),
    }),
  ),
  queries: z.array(query),
});
export type DashboardPanel = z.infer<typeof panel>;

const dashboard = z.object({
  uid: z.string(),
  slug: z.string(),
  title: z.string(),
  description: z.string(),
  from: z.string().describe('start of the default time range, such as now-15m'),
  variables: z.array(
    z.object({ name: z.string(), title: z.string(), query, emptyTitle: z.string().describe('what no value selects') }),
  ),
  panels: z.array(panel),
});
export type Dashboard = z.infer<typeof dashboard>;
export type DashboardQuery = z.infer<typeof query>;

export const dashboardsResponse = z.object({ dashboards: z.array(dashboard) });
export type DashboardsResponse = z.infer<typeof dashboardsResponse>;

export const queryParameters = z.object({ uid: z.string().max(100), query: z.string().max(100) });
export type QueryParameters = z.infer<typeof queryParameters>;

/** Values of a query's parameters, by name. A missing parameter has its default. */
export const queryValues = z.record(z.string().max(100), z.string().max(10_000));
export type QueryValues = z.infer<typeof queryValues>;

export const queryResponse = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.unknown())).describe('values in the order of the columns; times in ISO 8601'),
});
export type QueryResponse = z.infer<typeof queryResponse>;
