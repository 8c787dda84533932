import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../stack/free-port.ts';

const execute = promisify(execFile);
const root = path.dirname(path.dirname(import.meta.dirname));

/** How a release of the chart is reached; plain data, so that a setup can hand it to tests. */
export interface ReleaseAddress {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly name: string;
}

/** A port of this machine that leads into the cluster. */
export interface PortForward {
  readonly port: number;
  close(): void;
}

/** A release of the chart, by Helm and kubectl. */
export class Release {
  readonly address: ReleaseAddress;

  constructor(address: ReleaseAddress) {
    this.address = address;
  }

  /**
   * @param options without the namespace
   * @param input what it reads
   * @returns what it printed
   * @throws Error with what it said when it fails
   */
  async kubectl(options: readonly string[], input?: string): Promise<string> {
    return this.run('kubectl', options, input);
  }

  async helm(options: readonly string[]): Promise<string> {
    return this.run('helm', options);
  }

  /** The names of a component's Pods that nobody has asked to go. */
  async pods(component: string): Promise<readonly string[]> {
    const selector = `app.kubernetes.io/component=${component},app.kubernetes.io/instance=${this.address.name}`;
    const { items } = JSON.parse(await this.kubectl(['get', 'pods', '--selector', selector, '--output', 'json'])) as {
      readonly items: readonly { readonly metadata: { readonly name: string; readonly deletionTimestamp?: string } }[];
    };
    return items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.name);
  }

  /** What of the chart makes a component's Pods, as in `statefulset/spandrel-collector`. */
  workload(component: string): string {
    const kind = component === 'collector' || component === 'database' ? 'statefulset' : 'deployment';
    return `${kind}/${this.address.name}-${component}`;
  }

  async untilReady(component: string): Promise<void> {
    await this.kubectl(['rollout', 'status', this.workload(component), '--timeout=180s']);
  }

  /** A port on the loopback that leads to a component's. It ends with the Pod at the other end. */
  async forward(component: string, remotePort: number): Promise<PortForward> {
    const port = await freePort();
    const service = `service/${this.address.name}-${component}`;
    const child = spawn('kubectl', this.withAddress(['port-forward', service, `${port}:${remotePort}`]), {
      env: this.environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.stdout.resume();
    return { port, close: () => void child.kill() };
  }

  /** What one of a component's secrets says. */
  async secret(component: string, key: string): Promise<string> {
    const template = `{{ index .data "${key}" | base64decode }}`;
    return this.kubectl(['get', 'secret', `${this.address.name}-${component}`, '--output', `go-template=${template}`]);
  }

  /** One of the passwords of the database. */
  async databasePassword(role: string): Promise<string> {
    return this.secret('database', `${role}-password`);
  }

  private async run(program: string, options: readonly string[], input?: string): Promise<string> {
    const running = execute(program, this.withAddress(options), {
      cwd: root,
      env: this.environment(),
      maxBuffer: 64 * 1024 * 1024,
    });
    running.child.stdin?.end(input);
    return (await running).stdout;
  }

  private withAddress(options: readonly string[]): string[] {
    return ['--namespace', this.address.namespace, ...options];
  }

  private environment(): NodeJS.ProcessEnv {
    return { ...process.env, KUBECONFIG: this.address.kubeconfig };
  }
}
