import type { Figures } from './main.ts';
export async function stackBench(say: (line: string) => void): Promise<Figures> {
  const { measureTracingCost } = await import('./tracing-cost.ts');
  const c = await measureTracingCost('/tmp/off.json', say);
  return { ...c };
}
