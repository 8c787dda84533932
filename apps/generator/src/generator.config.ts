import { characterUrl, upstreamVariables } from '@spandrel/characters';
import { ports, serviceVariables } from '@spandrel/service';

/** The URLs and the timeout of the services that generator calls. */
export interface UpstreamConfig {
  readonly UPPER_URL: string;
  readonly LOWER_URL: string;
  readonly DIGIT_URL: string;
  readonly SPECIAL_URL: string;
  /** Timeout of each call, in ms. */
  readonly UPSTREAM_TIMEOUT_MS: number;
}

export const generatorVariables = {
  ...serviceVariables(ports.generator),
  ...upstreamVariables(),
  UPPER_URL: characterUrl(ports.upper),
  LOWER_URL: characterUrl(ports.lower),
  DIGIT_URL: characterUrl(ports.digit),
  SPECIAL_URL: characterUrl(ports.special),
};
