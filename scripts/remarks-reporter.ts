import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/**
 * Says at the end what a green run would hide: which tests were skipped and why, and which passed only when they were tried
 * again. Where `ASSAY_TEST_COUNTS` names a file, the counts are written there as JSON.
 */
export default class RemarksReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    for (const test of skipped) console.log(`skipped: ${nameOf(test)}: ${reasonOf(test)}`);
    for (const test of tests.filter((one) => one.diagnostic()?.flaky)) {
      console.log(
        `passed only when tried again: ${nameOf(test)}: ${test.result().errors?.[0]?.message ?? 'no error given'}`,
      );
    }
    const broken = modules.filter((module) => module.state() === 'failed' && module.children.size === 0);
    const counts = {
      passed: tests.filter((test) => test.result().state === 'passed').length,
      failed: tests.filter((test) => test.result().state === 'failed').length + broken.length,
      skipped: skipped.length,
    };
    const file = process.env['ASSAY_TEST_COUNTS'];
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
  }
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  return (result.state === 'skipped' && result.note) || 'no reason given';
}
