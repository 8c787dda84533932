import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Runs the files in the order of their names, with those that others share first: the last one uninstalls. */
export class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((one, other) => one.moduleId.localeCompare(other.moduleId)).toReversed();
  }
}
