import { useMemo } from 'react';
import { formatDuration } from '../format/duration.ts';
import { jsonOf } from './result-value.ts';

/** A step of a plan, as EXPLAIN (FORMAT JSON) has it. */
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

/** What a step says in a line of its own. */
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

/** What PostgreSQL would do, or has done, as a tree; each step with its share of the whole. */
export function PlanTree({ plan }: { readonly plan: unknown }) {
  const [whole] = plan as readonly Plan[];
  const text = useMemo(() => jsonOf(plan, 2), [plan]);
  if (whole === undefined) return null;
  const top = whole.Plan;
  const wasRun = top['Actual Total Time'] !== undefined;
  return (
    <div className="plan">
      <p className="quiet">
        {wasRun
          ? `Planned in ${milliseconds(whole['Planning Time'])}, run in ${milliseconds(whole['Execution Time'])}.`
          : 'Estimated: the statement was not run. Costs have no unit, and serve to be compared.'}
      </p>
      <ul>
        <Step node={top} wholeOf={wasRun ? timeOf(top) : (top['Total Cost'] ?? 0)} wasRun={wasRun} />
      </ul>
      <details>
        <summary>As PostgreSQL says it</summary>
        <pre tabIndex={0}>{text}</pre>
      </details>
    </div>
  );
}

function Step(props: { readonly node: PlanNode; readonly wholeOf: number; readonly wasRun: boolean }) {
  const { node, wholeOf, wasRun } = props;
  const children = node.Plans ?? [];
  const amount = wasRun ? timeOf : (each: PlanNode): number => each['Total Cost'] ?? 0;
  const own = Math.max(0, amount(node) - children.reduce((sum, child) => sum + amount(child), 0));
  const share = wholeOf > 0 ? Math.min(1, own / wholeOf) : 0;
  const of =
    node['Relation Name'] ?? node['Function Name'] ?? node['CTE Name'] ?? (node['Subplan Name'] as string | undefined);
  const index = node['Index Name'];
  return (
    <li>
      <div className="plan-step">
        <meter min={0} max={1} value={share} aria-label="Share of the whole" title={`${Math.round(share * 100)} %`} />
        <span>
          <strong>
            {node['Join Type'] === undefined || node['Join Type'] === 'Inner' ? '' : `${node['Join Type']} `}
            {node['Node Type']}
          </strong>
          {of !== undefined && <bdi> {of}</bdi>}
          {index !== undefined && (
            <>
              {' '}
              by <bdi>{index}</bdi>
            </>
          )}
        </span>
        <span className="quiet">{wasRun ? wasOf(node) : estimateOf(node)}</span>
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
            <Step key={n} node={child} wholeOf={wholeOf} wasRun={wasRun} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** Of all loops together, in ms. */
function timeOf(node: PlanNode): number {
  return (node['Actual Total Time'] ?? 0) * (node['Actual Loops'] ?? 1);
}

function wasOf(node: PlanNode): string {
  const loops = node['Actual Loops'] ?? 1;
  const rows = (node['Actual Rows'] ?? 0) * loops;
  const removed = (node['Rows Removed by Filter'] ?? 0) * loops;
  const read = node['Shared Read Blocks'] ?? 0;
  return [
    milliseconds(timeOf(node)),
    `${counted(rows)} rows of ${counted(node['Plan Rows'] ?? 0)} expected`,
    loops > 1 ? `${counted(loops)} times` : '',
    removed > 0 ? `${counted(removed)} filtered out` : '',
    read > 0 ? `${counted(read)} pages read` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function estimateOf(node: PlanNode): string {
  return `cost ${counted(node['Total Cost'] ?? 0)}, about ${counted(node['Plan Rows'] ?? 0)} rows`;
}

function milliseconds(ms: number | undefined): string {
  return formatDuration((ms ?? 0) * 1e6);
}

function counted(count: number): string {
  return Math.round(count).toLocaleString();
}
