/** The protocols of the fuzzer. Add a new protocol here. */
import type { Protocol } from '../requests.ts';
import { consoleApi, sqlPage } from './console-api.ts';
import { httpHeads } from './http-heads.ts';
import { jaegerGrpc, jaegerHttp } from './jaeger.ts';
import { compression, otlpGrpc, otlpJson, otlpProtobuf } from './otlp.ts';

export const protocols: readonly Protocol[] = [
  otlpProtobuf,
  otlpJson,
  otlpGrpc,
  compression,
  jaegerGrpc,
  jaegerHttp,
  consoleApi,
  sqlPage,
  httpHeads,
];
