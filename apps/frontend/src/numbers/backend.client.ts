import { HttpService } from '@nestjs/axios';
import { Injectable } from '@nestjs/common';
import { Problem, type ProblemKind } from '@spandrel/service';
import { type RandomNumber, randomNumber } from '@spandrel/numbers';
import { AxiosError, type AxiosRequestConfig, HttpStatusCode } from 'axios';
import { Span } from 'nestjs-otel';
import { firstValueFrom } from 'rxjs';
import { z } from 'zod';

/** The failures of backend, and the response to the client of frontend. */
const faults = {
  slow: { code: 'backend-timeout', status: 504, title: 'The backend did not respond in time' },
  down: { code: 'backend-unavailable', status: 503, title: 'The backend is unavailable' },
  wrong: { code: 'backend-bad-response', status: 502, title: 'The response of the backend is invalid' },
} as const satisfies Record<string, ProblemKind>;

/**
 * Sends each request to backend once. Nothing is retried, because a write without a response can be stored. Every
 * method throws a `Problem` if backend is slow (504), down (503) or wrong (502).
 */
@Injectable()
export class BackendClient {
  constructor(private readonly http: HttpService) {}

  /** Makes backend draw and store a number. */
  @Span('backend.draw')
  async draw(): Promise<RandomNumber> {
    return this.ask({ method: 'POST', url: '/numbers' }, HttpStatusCode.Created, randomNumber);
  }

  /** @returns at most `limit` of the latest numbers, newest first */
  @Span('backend.latest')
  async latest(limit: number): Promise<readonly RandomNumber[]> {
    return this.ask({ method: 'GET', url: '/numbers', params: { limit } }, HttpStatusCode.Ok, z.array(randomNumber));
  }

  private async ask<Answer>(
    request: AxiosRequestConfig,
    expected: HttpStatusCode,
    schema: z.ZodType<Answer>,
  ): Promise<Answer> {
    const { status, data } = await firstValueFrom(this.http.request<unknown>(request)).catch(throwTransportFault);
    if (status === HttpStatusCode.ServiceUnavailable) {
      throw new Problem(faults.down, 'The backend says that it is unavailable itself.');
    }
    if (status !== expected) throw new Problem(faults.wrong, `The backend responded with status ${status}.`);
    const parsed = schema.safeParse(data);
    if (!parsed.success) {
      throw new Problem(faults.wrong, 'The backend answered with a body of another shape.', { cause: parsed.error });
    }
    return parsed.data;
  }
}

function throwTransportFault(cause: unknown): never {
  const code = cause instanceof AxiosError ? cause.code : undefined;
  switch (code) {
    case AxiosError.ECONNABORTED:
    case AxiosError.ETIMEDOUT:
      throw new Problem(faults.slow, 'The backend did not respond in time; the number may still be stored.', {
        cause,
      });
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      throw new Problem(faults.down, 'The backend can not be reached.', { cause });
    default:
      throw new Problem(faults.wrong, 'The connection to the backend broke before it had answered.', { cause });
  }
}
