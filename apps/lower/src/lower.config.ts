import { characterUrl, type FaultConfig, faultVariables, upstreamVariables } from '@spandrel/characters';
import { ports, type ServiceConfig, serviceVariables } from '@spandrel/service';

/** What lower is told at start. */
export interface LowerConfig extends ServiceConfig, FaultConfig {
  readonly DIGIT_URL: string;
  /** How long digit may take to answer, in milliseconds. */
  readonly UPSTREAM_TIMEOUT_MS: number;
}

export const lowerVariables = {
  ...serviceVariables(ports.lower),
  ...faultVariables(),
  ...upstreamVariables(),
  DIGIT_URL: characterUrl(ports.digit),
};
