import type { FuzzFigures } from './fuzz-run.ts';

/** What a run has to keep to besides the promises that hold always. */
export interface FuzzBounds {
  readonly maxRssMb: number;
  /** Undefined where other work on the machine may slow tracestore down. */
  readonly maxWitnessMs: number | undefined;
}

/** With so many requests of a protocol, some have to be answered with success. */
const provingRequests = 100;

/** What was promised and not kept, in words; nothing if all is well. */
export function broken(figures: FuzzFigures, { maxRssMb, maxWitnessMs }: FuzzBounds): readonly string[] {
  const { witness } = figures;
  const promises: readonly (readonly [boolean, string])[] = [
    [figures.acknowledged > 0, 'no request was acknowledged, so nothing is proven'],
    ...Object.entries(figures.protocols).map(
      ([name, { requests, acknowledged }]) =>
        [requests < provingRequests || acknowledged > 0, `${name}: no request was answered with success`] as const,
    ),
    [figures.lost === 0, `${figures.lost} acknowledged spans are not stored`],
    [figures.wrong === 0, `${figures.wrong} spans are stored otherwise than they were sent`],
    [figures.unexpectedEnds === 0, `tracestore ended ${figures.unexpectedEnds} times`],
    [
      witness.notReadable === 0,
      `${witness.notReadable} requests of the healthy client were acknowledged and not readable`,
    ],
    [figures.peakRssMb <= maxRssMb, `tracestore held ${figures.peakRssMb} MB, more than ${maxRssMb}`],
    [
      maxWitnessMs === undefined || witness.slowestMs <= maxWitnessMs,
      `the healthy client waited ${witness.slowestMs} ms for an answer, more than ${maxWitnessMs}`,
    ],
    ...figures.findings.map(({ kind, count }) => [false, `${kind} (${count} times)`] as const),
  ];
  return promises.filter(([isKept]) => !isKept).map(([, fault]) => fault);
}
