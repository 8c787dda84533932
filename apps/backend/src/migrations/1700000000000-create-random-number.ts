import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateRandomNumber1700000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE random_number (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        value integer NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp()
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE random_number');
  }
}
