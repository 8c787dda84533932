/** The labels that tell apart the installations in one Prometheus. */
export const by = 'cluster, namespace, job';

/** A series that Prometheus computes (`level:metric:operation`). */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

/** An alert. docs/runbooks has a page of the same name. */
export interface Alert {
  readonly alert: string;
  /** `critical`: data or answers are lost now. `warning`: they will be, or the operator has to do something within a day. */
  readonly severity: 'critical' | 'warning';
  readonly expr: string;
  /** How long the expression must hold, as Prometheus writes a duration. */
  readonly for: string;
  /** One line. It may contain labels. */
  readonly summary: string;
  readonly description: string;
}

/** Rules that Prometheus evaluates together. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (RecordingRule | Alert)[];
}
