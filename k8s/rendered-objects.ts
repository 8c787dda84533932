import { parseAllDocuments } from 'yaml';

/** What the tests look at of a Kubernetes object. */
export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly automountServiceAccountToken?: boolean;
  readonly stringData?: Readonly<Record<string, string>>;
}

/** What the tests look at of a container. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
  readonly securityContext?: Readonly<Record<string, unknown>>;
}

/** What the tests look at of a Pod's specification. */
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: Readonly<Record<string, unknown>>;
}

/** A set of Pods that are alike, however many. */
export interface Workload {
  readonly name: string;
  readonly kind: string;
  readonly replicas: number;
  readonly pod: PodSpec;
}

/** The objects of a stream of YAML documents. */
export function parseObjects(yaml: string): readonly KubernetesObject[] {
  return parseAllDocuments(yaml)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}

/** Everything among the objects that makes Pods, or is one. */
export function workloadsOf(objects: readonly KubernetesObject[]): readonly Workload[] {
  return objects.flatMap(({ kind, metadata, spec }) => {
    const template = spec?.['template'] as { readonly spec: PodSpec } | undefined;
    const pod = kind === 'Pod' ? (spec as unknown as PodSpec) : template?.spec;
    if (pod === undefined) return [];
    return [{ name: metadata.name, kind, replicas: Number(spec?.['replicas'] ?? 1), pod }];
  });
}
