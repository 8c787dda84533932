import { z } from 'zod';
import { listenAddress } from './listen-address.js';
import { noteSecret } from './secrets.js';

/** Thrown at the start: its message lists every invalid variable with its value, unless that is secret. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/** What documentation and error messages say about a variable besides its description. */
export interface VariableFacts {
  /** What a value must be, as a noun phrase with unit and range: `a TCP port from 1 to 65535`. */
  readonly value: string;
  /** No message and no log shows the value. */
  readonly isSecret?: boolean;
  /** The default as a user would write it, if it is not the parsed value as text. */
  readonly defaultText?: string;
}

/** A schema derived from a registered one (`.describe()`, `.regex()`) has the same facts. */
const facts = z.registry<VariableFacts>();

/** A check that depends on several variables. */
export interface EnvironmentRule<Values> {
  /** The rule applies only if all of these are valid. */
  readonly variables: readonly (keyof Values & string)[];
  /** @returns the variable at fault and what it must be, beginning with `must`; undefined if nothing is wrong */
  readonly check: (values: Values) => { readonly variable: string; readonly message: string } | undefined;
}

/** What `parseEnvironment` may be given. */
export interface EnvironmentOptions<Values> {
  /** `process.env` by default. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly rules?: readonly EnvironmentRule<Values>[];
}

/**
 * Parses environment variables into one typed object. Nothing else in apps and libs reads `process.env`.
 *
 * @param shape one zod schema for each variable, made by `variable`; a variable with the value '' counts as absent
 * @throws EnvironmentError that lists all invalid variables and violated rules
 */
export function parseEnvironment<Shape extends z.ZodRawShape>(
  shape: Shape,
  { environment = process.env, rules = [] }: EnvironmentOptions<z.infer<z.ZodObject<Shape>>> = {},
): z.infer<z.ZodObject<Shape>> {
  const parsed: Record<string, unknown> = {};
  const errors: string[] = [];
  for (const [name, schema] of Object.entries(shape)) {
    const text = environment[name] === '' ? undefined : environment[name];
    const isSecret = factsOf(schema)?.isSecret === true;
    if (text !== undefined && isSecret) noteSecret(text);
    const result = z.safeParse(schema, text);
    if (result.success) {
      parsed[name] = result.data;
      continue;
    }
    const found =
      text === undefined
        ? 'but is not set'
        : isSecret || mayHavePassword(text)
          ? 'got a value that is not shown'
          : `got ${JSON.stringify(text)}`;
    for (const { message } of result.error.issues) errors.push(`${name} ${message}, ${found}`);
  }
  const values = parsed as z.infer<z.ZodObject<Shape>>;
  for (const { variables, check } of rules) {
    const problem = variables.every((name) => name in parsed) ? check(values) : undefined;
    if (problem !== undefined) errors.push(`${problem.variable} ${problem.message}`);
  }
  if (errors.length === 0) return values;
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
  throw new EnvironmentError(`The environment has ${count}:\n${errors.map((line) => `  ${line}`).join('\n')}`);
}

/** A variable as `docs/configuration.md` lists it. */
export interface DocumentedVariable {
  readonly name: string;
  readonly value: string;
  /** Undefined if the variable has no default. */
  readonly defaultText: string | undefined;
  readonly meaning: string;
}

/**
 * Lists the variables of a shape for documentation.
 *
 * @throws Error for a variable without a description, or one that `variable` did not make
 */
export function describeVariables(shape: z.ZodRawShape): readonly DocumentedVariable[] {
  return Object.entries(shape).map(([name, schema]) => {
    const own = factsOf(schema);
    const meaning = (schema as z.ZodType).description;
    if (own === undefined || meaning === undefined) throw new Error(`${name} has no description or no facts`);
    const fallback = schema instanceof z.ZodDefault ? String(schema.def.defaultValue) : '';
    return { name, value: own.value, defaultText: own.defaultText ?? (fallback || undefined), meaning };
  });
}

function factsOf(schema: z.core.$ZodType): VariableFacts | undefined {
  return facts.get(schema as z.ZodType);
}

/** Whether a value can contain a password, although it is not declared as a secret. */
function mayHavePassword(value: string): boolean {
  return value.includes('@') || /[?&;\s](?:pass|token|key|secret|sig|auth)/i.test(value) || /password/i.test(value);
}

const integerBetween = (minimum: number, maximum: number, value: string) => {
  const message = `must be ${value}`;
  return z
    .string()
    .regex(/^\d+$/, message)
    .transform(Number)
    .pipe(z.number().min(minimum, message).max(maximum, message));
};

const portValue = 'a TCP port from 1 to 65535';
const port = () => integerBetween(1, 65_535, portValue);

/**
 * The kinds of values that variables have. `.describe()` adds the meaning, in Markdown, for docs/configuration.md. An
 * error message of a schema begins with `must`.
 */
export const variable = {
  /** Registers what documentation says about a schema. */
  with: <Schema extends z.ZodType>(schema: Schema, own: VariableFacts): Schema => {
    facts.add(schema, own);
    return schema;
  },
  /** Declares a variable secret: no message and no log shows its value. */
  secret: <Schema extends z.ZodType>(schema: Schema, own?: VariableFacts): Schema => {
    const known = own ?? factsOf(schema);
    if (known === undefined) throw new Error('a secret variable needs facts');
    return variable.with(schema, { ...known, isSecret: true });
  },
  /** A URL that may contain a password, so it is secret. */
  databaseUrl: (fallback?: string) => variable.secret(variable.url(['postgres', 'postgresql'], fallback)),
  port: (fallback: number) => variable.with(port().default(fallback), { value: portValue }),
  /** Undefined if it is not set. */
  optionalPort: () => variable.with(port().optional(), { value: portValue }),
  host: (fallback: string) =>
    variable.with(
      z
        .string()
        .regex(/^[\w.:-]+$/, 'must be a host name or an IP address to listen on')
        .transform((host) => listenAddress(host))
        .default(fallback),
      { value: 'a host name or an IP address' },
    ),
  /** @param unit such as `ms` or `bytes`; none for a count */
  integer: (fallback: number, minimum: number, maximum: number, unit?: string) => {
    const value = `an integer from ${minimum} to ${maximum}${unit === undefined ? '' : ` (${unit})`}`;
    return variable.with(integerBetween(minimum, maximum, value).default(fallback), { value });
  },
  url: (protocols: readonly string[], fallback?: string) => {
    const value = `a URL that starts with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`;
    const schema = z
      .string(`must be ${value}`)
      .refine(
        (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol.slice(0, -1)),
        `must be ${value}`,
      );
    return variable.with(fallback === undefined ? schema : schema.default(fallback), { value });
  },
  oneOf: <const Value extends string>(values: readonly [Value, ...Value[]], fallback: NoInfer<Value>) => {
    const value = `one of ${values.join(', ')}`;
    return variable.with(z.enum(values, `must be ${value}`).default(fallback), { value });
  },
  /** Undefined if it is not set. */
  optionalOneOf: <const Value extends string>(values: readonly [Value, ...Value[]]) => {
    const value = `one of ${values.join(', ')}`;
    return variable.with(z.enum(values, `must be ${value}`).optional(), { value });
  },
  /**
   * @param fallback the default
   * @param defaultText how documentation names the default
   */
  path: (fallback: string, defaultText: string) =>
    variable.with(z.string().default(fallback), { value: 'a path of a file', defaultText }),
};
