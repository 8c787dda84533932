import { faultVariables } from '@spandrel/characters';
import { ports, serviceVariables } from '@spandrel/service';

export const specialVariables = { ...serviceVariables(ports.special), ...faultVariables() };
