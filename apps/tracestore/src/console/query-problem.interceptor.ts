import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Problem } from '@spandrel/service';
import type { FastifyReply } from 'fastify';
import { catchError, type Observable, throwError } from 'rxjs';
import { QueryError } from '../errors/query-error.js';

const retryAfterS = 5;

/** Tells failures of the read model as problem details. */
@Injectable()
export class QueryProblemInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: unknown) => {
        if (!(error instanceof QueryError)) return throwError(() => error);
        const { code, httpStatus, message, mayRetry } = error.kind;
        if (mayRetry) void context.switchToHttp().getResponse<FastifyReply>().header('retry-after', retryAfterS);
        return throwError(
          () => new Problem({ code, status: httpStatus, title: message }, error.message, { cause: error }),
        );
      }),
    );
  }
}
