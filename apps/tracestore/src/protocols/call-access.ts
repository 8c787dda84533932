import type { IncomingHttpHeaders } from 'node:http2';
import { Inject, Injectable } from '@nestjs/common';
import { bearerOf, TokenGuard, tokenOf } from '../access/token-guard.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';

/** Decides which gRPC calls may read traces: those with the credentials that the console requires, in their metadata. */
@Injectable()
export class CallAccess {
  constructor(
    @Inject(TRACESTORE_CONFIG)
    private readonly config: Pick<TracestoreConfig, 'console' | 'jaegerGrpcAccess' | 'tempoAccess'>,
    private readonly tokens: TokenGuard,
  ) {}

  /**
   * A call of Jaeger's storage API.
   *
   * @param address the IP address of the client
   * @throws TracestoreError `signIn` or `tooManyAttempts`
   */
  require(headers: IncomingHttpHeaders, address: string): void {
    if (this.config.jaegerGrpcAccess !== 'none') this.check(headers, address, bearerOf(headers.authorization));
  }

  /**
   * A call of Tempo's API, whose clients can send the token in other ways too.
   *
   * @param address the IP address of the client
   * @throws TracestoreError `signIn` or `tooManyAttempts`
   */
  requireTempo(headers: IncomingHttpHeaders, address: string): void {
    if (this.config.tempoAccess !== 'none') this.check(headers, address, tokenOf(headers));
  }

  private check(headers: IncomingHttpHeaders, address: string, given: string | undefined): void {
    const { access } = this.config.console;
    if (access.kind === 'none') return;
    if (access.kind === 'proxy') {
      if (headers[access.userHeader]) return;
      throw new TracestoreError(errorKinds.signIn, `Send the name of the user in the metadata ${access.userHeader}`);
    }
    if (given !== undefined && this.tokens.isToken(given, access.token, address)) return;
    throw new TracestoreError(
      errorKinds.signIn,
      'Send the token of the console in the metadata authorization: Bearer …',
    );
  }
}
