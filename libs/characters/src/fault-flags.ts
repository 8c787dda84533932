import { type FaultFlag, services } from '@spandrel/service/services';

export type { FaultFlag };

/** The flags of all injected faults, one per fault. A fault is on unless its flag turns it off. */
export const faultFlags: readonly FaultFlag[] = services.flatMap(({ faults }) => faults);

/** Knows which injected faults are on. */
export abstract class FaultSwitches {
  /** Requests call it several times, so it must be fast. */
  abstract isOn(flag: FaultFlag): boolean;
}
