/**
 * The manifest of the demo services. A new service is a folder in `apps` and an entry here. Ports, fault flags and the
 * embedded stack read this list. `npm run generate` writes it to Compose, Skaffold, the chart, nest-cli.json and
 * tsconfig.json. This file imports nothing, so that Node can run it before anything is installed.
 */
const manifest = [
  // Each service stands after the services that it calls.
  { name: 'backend', port: 3002, calls: [], faults: [], hasDatabase: true },
  { name: 'frontend', port: 3001, calls: ['backend'], faults: [] },
  {
    name: 'digit',
    port: 5051,
    calls: [],
    faults: ['digit-minute-wave', 'digit-extra-work', 'digit-extra-process', 'digit-render-spike'],
  },
  { name: 'special', port: 5052, calls: [], faults: ['special-extra-process', 'special-failure'] },
  {
    name: 'upper',
    port: 5054,
    calls: [],
    faults: ['upper-drift', 'upper-extra-work', 'upper-extra-process', 'upper-failure'],
  },
  { name: 'lower', port: 5053, calls: ['digit'], faults: ['lower-extra-process', 'lower-extra-extra-process'] },
  { name: 'generator', port: 5050, calls: ['digit', 'lower', 'special', 'upper'], faults: [] },
] as const satisfies readonly Entry[];

interface Entry {
  /** The folder in `apps`, the image, the component of the chart and `service.name`. */
  readonly name: string;
  /** Where it listens by default. */
  readonly port: number;
  /** The services that it calls. A variable `<NAME>_URL` holds the address of each. */
  readonly calls: readonly string[];
  /** The flags of its injected faults. `FLAGS_FILE` names the file that holds them. */
  readonly faults: readonly string[];
  /** Whether it stores data in PostgreSQL, at `<NAME>_DATABASE_URL`. Its login is in helm/spandrel/files/database/roles.sql. */
  readonly hasDatabase?: boolean;
}

type ManifestEntry = (typeof manifest)[number];

export type ServiceName = ManifestEntry['name'];

/** The flag of an injected fault: `<service>-<fault>`. */
export type FaultFlag = ManifestEntry['faults'][number];

/** The default port of each service, by its name. */
export type ServicePorts = { readonly [S in ManifestEntry as S['name']]: S['port'] };

/** A demo service as the manifest describes it. */
export interface Service extends Entry {
  readonly name: ServiceName;
  readonly calls: readonly ServiceName[];
  readonly faults: readonly FaultFlag[];
}

/** The demo services, each after the services that it calls. */
export const services: readonly Service[] = manifest;

/** Every app that has an image: the demo services and tracestore. */
export const appNames: readonly string[] = [...services.map(({ name }) => name), 'tracestore'];
