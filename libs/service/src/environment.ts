import { z } from 'zod';
import { noteSecret } from './secrets.js';

/** Thrown at start-up: every bad variable, with its value unless that is secret, and what it should be, in one message. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

/**
 * Parses environment variables into one typed object. Nothing else reads `process.env`.
 *
 * @param shape one zod schema a variable; a variable that is set to '' counts as absent
 * @param environment what to read, `process.env` unless a test says otherwise
 * @throws EnvironmentError naming all bad variables at once
 */
export function parseEnvironment<Shape extends z.ZodRawShape>(
  shape: Shape,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): z.infer<z.ZodObject<Shape>> {
  const present = Object.fromEntries(
    Object.keys(shape).map((name) => [name, environment[name] === '' ? undefined : environment[name]]),
  );
  for (const [name, value] of Object.entries(present)) {
    if (value !== undefined && isSecret(shape[name])) noteSecret(value);
  }
  const result = z.object(shape).safeParse(present);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    const value = present[name];
    const mayShow = !isSecret(shape[name]) && !(value !== undefined && mayHavePassword(value));
    const found =
      value === undefined ? 'is not set' : mayShow ? `is ${JSON.stringify(value)}` : 'is a value not shown here';
    return `  ${name} ${found}: ${issue.message}`;
  });
  throw new EnvironmentError(`The environment has ${lines.length} bad value(s):\n${lines.join('\n')}`);
}

/** The schemas of variables whose values are secret. */
const secretSchemas = new WeakSet<object>();

function isSecret(schema: object | undefined): boolean {
  return schema !== undefined && secretSchemas.has(schema);
}

/** Whether a value that is no secret may be a URL with credentials all the same. */
function mayHavePassword(value: string): boolean {
  return value.includes('@') || /[?&;\s](?:pass|token|key|secret|sig|auth)/i.test(value) || /password/i.test(value);
}

const integerBetween = (minimum: number, maximum: number, what: string) => {
  const message = `should be ${what} from ${minimum} to ${maximum}`;
  return z
    .string()
    .regex(/^\d+$/, message)
    .transform(Number)
    .pipe(z.number().min(minimum, message).max(maximum, message));
};

/** The kinds of values that variables have. Each says in its error what it should be. */
export const variable = {
  /**
   * Declares a variable secret: its value is in no message and no log. To be applied last, as a schema that is derived
   * from this one is another.
   */
  secret: <Schema extends z.ZodType>(schema: Schema): Schema => {
    secretSchemas.add(schema);
    return schema;
  },
  /** A URL. It is secret because it can contain a password. */
  databaseUrl: (fallback?: string) => variable.secret(variable.url(['postgres', 'postgresql'], fallback)),
  port: (fallback: number) => integerBetween(1, 65_535, 'a TCP port').default(fallback),
  /** Undefined where it is not set: nothing listens there. */
  optionalPort: () => integerBetween(1, 65_535, 'a TCP port').optional(),
  host: (fallback: string) =>
    z
      .string()
      .regex(/^[\w.:-]+$/, 'should be a host name or an IP address to listen on')
      .default(fallback),
  integer: (fallback: number, minimum: number, maximum: number) =>
    integerBetween(minimum, maximum, 'a whole number').default(fallback),
  url: (protocols: readonly string[], fallback?: string) => {
    const schema = z
      .string('should be set')
      .refine(
        (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol.slice(0, -1)),
        `should be a URL that starts with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
      );
    return fallback === undefined ? schema : schema.default(fallback);
  },
  oneOf: <const Value extends string>(values: readonly [Value, ...Value[]], fallback: NoInfer<Value>) =>
    z.enum(values, `should be one of ${values.join(', ')}`).default(fallback),
  path: () => z.string().optional(),
};
