import { type FaultFlag, services } from '@spandrel/service/services';

export type { FaultFlag };

/** The flags of all injected faults, one per fault. A fault is on unless its flag turns it off. */
export const faultFlags: readonly FaultFlag[] = services.flatMap(({ faults }) => faults);

/** Knows which injected faults are on. */
export abstract class FaultSwitches {
  /** Reads from memory, since it is called several times per request. */
  abstract isOn(flag: FaultFlag): boolean;
}
