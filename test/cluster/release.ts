import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { promisify } from 'node:util';
import { patience } from './patience.ts';
import { freePort } from '@spandrel/testing/free-port';

const execute = promisify(execFile);
const root = path.dirname(path.dirname(import.meta.dirname));

/** The address of a release, as plain data that a setup can provide to tests. */
export interface ReleaseAddress {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly name: string;
}

/** A port of this machine that forwards to the cluster. */
export interface PortForward {
  readonly port: number;
  close(): void;
}

/** A release of the chart, managed with Helm and kubectl. */
export class Release {
  readonly address: ReleaseAddress;

  constructor(address: ReleaseAddress) {
    this.address = address;
  }

  /**
   * @param options without the namespace
   * @param input its standard input
   * @returns its output
   * @throws Error with its output when it fails
   */
  async kubectl(options: readonly string[], input?: string): Promise<string> {
    return this.run('kubectl', options, input);
  }

  /** As `kubectl`. */
  async helm(options: readonly string[], input?: string): Promise<string> {
    return this.run('helm', options, input);
  }

  /**
   * Runs a shell command as a document shows it, with the release's cluster and namespace as kubectl's own.
   *
   * @throws Error with its output when it fails
   */
  async shell(command: string, folder: string): Promise<void> {
    const namespaced = `kubectl() { command kubectl --namespace ${this.address.namespace} "$@"; }\n${command}`;
    await execute('bash', ['-e', '-c', namespaced], { cwd: folder, env: this.environment() });
  }

  /** The names of the Pods of a component that are not terminating. */
  async pods(component: string): Promise<readonly string[]> {
    const selector = `app.kubernetes.io/component=${component},app.kubernetes.io/instance=${this.address.name}`;
    const { items } = JSON.parse(await this.kubectl(['get', 'pods', '--selector', selector, '--output', 'json'])) as {
      readonly items: readonly { readonly metadata: { readonly name: string; readonly deletionTimestamp?: string } }[];
    };
    return items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.name);
  }

  /** The workload of a component, such as `statefulset/spandrel-collector`. */
  workload(component: string): string {
    const kind = component === 'collector' || component === 'database' ? 'statefulset' : 'deployment';
    return `${kind}/${this.address.name}-${component}`;
  }

  /** Waits until a component has all its replicas, each of them ready. */
  async untilReady(component: string): Promise<void> {
    await this.kubectl(['rollout', 'status', this.workload(component), `--timeout=${Math.ceil(180 * patience)}s`]);
  }

  async untilAllReady(components: readonly string[]): Promise<void> {
    for (const component of components) await this.untilReady(component);
  }

  /** Forwards a port of the loopback to a component. It ends with the Pod. */
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

  /** The value of a Secret of a component. */
  async secret(component: string, key: string): Promise<string> {
    const template = `{{ index .data "${key}" | base64decode }}`;
    return this.kubectl(['get', 'secret', `${this.address.name}-${component}`, '--output', `go-template=${template}`]);
  }

  /** The password of a role of the database. */
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
