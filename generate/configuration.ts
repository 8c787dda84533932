import type { DocumentedVariable } from '../libs/service/src/environment.ts';
import { loadVariables, urlValue } from '../load/targets.ts';
import { k6Variables, toolVariables } from './tool-variables.ts';

const introduction = `# Configuration

Every environment variable of every process: its values, its default and its meaning. For people who run Spandrel. The
page is generated from the schemas that parse the environment (\`npm run generate\`). For example, this store keeps
spans for 60 days and listens on all addresses, with sign-in:

    TRACESTORE_RETENTION=60d TRACESTORE_HOST=0.0.0.0 TRACESTORE_CONSOLE_TOKEN=… node dist/apps/tracestore/main.js

A process reads its variables once, at the start. A variable with an empty value counts as not set. If values are
invalid, the process ends with status 1 and one message that lists all of them:

    The environment has 2 errors:
      TRACESTORE_HTTP_PORT must be a TCP port from 1 to 65535, got "99999"
      TRACESTORE_RETENTION must be a duration such as 30d, 12h, 90m or 45s, from 1h to 36500d, got "60"

No message shows a value that may contain a password. The chart and Compose set these variables from their own values:
[Kubernetes](kubernetes.md).`;

const telemetry = `## Tracing

The demo services export their spans as OpenTelemetry's own variables say: \`OTEL_EXPORTER_OTLP_ENDPOINT\`,
\`OTEL_TRACES_SAMPLER\`, \`OTEL_BSP_SCHEDULE_DELAY\` and all others of
[its specification](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). \`npm start\` sets
those that the user has not set: the endpoint (tracestore), the protocol (\`http/protobuf\`), and a delay of 1,000 ms.
It always sets \`OTEL_SERVICE_NAME\`, and adds to \`OTEL_RESOURCE_ATTRIBUTES\`. tracestore traces itself only
if it is started so: see [monitoring](monitoring.md#traces-of-tracestore-itself).`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** A process and its variables. */
export interface DocumentedProcess {
  readonly name: string;
  readonly variables: readonly DocumentedVariable[];
}

/**
 * The content of docs/configuration.md, not yet formatted.
 *
 * @param tracestore the variables of tracestore
 * @param common the variables that every demo service has, with its own default port
 * @param services the demo services
 */
export function configurationPage(
  tracestore: readonly DocumentedVariable[],
  common: readonly DocumentedVariable[],
  services: readonly DocumentedProcess[],
): string {
  const commonNames = new Set(common.map(({ name }) => name));
  const commonRows = common.map((one) => (one.name === 'PORT' ? { ...one, defaultText: 'see the table below' } : one));
  const ofServices = services.flatMap(({ name: service, variables }) =>
    variables
      .filter(({ name }) => name === 'PORT' || !commonNames.has(name))
      .map(({ name, value, defaultText, meaning }) => [
        service,
        code(name),
        plain(value),
        defaultCell(defaultText),
        name === 'PORT' ? 'As above.' : meaning,
      ]),
  );
  return `${[
    introduction,
    '## tracestore',
    'Bounds on what clients may use are in [limits](limits.md) too, with what happens at each.',
    variablesTable(tracestore),
    '## Demo services',
    'Every demo service has:',
    variablesTable(commonRows),
    'Each has besides:',
    table(['service', 'variable', 'value', 'default', 'meaning'], ofServices),
    telemetry,
    '## Load',
    '`npm run load` and k6 with `load/k6.ts` read:',
    variablesTable(
      Object.entries(loadVariables).map(([name, { fallback, meaning }]) => ({
        name,
        value: urlValue,
        defaultText: fallback,
        meaning,
      })),
    ),
    'k6 reads besides:',
    table(
      ['variable', 'meaning'],
      k6Variables.map(({ name, meaning }) => [code(name), meaning]),
    ),
    '## Tools',
    'Only tests, benchmarks and tools read:',
    table(
      ['variable', 'read by', 'meaning'],
      toolVariables.map(({ name, reader, meaning }) => [code(name), reader, meaning]),
    ),
  ].join('\n\n')}\n`;
}

function variablesTable(variables: readonly DocumentedVariable[]): string {
  return table(
    ['variable', 'value', 'default', 'meaning'],
    variables.map(({ name, value, defaultText, meaning }) => [
      code(name),
      plain(value),
      defaultCell(defaultText),
      meaning,
    ]),
  );
}

/** A default that is prose, or code already, stays as it is. */
function defaultCell(text: string | undefined): string {
  if (text === undefined) return '';
  return /[ `]/.test(text) ? text : code(text);
}

/** Asterisks in a pattern such as `*.example` are no emphasis. */
function plain(text: string): string {
  return text.replaceAll('*', '\\*');
}

function code(text: string): string {
  return `\`${text}\``;
}
