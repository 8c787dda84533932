import type { ReceiversResponse } from '../api/types.ts';

/** How an application in a language sends its spans. */
export interface Snippet {
  readonly id: string;
  readonly title: string;
  /** A sentence before the text. */
  readonly about: string;
  readonly text: string;
}

/** The addresses of OTLP for a user of the console at a host name. OTLP over gRPC may have none. */
export function endpointsOf(
  { otlpHttp, otlpGrpc }: ReceiversResponse,
  hostname: string,
): { readonly http: string; readonly grpc: string | undefined } {
  return {
    http: otlpHttp.url ?? `http://${hostname}:${otlpHttp.port}`,
    // Where HTTP has an address of its own, senders do not reach the other port of this host either.
    grpc: otlpGrpc.url ?? (otlpHttp.url === null ? `http://${hostname}:${otlpGrpc.port}` : undefined),
  };
}

/** Snippets to copy, for an address of OTLP over HTTP. */
export function snippetsFor(endpoint: string): readonly Snippet[] {
  const variables = [
    'OTEL_SERVICE_NAME=my-service',
    `OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}`,
    'OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
    // tracestore takes traces only.
    'OTEL_METRICS_EXPORTER=none',
    'OTEL_LOGS_EXPORTER=none',
  ];
  const exports = variables.map((variable) => `export ${variable}`).join('\n');
  return [
    {
      id: 'environment',
      title: 'Environment variables',
      about: 'Every OpenTelemetry SDK reads these variables.',
      text: `${variables.join('\n')}\n`,
    },
    {
      id: 'node',
      title: 'Node.js',
      about: 'Instruments an application without a change of its code.',
      text: `npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node\n${exports}\nnode --require @opentelemetry/auto-instrumentations-node/register app.js\n`,
    },
    {
      id: 'python',
      title: 'Python',
      about: 'Instruments an application without a change of its code.',
      text: `pip install opentelemetry-distro opentelemetry-exporter-otlp-proto-http\nopentelemetry-bootstrap --action=install\n${exports}\nopentelemetry-instrument python app.py\n`,
    },
    {
      id: 'java',
      title: 'Java',
      about: 'Instruments an application without a change of its code.',
      text: `curl -LO https://github.com/open-telemetry/opentelemetry-java-instrumentation/releases/latest/download/opentelemetry-javaagent.jar\n${exports}\njava -javaagent:opentelemetry-javaagent.jar -jar app.jar\n`,
    },
    {
      id: 'go',
      title: 'Go',
      about: 'The exporter reads the environment variables; the main function sets it up.',
      text: `${exports}
go get go.opentelemetry.io/otel/sdk go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp

// main.go
exporter, err := otlptracehttp.New(ctx)
if err != nil {
	log.Fatal(err)
}
provider := trace.NewTracerProvider(trace.WithBatcher(exporter)) // go.opentelemetry.io/otel/sdk/trace
defer provider.Shutdown(ctx)
otel.SetTracerProvider(provider)
`,
    },
    {
      id: 'collector',
      title: 'Collector',
      about: 'A Collector sends what it receives. The exporter belongs into a pipeline of traces.',
      text: `exporters:
  otlphttp/spandrel:
    endpoint: ${endpoint}
`,
    },
  ];
}
