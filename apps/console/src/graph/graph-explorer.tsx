import { useMemo, useState } from 'react';
import { formatNumber } from '../format/number.ts';
import type { TimeRangeState } from '../range/use-time-range.ts';
import type { CallEdge, CallGraph, CallNode } from './call-graph.ts';
import { drawableGraph } from './graph-filter.ts';
import { EdgeDetails, NodeDetails } from './graph-details.tsx';
import { GraphTables } from './graph-tables.tsx';
import { NodeGraph } from './node-graph.tsx';
import './graph-explorer.css';

/**
 * A service graph, or its tables, with the details of what is selected: an edge, or with `hasNodeDetails` a node.
 *
 * @param isTable whether to show the tables instead of the graph
 * @param selected ID of a node
 * @param onSelect called with the clicked node; undefined if it was already selected
 * @param onOpenGroup shows the services of a group, if the graph has groups
 */
export function GraphExplorer({
  title,
  graph,
  time,
  isTable,
  selected,
  onSelect,
  onOpenGroup,
  hasNodeDetails = false,
  zoomsWithWheel = false,
}: {
  readonly title: string;
  readonly graph: CallGraph;
  readonly time: TimeRangeState;
  readonly isTable: boolean;
  readonly selected: string | undefined;
  readonly onSelect: (node: CallNode | undefined) => void;
  readonly onOpenGroup?: (node: CallNode) => void;
  readonly hasNodeDetails?: boolean;
  readonly zoomsWithWheel?: boolean;
}) {
  const [edgeId, setEdgeId] = useState<string>();
  const drawn = useMemo(() => drawableGraph(graph, selected), [graph, selected]);
  const edge = graph.edges.find(({ id }) => id === edgeId);
  const node = hasNodeDetails ? graph.nodes.find(({ id }) => id === selected) : undefined;
  const selectEdge = (next: CallEdge | undefined): void => setEdgeId(next?.id);
  const select = (next: CallNode | undefined): void => {
    setEdgeId(undefined);
    onSelect(next);
  };
  return (
    <div className="graph-explorer">
      {isTable ? (
        <GraphTables title={title} graph={graph} range={time.range} onSelect={select} onSelectEdge={selectEdge} />
      ) : (
        <div className="graph-drawing">
          <NodeGraph
            title={title}
            graph={drawn}
            selected={selected}
            onSelect={select}
            selectedEdge={edge?.id}
            onSelectEdge={selectEdge}
            zoomsWithWheel={zoomsWithWheel}
          />
          {drawn !== graph && (
            <p className="graph-excess">
              Too large to draw: {formatNumber(drawn.nodes.length)} of {formatNumber(graph.nodes.length)} nodes and{' '}
              {formatNumber(drawn.edges.length)} of {formatNumber(graph.edges.length)} edges, those with the most calls.
              The table has all of them.
            </p>
          )}
        </div>
      )}
      {edge !== undefined && <EdgeDetails graph={graph} edge={edge} time={time} onSelectEdge={selectEdge} />}
      {edge === undefined && node !== undefined && (
        <NodeDetails
          graph={graph}
          node={node}
          time={time}
          onSelectEdge={selectEdge}
          onClose={() => select(undefined)}
          onOpenGroup={onOpenGroup}
        />
      )}
    </div>
  );
}
