import type { Targets } from './request.ts';

/** A variable of the load, with its default and its meaning in docs/configuration.md. */
interface UrlVariable {
  readonly fallback: string;
  readonly meaning: string;
}

/** The variables of `npm run load`, by name. k6 reads the same two. */
export const loadVariables = {
  FRONTEND_URL: { fallback: 'http://127.0.0.1:3001', meaning: 'Address of frontend.' },
  GENERATOR_URL: { fallback: 'http://127.0.0.1:5050', meaning: 'Address of generator.' },
} as const satisfies Readonly<Record<string, UrlVariable>>;

export const urlValue = 'a URL that starts with http:// or https://';

/**
 * Reads the addresses that requests go to.
 *
 * @param environment such as `process.env`; a variable with the value '' counts as absent
 * @throws Error that lists all invalid variables
 */
export function readTargets(environment: Readonly<Record<string, string | undefined>>): Targets {
  const errors: string[] = [];
  const read = (name: keyof typeof loadVariables): string => {
    const text = environment[name] || loadVariables[name].fallback;
    if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
      errors.push(`${name} must be ${urlValue}, got ${JSON.stringify(text)}`);
    }
    return text.replace(/\/+$/, '');
  };
  const targets = { frontend: read('FRONTEND_URL'), generator: read('GENERATOR_URL') };
  if (errors.length > 0) throw new Error(errors.join('\n'));
  return targets;
}
