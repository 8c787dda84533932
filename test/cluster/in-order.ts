import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Runs shared files first, then the others by name. The last file uninstalls the release. */
export class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((one, other) => one.moduleId.localeCompare(other.moduleId)).toReversed();
  }
}
