import type { FuzzStats } from './fuzz-run.ts';

/** The limits of a run, in addition to the guarantees. */
export interface FuzzBounds {
  readonly maxRssMb: number;
  /** Undefined when other work on the machine may slow tracestore down. */
  readonly maxWitnessMs: number | undefined;
}

/** With this many requests of a protocol, some must succeed. */
const provingRequests = 100;

/** Returns the violated guarantees as phrases, none if all hold. */
export function violations(stats: FuzzStats, { maxRssMb, maxWitnessMs }: FuzzBounds): readonly string[] {
  const { witness } = stats;
  const guarantees: readonly (readonly [boolean, string])[] = [
    [stats.acknowledged > 0, 'no request was acknowledged, so nothing is proven'],
    ...Object.entries(stats.protocols).map(
      ([name, { requests, acknowledged }]) =>
        [requests < provingRequests || acknowledged > 0, `${name}: no request succeeded`] as const,
    ),
    [stats.lost === 0, `${stats.lost} acknowledged spans are not stored`],
    [stats.wrong === 0, `${stats.wrong} spans are stored with other content`],
    [stats.unexpectedEnds === 0, `tracestore exited ${stats.unexpectedEnds} times`],
    [
      witness.notReadable === 0,
      `${witness.notReadable} requests of the healthy client were acknowledged but not readable`,
    ],
    [stats.peakRssMb <= maxRssMb, `tracestore used ${stats.peakRssMb} MB, more than ${maxRssMb}`],
    [
      maxWitnessMs === undefined || witness.slowestMs <= maxWitnessMs,
      `the healthy client waited ${witness.slowestMs} ms for a response, more than ${maxWitnessMs}`,
    ],
    ...stats.findings.map(({ kind, count }) => [false, `${kind} (${count} times)`] as const),
  ];
  return guarantees.filter(([isKept]) => !isKept).map(([, violation]) => violation);
}
