import type { Service } from '../libs/service/src/services.ts';

/** The services of `docker/compose.yaml`, one per demo service; the anchors are those of that file. */
export function composeServices(services: readonly Service[]): string {
  const ports = new Map(services.map(({ name, port }) => [name, port]));
  return services.map((service) => composeService(service, ports)).join('\n');
}

function composeService(
  { name, port, calls, faults, hasDatabase = false }: Service,
  ports: ReadonlyMap<string, number>,
): string {
  const variable = name.toUpperCase();
  const password = `\${${variable}_DATABASE_PASSWORD:?is not set; run make up, or sh docker/make-env.sh, which writes docker/.env}`;
  const dependencies = [...calls, ...(hasDatabase ? ['database'] : [])];
  return [
    `${name}:`,
    '  <<: *app',
    `  image: spandrel/${name}:\${SPANDREL_VERSION:-0.1.0}`,
    `  build: { <<: *build, args: { APP: ${name} } }`,
    '  environment:',
    '    <<: *telemetry',
    `    PORT: ${port}`,
    ...calls.map((callee) => `    ${callee.toUpperCase()}_URL: http://${callee}:${ports.get(callee)}`),
    ...(hasDatabase ? [`    ${variable}_DATABASE_URL: postgres://${name}:${password}@database/numbers`] : []),
    ...(faults.length > 0 ? ['    FLAGS_FILE: /etc/spandrel/flags.json', '  volumes: *faults'] : []),
    `  ports: ['\${LISTEN_ON:-127.0.0.1}:\${${variable}_PORT:-${port}}:${port}']`,
    ...(dependencies.length > 0
      ? ['  depends_on:', ...dependencies.map((other) => `    ${other}: { condition: service_healthy }`)]
      : []),
    '',
  ].join('\n');
}
