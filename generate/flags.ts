import type { Service } from '../libs/service/src/services.ts';

/** The content of `libs/characters/flags.json`: every injected fault, turned on, in the format of flagd. */
export function flagsFile(services: readonly Service[]): string {
  const flags = services
    .flatMap(({ faults }) => faults)
    .map((flag) => [flag, { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' }] as const);
  return JSON.stringify(
    { $schema: 'https://flagd.dev/schema/v0/flags.json', flags: Object.fromEntries(flags) },
    undefined,
    2,
  );
}
