import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Problem } from '@spandrel/service';
import { Span } from 'nestjs-otel';
import { QueryFailedError, type Repository } from 'typeorm';
import { RandomNumberEntity } from './random-number.entity.js';

const databaseUnavailable = {
  code: 'database-unavailable',
  status: 503,
  title: 'The database of the numbers is unavailable',
} as const;

/** Numbers are drawn from 0 up to, but not including, this one. */
const numberBound = 1_000_000;

@Injectable()
export class NumbersService {
  constructor(@InjectRepository(RandomNumberEntity) private readonly numbers: Repository<RandomNumberEntity>) {}

  /**
   * Draws a number and stores it.
   *
   * @throws Problem `database-unavailable` if PostgreSQL is unavailable
   */
  @Span('numbers.draw')
  async draw(): Promise<RandomNumberEntity> {
    return reachingDatabase(() => this.numbers.save(this.numbers.create({ value: randomInt(numberBound) })));
  }

  /**
   * @param limit the maximum number of them
   * @returns the latest numbers, newest first
   * @throws Problem `database-unavailable` if PostgreSQL is unavailable
   */
  @Span('numbers.latest')
  async latest(limit: number): Promise<readonly RandomNumberEntity[]> {
    return reachingDatabase(() => this.numbers.find({ order: { id: 'DESC' }, take: limit }));
  }
}

/**
 * SQLSTATE classes of errors in the statement: data, constraints, syntax and access rules. Any other error, such as a
 * failed connection, means that the database is unavailable.
 */
const statementAtFault = /^(22|23|42)/;

async function reachingDatabase<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    const driverError: unknown = cause instanceof QueryFailedError ? cause.driverError : cause;
    const sqlState = driverError instanceof Error && 'code' in driverError ? String(driverError.code) : '';
    if (statementAtFault.test(sqlState)) throw cause;
    throw new Problem(databaseUnavailable, 'PostgreSQL does not answer; numbers can be neither written nor read.', {
      cause,
    });
  }
}
