export interface RunningStack {
  readonly pid: number;
  readonly startedAs: string;
}
export function runningStack(root: string): RunningStack | undefined;
export function lockStack(root: string): { release(): void };
