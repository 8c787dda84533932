import { faultVariables } from '@spandrel/characters';
import { ports, serviceVariables } from '@spandrel/service';

export const upperVariables = { ...serviceVariables(ports.upper), ...faultVariables() };
