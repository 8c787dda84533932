import type { CrashFigures } from './crash-run.ts';

/** The violated guarantees as phrases, none when all hold. */
export function broken(figures: CrashFigures): readonly string[] {
  const promises: readonly (readonly [boolean, string])[] = [
    [figures.acknowledged > 0, 'nothing was acknowledged, so nothing is proven'],
    [figures.lost === 0, `${figures.lost} acknowledged spans are not stored`],
    [figures.duplicates === 0, `${figures.duplicates} spans are stored more than once`],
    [figures.tornRequests === 0, `${figures.tornRequests} requests are stored in part`],
    [figures.incomplete === 0, `${figures.incomplete} spans refer to what is not there`],
    [figures.unexpectedEnds === 0, `${figures.unexpectedEnds} processes ended by themselves`],
  ];
  return promises.filter(([kept]) => !kept).map(([, fault]) => fault);
}
