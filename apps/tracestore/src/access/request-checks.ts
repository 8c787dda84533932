import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Authority, authoritiesOf } from './authority.js';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import type { HostList } from './host-list.js';
import { isOwnOrigin, type OriginList } from './origin-list.js';

/** How long a browser keeps the answer to a preflight: as long as Chromium keeps any. */
const preflightMaxAgeS = 7_200;

/** Length of the list of headers in a preflight, in characters. */
const maxRequestedHeadersLength = 1_024;
const headerNames = /^[\w!#$%&'*+.^`|~-]+(?:, ?[\w!#$%&'*+.^`|~-]+)*$/;

/** How a server takes part in CORS (WHATWG Fetch, "CORS protocol"). */
export interface CrossOriginPolicy {
  readonly origins: OriginList;
  /** What pages of allowed origins may call. */
  readonly methods: readonly string[];
  /**
   * Whether such a page may ask with its credentials, as `sendBeacon` always does. Only where nothing is answered that
   * depends on a cookie.
   */
  readonly credentials: boolean;
}

/**
 * The authority of a request, which is the first that it names.
 *
 * @param hosts what each authority must be one of; undefined where a name proves nothing, as there is a sign-in
 * @throws TracestoreError 400 when an authority is missing, malformed or ambiguous; 403 when its host is not allowed
 */
export function requireHost({ raw }: FastifyRequest, hosts: HostList | undefined): Authority {
  const authorities = authoritiesOf(raw);
  const [first] = authorities ?? [];
  if (authorities === undefined || first === undefined) {
    throw new TracestoreError(
      errorKinds.malformedHost,
      'The request must have one Host header with a host and an optional port',
    );
  }
  const foreign = hosts && authorities.find((authority) => !hosts.allows(authority));
  if (foreign !== undefined) {
    throw new TracestoreError(
      errorKinds.foreignHost,
      `Host must be an IP address, localhost or a name in TRACESTORE_ALLOWED_HOSTS, got ${JSON.stringify(foreign.host)}`,
    );
  }
  return first;
}

/**
 * Says to a page of an allowed origin that it may read the answer, whatever that will be, and answers a preflight.
 *
 * @returns whether the request was a preflight, which is answered now
 * @throws TracestoreError 403 for the preflight of another origin
 */
export function shareWithAllowedOrigins(
  { method, headers }: FastifyRequest,
  reply: FastifyReply,
  { origins, methods, credentials }: CrossOriginPolicy,
): boolean {
  const { origin } = headers;
  if (!origins.isEmpty) reply.header('vary', 'Origin');
  const requestedMethod = headers['access-control-request-method'];
  const isPreflight = method === 'OPTIONS' && origin !== undefined && requestedMethod !== undefined;
  if (origin === undefined || !origins.allows(origin)) {
    if (isPreflight) throw foreign(origin);
    return false;
  }
  reply.header('access-control-allow-origin', origin);
  if (credentials) reply.header('access-control-allow-credentials', 'true');
  if (!isPreflight) {
    reply.header('access-control-expose-headers', 'Retry-After, traceresponse');
    return false;
  }
  const requestedHeaders = headers['access-control-request-headers'] ?? '';
  if (requestedHeaders.length <= maxRequestedHeadersLength && headerNames.test(requestedHeaders)) {
    reply.header('access-control-allow-headers', requestedHeaders);
  }
  if (headers['access-control-request-private-network'] === 'true') {
    reply.header('access-control-allow-private-network', 'true');
  }
  void reply
    .header('access-control-allow-methods', methods.join(', '))
    .header('access-control-max-age', preflightMaxAgeS)
    .header('vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers')
    .status(204)
    .send();
  return true;
}

/**
 * Lets a page of another site do nothing, not even make the server work. Programs send neither of the two headers, and
 * pages cannot leave them out: browsers send `Sec-Fetch-Site` to every address that they trust, and `Origin` with every
 * request that is not a GET or HEAD.
 *
 * @param trustsFetchSite whether `Sec-Fetch-Site: same-origin` outweighs an `Origin` that differs from `Host`, as behind
 *   a proxy that changes `Host`
 * @throws TracestoreError 403
 */
export function requireOwnSite(
  { method, headers }: FastifyRequest,
  authority: Authority,
  { origins, methods }: Pick<CrossOriginPolicy, 'origins' | 'methods'>,
  trustsFetchSite: boolean,
): void {
  const { origin, 'sec-fetch-site': site } = headers;
  if (site === undefined && origin === undefined) return;
  if (origin !== undefined && origins.allows(origin) && methods.includes(method)) return;
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw foreign(origin);
  if (origin === undefined || isOwnOrigin(origin, authority)) return;
  if (site === undefined || !trustsFetchSite) throw foreign(origin);
}

function foreign(origin: string | undefined): TracestoreError {
  return new TracestoreError(
    errorKinds.foreignPage,
    `Pages of other sites may not call this unless their origin is allowed${origin === undefined ? '' : `, got ${JSON.stringify(origin.slice(0, 300))}`}`,
  );
}
