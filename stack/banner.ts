import type { PortName } from './services.ts';
import { paint, print } from './terminal.ts';

export interface BannerFacts {
  readonly url: (port: PortName) => string;
  readonly databasePort: number | undefined;
  /** Holds the passwords for psql; undefined where the database is the user's own. */
  readonly passfile: string | undefined;
  readonly portOffset: number;
  readonly otlpGrpcPort: number;
  readonly flagsFile: string;
  readonly faults: boolean;
  readonly storeOnly: boolean;
  readonly state: readonly string[];
  readonly temporary: boolean;
  readonly load: string;
}

type Row = readonly [label: string, text: string];

function serviceRows({ url, faults, flagsFile, load }: BannerFacts): readonly Row[] {
  return [
    ['Numbers', `curl -X POST ${url('frontend')}/numbers`],
    ['', `curl '${url('frontend')}/numbers?limit=100'`],
    ['Passwords', `curl ${url('generator')}`],
    ['Faults', `${faults ? 'on' : 'off'}, each in ${flagsFile}: edit it any time`],
    ['Load', load],
  ];
}

/** Says once, when everything is ready, what is where. */
export function printBanner(facts: BannerFacts): void {
  const { url, databasePort, passfile } = facts;
  const portOption = facts.portOffset === 0 ? '' : `--port-offset ${facts.portOffset} `;
  const rows: readonly Row[] = [
    ['Console', url('tracestore')],
    ...(facts.storeOnly ? [] : serviceRows(facts)),
    [
      'SQL',
      databasePort === undefined || passfile === undefined
        ? 'in your own database'
        : `PGPASSFILE=${passfile} psql -h localhost -p ${databasePort} -d postgres -U postgres`,
    ],
    ['', `npm run sql -- ${portOption}-c 'SELECT …'`],
    ['OTLP', `${url('otlpHttp')} (HTTP), localhost:${facts.otlpGrpcPort} (gRPC)`],
    ...facts.state.map((folder, index) => [index === 0 ? 'State' : '', folder] as const),
    ['Stop', `Ctrl-C${facts.temporary ? '; no data is kept' : '; data is kept'}`],
  ];
  print();
  for (const [label, text] of rows) print(`  ${paint('bold', label.padEnd(10))} ${text}`);
  print();
}
