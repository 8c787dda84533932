import { readFile } from 'node:fs/promises';
import type { InMemoryFlagConfiguration } from '@openfeature/server-sdk';
import { z } from 'zod';
import { faultFlags } from './fault-flags.js';

/** The content of a file of flags. */
export interface FlagsFile {
  /** For OpenFeature. A fault without a definition is on, the default of its evaluation. */
  readonly definitions: InMemoryFlagConfiguration;
  /** Names of no known fault, such as misspellings or faults of another version. */
  readonly unknownNames: readonly string[];
}

const flagSchema = z
  .object({
    state: z.enum(['ENABLED', 'DISABLED']),
    variants: z.record(z.string(), z.boolean('must be true or false')),
    defaultVariant: z.string(),
    // Rejected instead of silently ignored: a fault is on or off for all requests.
    targeting: z.strictObject({}, 'is not supported').optional(),
  })
  .refine(({ variants, defaultVariant }) => Object.hasOwn(variants, defaultVariant), {
    path: ['defaultVariant'],
    message: 'must be one of the variants',
  });

const fileSchema = z.object({ flags: z.record(z.string(), flagSchema) });

const names: ReadonlySet<string> = new Set(faultFlags);

/**
 * Parses flag definitions in the format of flagd. As in flagd, a flag with the state DISABLED counts as
 * missing, so its fault is on.
 *
 * @param text the content of the file, or undefined when it is missing
 * @throws Error with one line that names the invalid members
 */
export function parseFlags(text: string | undefined): FlagsFile {
  if (text === undefined) return { definitions: {}, unknownNames: [] };
  const parsed = fileSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  }
  const flags = Object.entries(parsed.data.flags);
  return {
    definitions: Object.fromEntries(
      flags.map(([name, { state, variants, defaultVariant }]) => [
        name,
        { variants, defaultVariant, disabled: state === 'DISABLED' },
      ]),
    ),
    unknownNames: flags.map(([name]) => name).filter((name) => !names.has(name)),
  };
}

/** Reads a file, or returns undefined when it is missing. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
