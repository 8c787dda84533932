import { characterUrl, upstreamVariables } from '@spandrel/characters';
import { ports, serviceVariables } from '@spandrel/service';

/** What the generator is told of the services that it asks. */
export interface UpstreamConfig {
  readonly UPPER_URL: string;
  readonly LOWER_URL: string;
  readonly DIGIT_URL: string;
  readonly SPECIAL_URL: string;
  /** How long each may take to answer, in milliseconds. */
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
