import { useMemo } from 'react';
import { formatDuration } from '../format/duration.ts';
import { formatNumber } from '../format/number.ts';
import { jsonOf } from './result-value.ts';

/** A node of a plan, as EXPLAIN (FORMAT JSON) returns it. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Alias?: string;
  readonly 'Index Name'?: string;
  readonly 'Join Type'?: string;
  readonly 'Function Name'?: string;
  readonly 'CTE Name'?: string;
  readonly 'Subplan Name'?: string;
  readonly 'Total Cost'?: number;
  readonly 'Plan Rows'?: number;
  readonly 'Actual Total Time'?: number;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Workers Launched'?: number;
  readonly 'Single Copy'?: boolean;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly PlanNode[];
  readonly [detail: string]: unknown;
}

interface Plan {
  readonly Plan: PlanNode;
  readonly 'Planning Time'?: number;
  readonly 'Execution Time'?: number;
}

/** Details that are shown on lines of their own. */
const conditions = [
  'Index Cond',
  'Recheck Cond',
  'Filter',
  'Hash Cond',
  'Merge Cond',
  'Join Filter',
  'Sort Key',
  'Group Key',
];

/** An estimated or executed plan as a tree. Each node shows its share of the total cost or time. */
export function PlanTree({ plan }: { readonly plan: unknown }) {
  const [root] = plan as readonly Plan[];
  const text = useMemo(() => jsonOf(plan, 2), [plan]);
  if (root === undefined) return null;
  const top = root.Plan;
  const wasRun = top['Actual Total Time'] !== undefined;
  return (
    <div className="plan">
      <p className="quiet">
        {wasRun
          ? `Planned in ${milliseconds(root['Planning Time'])}, executed in ${milliseconds(root['Execution Time'])}.`
          : 'Estimated; the statement was not run. Costs are planner units, only comparable with each other.'}
      </p>
      <ul>
        <Step
          node={top}
          total={wasRun ? elapsedMsOf(top, 1) : (top['Total Cost'] ?? 0)}
          wasRun={wasRun}
          processes={1}
        />
      </ul>
      <details>
        <summary>Plan as JSON</summary>
        <pre tabIndex={0}>{text}</pre>
      </details>
    </div>
  );
}

function Step(props: {
  readonly node: PlanNode;
  readonly total: number;
  readonly wasRun: boolean;
  /** How many processes run this step at the same time. */
  readonly processes: number;
}) {
  const { node, total, wasRun, processes } = props;
  const children = node.Plans ?? [];
  const below = processesBelow(node, processes);
  const amount = (each: PlanNode, by: number): number => (wasRun ? elapsedMsOf(each, by) : (each['Total Cost'] ?? 0));
  const own = Math.max(0, amount(node, processes) - children.reduce((sum, child) => sum + amount(child, below), 0));
  const share = total > 0 ? Math.min(1, own / total) : 0;
  const of =
    node['Relation Name'] ?? node['Function Name'] ?? node['CTE Name'] ?? (node['Subplan Name'] as string | undefined);
  const index = node['Index Name'];
  return (
    <li>
      <div className="plan-step">
        <meter min={0} max={1} value={share} aria-label="Share of the total" title={`${Math.round(share * 100)} %`} />
        <span>
          <strong>
            {node['Join Type'] === undefined || node['Join Type'] === 'Inner' ? '' : `${node['Join Type']} `}
            {node['Node Type']}
          </strong>
          {of !== undefined && <bdi> {of}</bdi>}
          {index !== undefined && (
            <>
              {' '}
              using <bdi>{index}</bdi>
            </>
          )}
        </span>
        <span className="quiet">{wasRun ? actualOf(node, processes) : estimateOf(node)}</span>
      </div>
      {conditions.map((name) => {
        const condition = node[name];
        if (condition === undefined) return null;
        return (
          <div key={name} className="plan-condition quiet">
            {name}: <bdi>{Array.isArray(condition) ? condition.join(', ') : String(condition)}</bdi>
          </div>
        );
      })}
      {children.length > 0 && (
        <ul>
          {children.map((child, n) => (
            <Step key={n} node={child} total={total} wasRun={wasRun} processes={below} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** How many processes run the children of a node: below Gather, its workers and the leader. */
function processesBelow(node: PlanNode, processes: number): number {
  const workers = node['Workers Launched'];
  return workers === undefined ? processes : workers + (node['Single Copy'] === true ? 0 : 1);
}

/**
 * The time of a step, in ms. PostgreSQL reports the average time of a loop, and the loops of all processes, which run at the
 * same time. So a step with parallel workers is as long as the loops of one process.
 *
 * @param processes how many run the step at the same time
 */
export function elapsedMsOf(node: Pick<PlanNode, 'Actual Total Time' | 'Actual Loops'>, processes: number): number {
  return ((node['Actual Total Time'] ?? 0) * (node['Actual Loops'] ?? 1)) / Math.max(1, processes);
}

function actualOf(node: PlanNode, processes: number): string {
  const loops = node['Actual Loops'] ?? 1;
  const rows = (node['Actual Rows'] ?? 0) * loops;
  const removed = (node['Rows Removed by Filter'] ?? 0) * loops;
  const read = node['Shared Read Blocks'] ?? 0;
  return [
    `${milliseconds(elapsedMsOf(node, processes))}${processes > 1 ? ` in ${processes} processes` : ''}`,
    `${rounded(rows)} rows (${rounded(node['Plan Rows'] ?? 0)} estimated)`,
    loops > processes ? `${rounded(loops)} loops` : '',
    removed > 0 ? `${rounded(removed)} filtered out` : '',
    read > 0 ? `${rounded(read)} blocks read` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function estimateOf(node: PlanNode): string {
  return `cost ${rounded(node['Total Cost'] ?? 0)}, ${rounded(node['Plan Rows'] ?? 0)} rows`;
}

function milliseconds(ms: number | undefined): string {
  return formatDuration((ms ?? 0) * 1e6);
}

function rounded(count: number): string {
  return formatNumber(Math.round(count));
}
