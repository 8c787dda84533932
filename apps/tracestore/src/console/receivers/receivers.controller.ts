import { Controller, Get, Inject } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { type ReceiversResponse, receiversResponse } from '@spandrel/console-api';
import { isLoopback } from '../../config/console.config.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../config/tracestore.config.js';

/** The addresses to which applications send spans. */
@ApiTags('system')
@Controller('api/receivers')
export class ReceiversController {
  constructor(
    @Inject(TRACESTORE_CONFIG)
    private readonly config: Pick<TracestoreConfig, 'console' | 'host' | 'otlpGrpcPort' | 'otlpHttpPort'>,
  ) {}

  /** Returns the ports of OTLP, and the addresses that the configuration gives them. It needs no database. */
  @Get()
  @ApiResponse({ status: 200, description: 'as configured', standardSchema: receiversResponse })
  receivers(): ReceiversResponse {
    const { host, otlpGrpcPort, otlpHttpPort, console: own } = this.config;
    return {
      isLoopback: isLoopback(host),
      otlpHttp: { port: otlpHttpPort, url: own.otlpHttpUrl ?? null },
      otlpGrpc: { port: otlpGrpcPort, url: own.otlpGrpcUrl ?? null },
    };
  }
}
