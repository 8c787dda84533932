import type { TracesFilter } from '../dashboards/traces-address.ts';
import type { CallNode } from './call-graph.ts';

/** The search that finds the traces with calls of a node; undefined for a group. */
export function filterOfNode(node: CallNode): TracesFilter | undefined {
  if (node.members !== undefined) return undefined;
  const { service, title } = node;
  return service === title ? { service } : { service, operation: title };
}

/** The search that finds exactly the traces with calls from one node to another; undefined if one of them is a group. */
export function filterOfEdge(source: CallNode | undefined, target: CallNode | undefined): TracesFilter | undefined {
  const caller = source === undefined ? undefined : filterOfNode(source);
  const called = target === undefined ? undefined : filterOfNode(target);
  if (caller === undefined || called === undefined) return undefined;
  return { ...called, caller: caller.service, callerOperation: caller.operation };
}
