import type { IncomingHttpHeaders } from 'node:http2';
import { Inject, Injectable } from '@nestjs/common';
import { bearerOf, TokenGuard } from '../access/token-guard.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';

/** Decides which gRPC calls may read traces: those with the credentials that the console requires, in their metadata. */
@Injectable()
export class CallAccess {
  constructor(
    @Inject(TRACESTORE_CONFIG) private readonly config: Pick<TracestoreConfig, 'console' | 'jaegerGrpcAccess'>,
    private readonly tokens: TokenGuard,
  ) {}

  /**
   * @param address the IP address of the client
   * @throws TracestoreError `signIn` or `tooManyAttempts`
   */
  require(headers: IncomingHttpHeaders, address: string): void {
    const { access } = this.config.console;
    if (this.config.jaegerGrpcAccess === 'none' || access.kind === 'none') return;
    if (access.kind === 'proxy') {
      if (headers[access.userHeader]) return;
      throw new TracestoreError(errorKinds.signIn, `Send the name of the user in the metadata ${access.userHeader}`);
    }
    const bearer = bearerOf(headers.authorization);
    if (bearer !== undefined && this.tokens.isToken(bearer, access.token, address)) return;
    throw new TracestoreError(
      errorKinds.signIn,
      'Send the token of the console in the metadata authorization: Bearer …',
    );
  }
}
