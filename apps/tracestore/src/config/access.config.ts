import { isIP } from 'node:net';
import { z } from 'zod';
import { hostPattern, HostList } from '../access/host-list.js';
import { originPattern, OriginList } from '../access/origin-list.js';

/** Who may talk to the HTTP ports, before any sign-in. */
export interface AccessConfig {
  readonly hosts: HostList;
  /** Whose pages may send spans. */
  readonly otlpOrigins: OriginList;
  /** Whose pages may read: the console's API and Jaeger's. */
  readonly apiOrigins: OriginList;
  /** Addresses and networks of proxies whose `X-Forwarded-For` names the client. */
  readonly trustedProxies: readonly string[];
}

/** Of each list. */
const maxEntries = 100;

/** A comma-separated list, empty by default. */
function list(pattern: RegExp, message: string) {
  return z
    .string()
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .pipe(z.array(z.string().regex(pattern, message)).max(maxEntries, `must have at most ${maxEntries} entries`))
    .default([]);
}

const origins = list(
  originPattern,
  'must be a comma-separated list of origins such as https://shop.example, https://*.shop.example, http://localhost:* or *',
);

/** The variables of who may talk to the HTTP ports. */
export const accessVariables = {
  TRACESTORE_ALLOWED_HOSTS: list(
    hostPattern,
    'must be a comma-separated list of host names without ports, such as traces.example, *.svc.cluster.local or *',
  ),
  TRACESTORE_OTLP_ALLOWED_ORIGINS: origins,
  TRACESTORE_API_ALLOWED_ORIGINS: origins,
  TRACESTORE_TRUSTED_PROXIES: z
    .string()
    .transform((text) => text.split(',').map((entry) => entry.trim()))
    .pipe(
      z.array(
        z.string().refine(isNetwork, 'must be a comma-separated list of addresses and networks such as 10.0.0.0/8'),
      ),
    )
    .default([]),
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
