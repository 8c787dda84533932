import { HttpService } from '@nestjs/axios';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { Problem, type ProblemKind } from '@spandrel/service';
import { type RandomNumber, randomNumber } from '@spandrel/numbers';
import { AxiosError, type AxiosRequestConfig, HttpStatusCode } from 'axios';
import { Span } from 'nestjs-otel';
import { firstValueFrom } from 'rxjs';
import { z } from 'zod';

/** The failures of backend and the problems that frontend returns for them. */
const problems = {
  slow: { code: 'backend-timeout', status: 504, title: 'The backend timed out' },
  down: { code: 'backend-unavailable', status: 503, title: 'The backend is unavailable' },
  wrong: { code: 'backend-bad-response', status: 502, title: 'The backend returned an invalid response' },
} as const satisfies Record<string, ProblemKind>;

/**
 * Sends requests to backend without retries, since a write without a response is possibly stored.
 * Every method throws a `Problem`: 504 after the timeout, 503 when backend is unavailable, 502 for an invalid response.
 */
@Injectable()
export class BackendClient implements OnApplicationBootstrap {
  constructor(private readonly http: HttpService) {}

  /**
   * Sends a first request before frontend listens. It loads the HTTP client, resolves the name of backend and opens a
   * connection. Otherwise the first users wait for it: on a starved node, longer than the timeout. A failure is theirs to
   * report.
   */
  async onApplicationBootstrap(): Promise<void> {
    const request = (): Promise<unknown> => firstValueFrom(this.http.get('/livez'));
    await context.with(suppressTracing(context.active()), request).catch(() => undefined);
  }

  /** Requests a new random number, which backend stores. */
  @Span('backend.draw')
  async draw(): Promise<RandomNumber> {
    return this.send({ method: 'POST', url: '/numbers' }, HttpStatusCode.Created, randomNumber);
  }

  /** Returns the latest numbers, newest first, `limit` at most. */
  @Span('backend.latest')
  async latest(limit: number): Promise<readonly RandomNumber[]> {
    return this.send({ method: 'GET', url: '/numbers', params: { limit } }, HttpStatusCode.Ok, z.array(randomNumber));
  }

  private async send<Body>(
    request: AxiosRequestConfig,
    expected: HttpStatusCode,
    schema: z.ZodType<Body>,
  ): Promise<Body> {
    const { status, data } = await firstValueFrom(this.http.request<unknown>(request)).catch(throwTransportProblem);
    if (status === HttpStatusCode.ServiceUnavailable) {
      throw new Problem(problems.down, 'The backend responded with 503.');
    }
    if (status !== expected)
      throw new Problem(problems.wrong, `The backend responded with status ${status}, expected ${expected}.`);
    const parsed = schema.safeParse(data);
    if (!parsed.success) {
      throw new Problem(problems.wrong, 'The response of the backend does not match the schema.', {
        cause: parsed.error,
      });
    }
    return parsed.data;
  }
}

function throwTransportProblem(cause: unknown): never {
  const code = cause instanceof AxiosError ? cause.code : undefined;
  switch (code) {
    case AxiosError.ECONNABORTED:
    case AxiosError.ETIMEDOUT:
      throw new Problem(problems.slow, 'The request to the backend timed out; a number may have been stored.', {
        cause,
      });
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      throw new Problem(problems.down, 'Cannot connect to the backend.', { cause });
    default:
      throw new Problem(problems.wrong, 'The connection to the backend closed before the response was complete.', {
        cause,
      });
  }
}
