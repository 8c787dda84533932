import { z } from 'zod';

const query = z.object({
  name: z.string(),
  sql: z.string().describe('with $1, $2, … for the parameters, each a text'),
  parameters: z.array(z.object({ name: z.string(), default: z.string() })),
});

const panel = z.object({
  id: z.int(),
  kind: z.enum(['timeseries', 'heatmap', 'histogram', 'pie', 'table', 'stat', 'nodeGraph', 'dashboards']),
  title: z.string(),
  description: z.string(),
  grid: z.object({ x: z.int(), y: z.int(), width: z.int(), height: z.int() }),
  unit: z.string().optional(),
  isStacked: z.boolean().optional(),
  isOfFailures: z.boolean().optional().describe('whether what it shows leads to traces that failed, and not to all'),
  columns: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      unit: z.string().optional(),
      link: z.enum(['trace', 'operation']).optional(),
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
  from: z.string().describe('how far back it looks when nobody says'),
  variables: z.array(z.object({ name: z.string(), title: z.string(), query })),
  panels: z.array(panel),
});
export type Dashboard = z.infer<typeof dashboard>;
export type DashboardQuery = z.infer<typeof query>;

export const dashboardsAnswer = z.object({ dashboards: z.array(dashboard) });
export type DashboardsAnswer = z.infer<typeof dashboardsAnswer>;

export const queryParameters = z.object({ uid: z.string().max(100), query: z.string().max(100) });
export type QueryParameters = z.infer<typeof queryParameters>;

/** Values of a query's parameters, by name; what is missing has its default. */
export const queryValues = z.record(z.string().max(100), z.string().max(10_000));
export type QueryValues = z.infer<typeof queryValues>;

export const queryAnswer = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.unknown())).describe('values in the order of the columns; times as texts of ISO 8601'),
});
export type QueryAnswer = z.infer<typeof queryAnswer>;
