import type { CrashStats } from './crash-run.ts';

/** The violated guarantees as phrases, none when all hold. */
export function violations(stats: CrashStats): readonly string[] {
  const guarantees: readonly (readonly [boolean, string])[] = [
    [stats.acknowledged > 0, 'nothing was acknowledged, so nothing is proven'],
    [stats.lost === 0, `${stats.lost} acknowledged spans are not stored`],
    [stats.duplicates === 0, `${stats.duplicates} spans are stored more than once`],
    [stats.tornRequests === 0, `${stats.tornRequests} requests are stored in part`],
    [stats.incomplete === 0, `${stats.incomplete} spans have no dictionary entries`],
    [stats.unexpectedEnds === 0, `${stats.unexpectedEnds} processes exited unexpectedly`],
  ];
  return guarantees.filter(([kept]) => !kept).map(([, violation]) => violation);
}
