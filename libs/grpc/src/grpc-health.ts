import { setTimeout as wait } from 'node:timers/promises';
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from './gen/grpc/health/v1/health_pb.js';
import { GrpcError, grpcStatus } from './grpc-error.js';
import type { GrpcRouter } from './grpc-router.js';

/** How often watchers get the state. */
const watchEveryMs = 5_000;

/**
 * Adds gRPC's health checking (`grpc.health.v1.Health`). All services of a router have the same health.
 *
 * @param check rejects if they cannot be served now
 */
export function addHealth(router: GrpcRouter, check: () => Promise<unknown>): void {
  const status = (): Promise<ServingStatus> =>
    check().then(
      () => ServingStatus.SERVING,
      () => ServingStatus.NOT_SERVING,
    );
  const isKnown = (service: string): boolean =>
    service === '' || router.services.some(({ typeName }) => typeName === service);
  router.add(Health, {
    check: async ({ service }) => {
      if (!isKnown(service)) throw new GrpcError(grpcStatus.NOT_FOUND, `there is no service ${service}`);
      return { status: await status() };
    },
    list: async () => {
      const now = await status();
      return {
        statuses: Object.fromEntries(
          ['', ...router.services.map(({ typeName }) => typeName)].map((name) => [name, { status: now }]),
        ),
      };
    },
    watch: async function* ({ service }, signal) {
      let told: ServingStatus | undefined;
      for (;;) {
        const now = isKnown(service) ? await status() : ServingStatus.SERVICE_UNKNOWN;
        if (now !== told) yield { status: now };
        told = now;
        await wait(watchEveryMs, undefined, { signal });
      }
    },
  });
}
