import { isIP } from 'node:net';
import { variable } from '@spandrel/service';
import { z } from 'zod';
import { hostPattern, HostList } from '../access/host-list.js';
import { originPattern, OriginList } from '../access/origin-list.js';

/** Which requests the HTTP ports accept, before any sign-in. */
export interface AccessConfig {
  readonly hosts: HostList;
  /** Origins whose pages may send spans. */
  readonly otlpOrigins: OriginList;
  /** Origins whose pages may read: through the API of the console and Jaeger's. */
  readonly apiOrigins: OriginList;
  /** Addresses and networks of proxies whose `X-Forwarded-For` names the client. */
  readonly trustedProxies: readonly string[];
}

/** Of each list. */
const maxEntries = 100;

/**
 * Makes a variable whose value is a comma-separated list, empty by default.
 *
 * @param isEntry whether an entry is valid
 * @param entries what the entries are: a noun phrase with examples
 */
function list(isEntry: (entry: string) => boolean, entries: string) {
  const value = `a comma-separated list of at most ${maxEntries} ${entries}`;
  const message = `must be ${value}`;
  const schema = z
    .string()
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .refine((all) => all.length <= maxEntries && all.every(isEntry), message)
    .default([]);
  return variable.with(schema, { value });
}

const origins = list(
  (entry) => originPattern.test(entry),
  'origins such as https://shop.example, https://*.shop.example, http://localhost:* or *',
);

/** The variables about access to the HTTP ports. */
export const accessVariables = {
  TRACESTORE_ALLOWED_HOSTS: list(
    (entry) => hostPattern.test(entry),
    'host names without ports, such as traces.example, *.svc.cluster.local or *',
  ).describe('Accepted values of `Host` besides `localhost` and IP addresses: [browsers](browsers.md).'),
  TRACESTORE_OTLP_ALLOWED_ORIGINS: origins.describe('Origins whose pages may send spans: [browsers](browsers.md).'),
  TRACESTORE_API_ALLOWED_ORIGINS: origins.describe('Origins whose pages may read traces: [browsers](browsers.md).'),
  TRACESTORE_TRUSTED_PROXIES: list(isNetwork, 'addresses and networks such as 10.0.0.0/8').describe(
    'Proxies whose `X-Forwarded-For` names the client. Limits for one client and sign-in attempts count by that name.',
  ),
};

type AccessValues = z.infer<z.ZodObject<typeof accessVariables>>;

export function accessConfigOf(values: AccessValues): AccessConfig {
  return {
    hosts: new HostList(values.TRACESTORE_ALLOWED_HOSTS),
    otlpOrigins: new OriginList(values.TRACESTORE_OTLP_ALLOWED_ORIGINS),
    apiOrigins: new OriginList(values.TRACESTORE_API_ALLOWED_ORIGINS),
    trustedProxies: values.TRACESTORE_TRUSTED_PROXIES,
  };
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
