import type { Figures } from '../figures.ts';

export async function askPanels(_databaseUrl: string, _say: (line: string) => void): Promise<Figures> {
  return {};
}
