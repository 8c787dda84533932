import type { RunSql } from './fold-times.ts';

/** The tables that grow with time: the column by which they are partitioned, and what a reader names instead. */
const timedTables = {
  span: { column: 'start_time', time: 'start_time', functions: 'spans_between or spans_since' },
  event: { column: 'span_start_time', time: 'partition_time', functions: 'events_between or events_since' },
  link: { column: 'span_start_time', time: 'partition_time', functions: 'links_between or links_since' },
} as const;
type TimedTable = keyof typeof timedTables;

/** Relations and functions of ps_trace that can read one of these tables whole. */
const readers = /^(?:span|event|link|trace|(?:spans|events|links)_(?:between|since))$/;

/** Steps that need all rows of the steps below before they give the first. */
const blocking: ReadonlySet<string> = new Set(['Aggregate', 'Hash', 'Sort', 'WindowAgg']);

interface PlanNode {
  readonly 'Node Type'?: string;
  readonly 'Parent Relationship'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Recheck Cond'?: string;
  readonly Filter?: string;
  readonly Plans?: readonly PlanNode[];
}

/** The planner reads smaller partitions whole, whatever the condition is. */
const minPartitionBytes = 256 * 1024;

/** One line for each partition of some size: its table and its name. */
const readPartitions = `SELECT json_build_array(parent.relname, part.relname)::text
  FROM pg_catalog.pg_inherits i
  JOIN pg_catalog.pg_class parent ON parent.oid = i.inhparent
  JOIN pg_catalog.pg_class part ON part.oid = i.inhrelid
  WHERE parent.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'tracestore')
    AND parent.relname IN ('span', 'event', 'link') AND pg_catalog.pg_relation_size(part.oid) >= ${minPartitionBytes}`;

/**
 * Says that a statement will read everything that is stored, and why. It goes by the plan: the statement reads every partition
 * of some size, by no index, and no LIMIT ends that early.
 *
 * @param sources what the statement reads, as its syntax says; undefined if that is unknown
 * @param readPlan the output of EXPLAIN (FORMAT JSON), as text; it is called only if the sources can be large
 * @param run as of `foldTimes`
 * @returns a sentence for each table that is read whole
 */
export async function readHints(
  sources: readonly string[] | undefined,
  readPlan: () => Promise<string | undefined>,
  run: RunSql,
): Promise<readonly string[]> {
  if (sources?.every((name) => !readers.test(name)) === true) return [];
  const text = await readPlan();
  if (text === undefined) return [];
  const [plan] = JSON.parse(text) as readonly { readonly Plan?: PlanNode }[];
  if (plan?.Plan === undefined) return [];
  const partitions = Map.groupBy(
    ((await run(readPartitions)) ?? []).map((line) => JSON.parse(line ?? '[]') as readonly [TimedTable, string]),
    ([table]) => table,
  );
  return [...partitions].flatMap(([table, own]) =>
    hintOf(
      table,
      own.map(([, name]) => name),
      plan.Plan ?? {},
    ),
  );
}

function hintOf(table: TimedTable, partitions: readonly string[], plan: PlanNode): readonly string[] {
  const { column, time, functions } = timedTables[table];
  const names = new Set(partitions);
  const scans = wholeScansOf(plan, false).filter((node) => names.has(node['Relation Name'] ?? ''));
  const isWhole = new Set(scans.map((node) => node['Relation Name'])).size === names.size;
  if (!isWhole) return [];
  // All that is stored is in one partition: a condition can choose a part of it without skipping a partition.
  const compared = new RegExp(`\\b${column} [<>=]`);
  if (names.size === 1 && scans.every(({ Filter = '' }) => compared.test(Filter))) return [];
  return [
    `Reads every stored ${table}: no condition on ${time} skips a partition. Add one, or read ps_trace.${functions}.`,
  ];
}

/**
 * The scans of a plan that read their relation to its end, by no index. A subplan is not one: it runs for each row, and the
 * planner gives it an index where that is long.
 *
 * @param endsEarly whether a LIMIT above can end the step
 */
function wholeScansOf(node: PlanNode, endsEarly: boolean): readonly PlanNode[] {
  const type = node['Node Type'] ?? '';
  const below = (child: PlanNode): boolean => {
    if (child['Parent Relationship'] === 'InitPlan' || blocking.has(type)) return false;
    return endsEarly || type === 'Limit';
  };
  const children = (node.Plans ?? []).filter((child) => child['Parent Relationship'] !== 'SubPlan');
  const isWhole = !endsEarly && node['Index Cond'] === undefined && node['Recheck Cond'] === undefined;
  return [
    ...(isWhole && node['Relation Name'] !== undefined ? [node] : []),
    ...children.flatMap((child) => wholeScansOf(child, below(child))),
  ];
}
