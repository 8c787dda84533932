import { parseAllDocuments } from 'yaml';

/** The fields of a Kubernetes object that the tests read. */
export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly automountServiceAccountToken?: boolean;
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly rules?: readonly unknown[];
}

/** A variable of a container. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

/** The fields of a container that the tests read. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly EnvironmentVariable[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly startupProbe?: Readonly<Record<string, unknown>>;
  readonly readinessProbe?: Readonly<Record<string, unknown>>;
  readonly livenessProbe?: Readonly<Record<string, unknown>>;
}

/** The fields of a Pod's specification that the tests read. */
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly { readonly name: string; readonly [type: string]: unknown }[];
}

/** An object that creates Pods, or a single Pod. */
export interface Workload {
  readonly name: string;
  readonly kind: string;
  readonly replicas: number;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of its Pods. */
  readonly podMetadata: Pick<KubernetesObject['metadata'], 'labels' | 'annotations'>;
  readonly pod: PodSpec;
}

/** Parses a stream of YAML documents into objects. */
export function parseObjects(yaml: string): readonly KubernetesObject[] {
  return parseAllDocuments(yaml)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}

/** The objects that create Pods, and single Pods. */
export function workloadsOf(objects: readonly KubernetesObject[]): readonly Workload[] {
  return objects.flatMap(({ kind, metadata, spec }) => {
    const template = (kind === 'Pod' ? { metadata, spec } : spec?.['template']) as
      { readonly metadata: Workload['podMetadata']; readonly spec: PodSpec } | undefined;
    if (template === undefined) return [];
    return [
      {
        name: metadata.name,
        kind,
        replicas: Number(spec?.['replicas'] ?? 1),
        annotations: metadata.annotations ?? {},
        podMetadata: template.metadata,
        pod: template.spec,
      },
    ];
  });
}
