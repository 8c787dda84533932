import { UnsuitableDatabaseError } from '../errors/database-failure.js';

/** The database and this build don't fit together; trying again won't help. */
export class MigrationError extends UnsuitableDatabaseError {
  override readonly name = 'MigrationError';
}
